"""The drift gate: the candidate's training data against the profile that the champion was registered with."""

from pathlib import Path
from typing import Any

from mlopsc.diagnostics.errors import SpecError
from mlopsc.runtime.decisions import Decision, decision
from mlopsc.runtime.drift.profile import Profile, load_profile
from mlopsc.runtime.drift.report import drift_against_profile
from mlopsc.runtime.drift.told import compared, drifting, told
from mlopsc.runtime.gates.thresholds import threshold
from mlopsc.runtime.learning.frames import read_schema
from mlopsc.runtime.store import digest_of_file
from mlopsc.vocabulary.artifacts import NO_MODEL, NO_PROFILE, RESERVED
from mlopsc.vocabulary.gates import DriftGate


def judge_drift(
    name: str, gate: DriftGate, train: Path, champion: Path | None, reference: Path | None
) -> Decision:
    """Return the decision; `champion` None, or the artifact that says so, means that nothing holds the stage.

    It fails when more than `max_drifting` features drift, when none could be compared, and when the champion has no
    profile, or one of other columns or kinds. `observed` is how many features drift.
    """
    most = threshold(name, gate.max_drifting)
    holder = None if champion is None or _is(champion, NO_MODEL) else digest_of_file(champion)
    profile = None if reference is None or _is(reference, NO_PROFILE) else reference
    evidence: dict[str, Any] = {
        "training": gate.training,
        "threshold": {
            "max_drifting": most,
            "if_none": gate.if_none,
            **gate.tests.model_dump(mode="json"),
        },
        "champion_digest": holder,
        "reference_digest": None if holder is None or profile is None else digest_of_file(profile),
        "columns": {},
    }
    if holder is None:
        reason = f"nothing holds the stage yet, and if_none says {gate.if_none}"
        return decision(name, "drift", gate.if_none, reason, **evidence)
    if profile is None:
        reason = "the champion was registered without a profile of its training data: there is nothing to compare with"
        return decision(name, "drift", "fail", reason, **evidence)
    known = load_profile(profile.read_bytes())
    features = [column for column in read_schema(train).names if not column.startswith(RESERVED)]
    if misfit := _misfit(gate.columns, features, known):
        return decision(name, "drift", "fail", misfit, **evidence)
    try:
        report = drift_against_profile(known, train, gate.tests, columns=gate.columns or features)
    except SpecError as error:
        reason = f"the champion's training data cannot be compared with: {error}"
        return decision(name, "drift", "fail", reason, **evidence)
    found = drifting(report)
    evidence["columns"] = {column: one.status for column, one in report.columns.items()}
    evidence["effects"] = {column: dict(one.effects) for column, one in report.columns.items() if one.effects}
    few = len(found) <= most
    allowed = "" if few and not most else f"; at most {most} may"
    return decision(
        name,
        "drift",
        "pass" if few and compared(report) else "fail",
        told(report) + (allowed if compared(report) else ""),
        observed=len(found),
        **evidence,
        current_rows=report.current_rows,
        reference_rows=report.reference_rows,
    )


def _is(path: Path, content: bytes) -> bool:
    with path.open("rb") as file:
        return file.read(len(content) + 1) == content


def _misfit(columns: tuple[str, ...] | None, features: list[str], known: Profile) -> str | None:
    """Say which column one side lacks, None when both have all."""
    asked = columns or features
    new = [column for column in asked if column not in known.columns]
    if new:
        return f"the champion was not trained on {_quoted(new)}: there is nothing to compare with"
    gone = [column for column in (columns or known.columns) if column not in features]
    return (
        f"the champion was trained on {_quoted(gone)}, which the candidate's table does not have"
        if gone
        else None
    )


def _quoted(columns: list[str]) -> str:
    return ", ".join(f"'{column}'" for column in columns)
