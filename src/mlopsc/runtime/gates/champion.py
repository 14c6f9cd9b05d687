"""The champion gate: is the candidate better than the champion, on rows that neither was trained on.

A difference is told from chance by a test of the rows. Chance is also in training, of which the rows say nothing: with
many of them every difference between two seeds is significant, and half of these are in the candidate's favour. So a
candidate that is the champion but for its seed is told by its recipe, and is never better.
"""

import hashlib
from collections.abc import Mapping
from pathlib import Path
from typing import Any

import numpy as np
import numpy.typing as npt

from mlopsc.diagnostics.errors import StepFailed
from mlopsc.runtime.decisions import Decision, decision, number
from mlopsc.runtime.gates.paired import Found, bootstrap, permutation
from mlopsc.runtime.gates.thresholds import threshold
from mlopsc.runtime.learning.fitted import answers_of, metric_functions, open_model
from mlopsc.runtime.learning.frames import features_from, kind_of, read_rows, read_schema
from mlopsc.runtime.learning.scored import Scored
from mlopsc.runtime.learning.scoring import score
from mlopsc.runtime.models.archive import read_row_hashes
from mlopsc.runtime.store import digest_of_file
from mlopsc.vocabulary.artifacts import NO_MODEL
from mlopsc.vocabulary.metrics import CustomMetric
from mlopsc.vocabulary.operations import JudgeChampion


def judge_champion(
    config: JudgeChampion, candidate: Path, champion: Path | None, test: Path, project: Path
) -> Decision:
    """Return the decision of a champion gate; `champion` None, or the artifact that says so, means that nothing holds
    the stage.

    The candidate passes when the test says that it is more than `min_delta` better; `unchanged` says that it is the
    champion. It fails when either has no value (NaN), when fewer than `min_rows` rows can be compared, when the
    champion does not fit the table any more, and when it is the champion trained again with another seed.
    `rows_digest` is the sha256 of the ascending row hashes (uint64, little endian) that were compared.
    """
    gate, name = config.gate, config.name
    needed = threshold(name, gate.min_delta) or 0.0
    limits: dict[str, Any] = {"min_delta": needed, "min_rows": gate.min_rows, "if_none": gate.if_none}
    limits |= {"test": gate.test} | ({} if gate.test == "none" else {"level": gate.level})
    mine = digest_of_file(candidate)
    theirs = None if champion is None or _none(champion) else digest_of_file(champion)
    evidence: dict[str, Any] = {"metric": gate.metric, "training": gate.training, "threshold": limits}
    evidence |= {"candidate_digest": mine, "champion_digest": theirs}
    evidence |= {"candidate": None, "champion": None, "rows": None, "rows_digest": None}
    if champion is None or theirs is None:
        reason = f"nothing holds the stage yet, and if_none says {gate.if_none}"
        return decision(name, "champion", gate.if_none, reason, **evidence)
    if mine == theirs:
        return decision(name, "champion", "unchanged", "the candidate is the champion", **evidence)
    # What is judged is what the evidence names, also if a file is swapped between the two looks at it.
    ours = open_model(candidate, config.code, project, mine, types=config.trust)
    holder = open_model(champion, config.code, project, theirs, types=config.trust)
    unfit = _misfit(ours.signature, holder.signature, test)
    if unfit:
        return decision(
            name, "champion", "fail", f"the champion cannot be compared with: {unfit}", **evidence
        )
    hashes = read_rows(test)
    if config.refit and _refitted(holder.signature, mine, champion, candidate, hashes):
        reason = "the champion is the candidate, trained again on these rows"
        return decision(name, "champion", "unchanged", reason, **evidence)
    if gate.test != "none" and (seeds := _reseeded(ours.signature, holder.signature)):
        reason = (
            f"the candidate is the champion trained again on the same rows, {seeds}: what differs is chance"
        )
        return decision(name, "champion", "fail", reason, **evidence)
    rows = ~np.isin(hashes, np.concatenate([read_row_hashes(path) for path in (candidate, champion)]))
    count = int(rows.sum())
    evidence |= {"rows": count, "rows_digest": _digest_of_rows(hashes[rows])}
    if count < gate.min_rows:
        reason = (
            f"{count} of {len(hashes)} test rows are new to both models, "
            f"{gate.min_rows - count} fewer than the minimum {gate.min_rows}"
        )
        return decision(name, "champion", "fail", reason, **evidence)
    said = Scored.by(answers_of(ours, test, rows), hashes[rows])
    functions = metric_functions([config.metric], project)
    value = score(said.answers(), [config.metric], functions).metrics[gate.metric]
    try:
        said_before = Scored.by(answers_of(holder, test, rows), hashes[rows])
        best = score(said_before.answers(), [config.metric], functions).metrics[gate.metric]
    except StepFailed as error:
        return decision(name, "champion", "fail", f"the champion cannot be scored: {error}", **evidence)
    evidence |= {"candidate": value, "champion": best}
    return _compared(config, said, said_before, needed, evidence, project)


