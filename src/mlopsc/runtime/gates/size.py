"""The size gate: bytes of the model's file."""

from pathlib import Path

from mlopsc.runtime.decisions import Decision, decision
from mlopsc.runtime.gates.thresholds import threshold
from mlopsc.vocabulary.gates import SizeGate


def judge_size(name: str, gate: SizeGate, model: Path) -> Decision:
    """Return the decision on a model's file."""
    found, most = model.stat().st_size, threshold(name, gate.max_bytes)
    far = f"{found - most:,} above the maximum {most:,}" if found > most else f"at most {most:,}"
    return decision(
        name,
        "size",
        "fail" if found > most else "pass",
        f"the model's {found:,} bytes are {far}",
        observed=found,
        threshold={"max_bytes": most},
        training=gate.training,
    )
