"""Judge a champion gate: is the candidate better than the champion, on rows that neither was trained on."""

import hashlib
from collections.abc import Mapping
from pathlib import Path
from typing import Any

import numpy as np
import numpy.typing as npt

from mlopsc.diagnostics.errors import StepFailed
from mlopsc.runtime.context import Context
from mlopsc.runtime.decisions import Decision, decision, number, write_json
from mlopsc.runtime.learning.fitted import open_model, score_model
from mlopsc.runtime.learning.frames import features_from, kind_of, read_rows, read_schema
from mlopsc.runtime.models.archive import read_row_hashes
from mlopsc.runtime.operations.judge_metric import threshold
from mlopsc.runtime.store import digest_of_file
from mlopsc.vocabulary.artifacts import NO_MODEL
from mlopsc.vocabulary.metrics import CustomMetric
from mlopsc.vocabulary.operations import JudgeChampion


def run(
    config: JudgeChampion, inputs: Mapping[str, Path], outputs: Mapping[str, Path], context: Context
) -> None:
    """Write the decision on candidate and champion; raises StepFailed when the candidate cannot be scored."""
    with inputs["champion"].open("rb") as file:
        none = file.read(len(NO_MODEL) + 1) == NO_MODEL
    champion = None if none else inputs["champion"]
    found = judge(config, inputs["candidate"], champion, inputs["test"], context.project)
    write_json(outputs["decision"], found)


def judge(
    config: JudgeChampion, candidate: Path, champion: Path | None, test: Path, project: Path
) -> Decision:
    """Return the decision of a champion gate; `champion` None means that nothing holds the stage.

    The candidate passes when it is at least `min_delta` better; `unchanged` says that it is the champion. It
    fails when either has no value (NaN), when fewer than `min_rows` rows can be compared, and when the
    champion does not fit the table any more. `rows_digest` is the sha256 of the ascending row hashes (uint64,
    little endian) that were compared.
    """
    gate, name = config.gate, config.name
    needed = threshold(name, gate.min_delta) or 0.0
    limits = {"min_delta": needed, "min_rows": gate.min_rows, "if_none": gate.if_none}
    mine = digest_of_file(candidate)
    theirs = None if champion is None else digest_of_file(champion)
    evidence: dict[str, Any] = {"metric": gate.metric, "training": gate.training, "threshold": limits}
    evidence |= {"candidate_digest": mine, "champion_digest": theirs}
    evidence |= {"candidate": None, "champion": None, "rows": None, "rows_digest": None}
    if champion is None:
        reason = f"nothing holds the stage yet, and if_none says {gate.if_none}"
        return decision(name, "champion", gate.if_none, reason, **evidence)
    if mine == theirs:
        return decision(name, "champion", "unchanged", "the candidate is the champion", **evidence)
    # What is judged is what the evidence names, also if a file is swapped between the two looks at it.
    ours = open_model(candidate, config.code, project, mine)
    holder = open_model(champion, config.code, project, theirs)
    unfit = _misfit(ours.signature, holder.signature, test)
    if unfit:
        return decision(
            name, "champion", "fail", f"the champion cannot be compared with: {unfit}", **evidence
        )
    hashes = read_rows(test)
    rows = ~np.isin(hashes, np.concatenate([read_row_hashes(path) for path in (candidate, champion)]))
    count = int(rows.sum())
    evidence |= {"rows": count, "rows_digest": _digest_of_rows(hashes[rows])}
    if count < gate.min_rows:
        reason = (
            f"{count} of {len(hashes)} test rows are new to both models, "
            f"{gate.min_rows - count} fewer than the minimum {gate.min_rows}"
        )
        return decision(name, "champion", "fail", reason, **evidence)
    value = score_model(ours, test, [config.metric], project, rows).metrics[gate.metric]
    try:
        best = score_model(holder, test, [config.metric], project, rows).metrics[gate.metric]
    except StepFailed as error:
        return decision(name, "champion", "fail", f"the champion cannot be scored: {error}", **evidence)
    return _compared(config, value, best, needed, evidence | {"candidate": value, "champion": best})


def _compared(
    config: JudgeChampion, value: float | None, best: float | None, needed: float, evidence: dict[str, Any]
) -> Decision:
    name, metric = config.name, config.gate.metric
    if value is None or best is None:
        whose = " and ".join(
            who for who, found in (("candidate", value), ("champion", best)) if found is None
        )
        return decision(name, "champion", "fail", f"{metric} of the {whose} has no value (NaN)", **evidence)
    lower = isinstance(config.metric, CustomMetric) and not config.metric.greater_is_better
    better = best - value if lower else value - best
    compared = (
        f"{metric} {number(value)} against the champion's {number(best)} "
        f"is {number(abs(better))} {'better' if better >= 0 else 'worse'} on {evidence['rows']} rows"
    )
    if better >= needed:
        return decision(name, "champion", "pass", compared, observed=better, **evidence)
    reason = f"{compared}, {number(needed - better)} short of the minimum {number(needed)}"
    return decision(name, "champion", "fail", reason, observed=better, **evidence)


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