def _none(path: Path) -> bool:
    with path.open("rb") as file:
        return file.read(len(NO_MODEL) + 1) == NO_MODEL


def _compared(
    config: JudgeChampion,
    mine: Scored,
    theirs: Scored,
    needed: float,
    evidence: dict[str, Any],
    project: Path,
) -> Decision:
    name, gate = config.name, config.gate
    value, best = evidence["candidate"], evidence["champion"]
    if value is None or best is None:
        whose = " and ".join(
            who for who, found in (("candidate", value), ("champion", best)) if found is None
        )
        reason = f"{gate.metric} of the {whose} has no value (NaN)"
        return decision(name, "champion", "fail", reason, **evidence)
    sign = -1.0 if isinstance(config.metric, CustomMetric) and not config.metric.greater_is_better else 1.0
    better = sign * (value - best)
    compared = (
        f"{gate.metric} {number(value)} against the champion's {number(best)} "
        f"is {number(abs(better))} {'better' if better >= 0 else 'worse'} on {evidence['rows']} rows"
    )
    if better < needed:
        reason = f"{compared}, {number(needed - better)} short of the minimum {number(needed)}"
        return decision(name, "champion", "fail", reason, observed=better, **evidence)
    match gate.test:
        case "none":
            found = Found(True, "")
        case "paired_bootstrap":
            found = bootstrap(gate, config.metric, mine, theirs, sign, needed, project)
        case "permutation":
            found = permutation(gate, config.metric, mine, theirs, sign, better, project)
    return decision(
        name,
        "champion",
        "pass" if found.passed else "fail",
        compared + found.words,
        observed=better,
        **evidence,
        **found.evidence,
    )


def _refitted(
    signature: Mapping[str, Any],
    digest: str,
    champion: Path,
    candidate: Path,
    tested: npt.NDArray[np.uint64],
) -> bool:
    """Whether the champion is what becomes of the candidate of this digest by training it again on all rows."""
    if signature.get("refitted") != digest:
        return False
    rows = np.sort(np.concatenate([read_row_hashes(candidate), tested]))
    return bool(np.array_equal(rows, read_row_hashes(champion)))


def _reseeded(candidate: Mapping[str, Any], champion: Mapping[str, Any]) -> str | None:
    """Say with which seed, when the models are the same but for it; None otherwise, and where a model does not say."""
    recipe = candidate.get("recipe")
    if recipe is None or recipe != champion.get("recipe"):
        return None
    now, before = candidate.get("seed"), champion.get("seed")
    return "with another random state" if now == before else f"with seed {now} in place of {before}"


def _misfit(candidate: Mapping[str, Any], champion: Mapping[str, Any], test: Path) -> str | None:
    """Say why the champion cannot take this test part; None when it can."""
    schema = read_schema(test)
    for feature in features_from(champion):
        if feature.name not in schema.names:
            return f"it wants feature {feature.name!r}, which the candidate's table does not have"
        found = kind_of(schema.field(feature.name).type)
        if (found == "string") != (feature.kind == "string") or found is None:
            type_ = schema.field(feature.name).type
            return f"its feature {feature.name!r} was {feature.type} and is {type_} now"
    was, now = champion["label_kind"], candidate["label_kind"]
    if was != now:
        return f"its label was {was} and is {now} now"
    if champion["task"] != candidate["task"]:
        return f"it was made for {champion['task']}, the candidate for {candidate['task']}"
    return None


def _digest_of_rows(hashes: npt.NDArray[np.uint64]) -> str:
    return f"sha256:{hashlib.sha256(np.sort(hashes).astype('<u8').tobytes()).hexdigest()}"
