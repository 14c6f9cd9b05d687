"""Decisions: the JSON in which a gate, a registration, a monitor or a verdict says what it found and why."""

import json
from collections.abc import Mapping
from pathlib import Path
from typing import Any

from mlopsc.diagnostics.errors import StoreError
from mlopsc.runtime.store import canonical_json
from mlopsc.vocabulary.gates import Verdict, failed
from mlopsc.vocabulary.words import number

Decision = dict[str, Any]


def decision(
    name: str,
    type_: str,
    verdict: Verdict,
    reason: str,
    *,
    observed: float | None = None,
    threshold: Mapping[str, Any] | None = None,
    **evidence: Any,
) -> Decision:
    """Return a decision; `reason` is a sentence with the numbers, `evidence` further numbers and digests."""
    base = {"name": name, "type": type_, "verdict": verdict, "reason": reason}
    return base | {"observed": observed, "threshold": dict(threshold or {})} | evidence


def write_json(path: Path, value: Any) -> None:
    """Write an artifact of canonical JSON; raises StoreError when the file cannot be written."""
    try:
        path.write_bytes(canonical_json(value))
    except OSError as error:
        raise StoreError(f"cannot write {path}: {error.strerror}") from error


def read_json(path: Path) -> Any:
    """Read an artifact of JSON; raises StoreError when it cannot be read or is none."""
    try:
        return json.loads(path.read_bytes())
    except OSError as error:
        raise StoreError(f"cannot read {path}: {error.strerror}") from error
    except ValueError as error:
        raise StoreError(f"{path} is damaged: expected JSON ({error})") from error


__all__ = ["Decision", "decision", "failed", "number", "read_json", "write_json"]
