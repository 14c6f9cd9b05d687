"""End a run: refuse it when a declared rule said no."""

from collections.abc import Mapping
from pathlib import Path
from typing import Any

from mlopsc.diagnostics.errors import Refusal
from mlopsc.runtime.context import Context
from mlopsc.runtime.decisions import Decision, decision, failed, read_json, write_json
from mlopsc.vocabulary.gates import GATE_TYPES
from mlopsc.vocabulary.operations import Verdict

_SUBJECTS = dict.fromkeys(GATE_TYPES, "gate") | {"registration": "registration of", "monitor": "monitor"}


def run(
    config: Verdict,
    inputs: Mapping[str, Path],
    outputs: Mapping[str, Path],
    context: Context,  # noqa: ARG001
) -> None:
    """Write the verdict over all decisions; raises Refusal with a line for each that says no."""
    found = {port: read_json(inputs[port]) for port in config.decisions}
    write_json(outputs["decision"], conclude(found))
    refused = [one for one in found.values() if failed(one)]
    if refused:
        raise Refusal("\n".join(line(one) for one in refused))


def conclude(found: Mapping[str, Mapping[str, Any]]) -> Decision:
    """Return the verdict over decisions by port: it passes when every one of them does."""
    refused = sum(failed(one) for one in found.values())
    reason = f"{refused} of {len(found)} decisions say no" if refused else "every decision says yes"
    verdicts = {port: one.get("verdict") for port, one in found.items()}
    return decision(
        "verdict",
        "verdict",
        "fail" if refused else "pass",
        reason,
        observed=refused,
        threshold={"max": 0},
        decisions=verdicts,
    )


def line(found: Mapping[str, Any]) -> str:
    """Return one line that names what said no, and its reason."""
    subject = _SUBJECTS.get(str(found.get("type")), "decision")
    return f"{subject} {found.get('name')!r}: {found.get('reason')}"
