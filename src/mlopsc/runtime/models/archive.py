"""The model artifact: one archive of the estimator, its signature, and the hashes of its training rows.

Members, in this order: `signature.json` (canonical JSON), `rows.u64` (ascending uint64, little endian), and
`estimator.skops` (see `canonical`). Equal models are equal files.
"""

import hashlib
import json
import math
import re
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from io import BytesIO
from pathlib import Path
from typing import Any

import numpy as np
import numpy.typing as npt

from mlopsc.diagnostics.errors import SpecError, StoreError
from mlopsc.runtime.atomic import write_bytes
from mlopsc.runtime.models.strictzip import pack, unpack
from mlopsc.runtime.models.trust import NOTHING, Trust

RowHashes = npt.NDArray[np.uint64]

SIGNATURE_KEYS = frozenset({"features", "label", "task", "classes", "estimator", "params"})
"""What a signature holds at least: `features` (each with `name`, `type`, `kind`, in the estimator's order),
`label`, `task`, `classes` (or null), `estimator` (dotted path or user function) and `params`."""
_SIGNATURE, _ROWS, _ESTIMATOR = "signature.json", "rows.u64", "estimator.skops"
_MEMBERS = re.compile("|".join(map(re.escape, (_SIGNATURE, _ROWS, _ESTIMATOR))))


@dataclass(frozen=True)
class LoadedModel:
    """A fitted estimator, what it was fitted on, and the digest of the file that it came from."""

    estimator: Any
    signature: Mapping[str, Any]
    digest: str
    """`sha256:` and the lower-case hex digest of the file's bytes."""


def save_model(
    path: Path,
    estimator: Any,
    signature: Mapping[str, Any],
    row_hashes: Iterable[int] | RowHashes,
    *,
    trusted: Trust = NOTHING,
) -> str:
    """Write the model file and return its digest.

    `signature` is JSON data with at least SIGNATURE_KEYS; NaN and infinities in it become text. `trusted` are
    the user's modules whose classes the estimator may hold. Raises SpecError when the estimator cannot be
    saved so that it could be loaded again under the same trust, StoreError when the disk refuses.
    """
    from mlopsc.runtime.models.canonical import dump_estimator

    missing = sorted(SIGNATURE_KEYS - signature.keys())
    if missing:
        raise SpecError(f"the model's signature lacks {', '.join(missing)}")
    text = json.dumps(
        _finite(signature), sort_keys=True, separators=(",", ":"), ensure_ascii=False, allow_nan=False
    )
    if not isinstance(row_hashes, np.ndarray):
        row_hashes = np.fromiter(row_hashes, np.uint64)
    data = pack(
        {
            _SIGNATURE: (text + "\n").encode(),
            _ROWS: np.sort(row_hashes).astype("<u8").tobytes(),
            _ESTIMATOR: dump_estimator(estimator, trusted),
        }
    )
    write_bytes(Path(path), data, durable=False)
    return _digest(data)


def load_model_file(path: Path, *, trusted: Trust = NOTHING, digest: str | None = None) -> LoadedModel:
    """Return the model of a file.

    With `digest` (`sha256:…`, from the registry) another file in its place is refused before anything of it
    is read. Only scikit-learn's types and those that `trusted` declares are built (see `trust.audit`). Raises
    StoreError for a missing, damaged, foreign or swapped file, and for types that are not trusted.
    """
    from mlopsc.runtime.models.canonical import load_estimator

    data = _read(path)
    found = _digest(data)
    if digest is not None and found != digest:
        raise StoreError(
            f"the model file {path} is not the one that was registered: expected {digest}, found {found}",
            help="restore the file, or train and register again",
        )
    members = unpack(BytesIO(data), _MEMBERS)
    if len(members) != 3:
        raise StoreError(f"not a model: {path} lacks a part")
    estimator = load_estimator(members[_ESTIMATOR], trusted)
    return LoadedModel(estimator, _parse_signature(members[_SIGNATURE], path), found)


def read_signature(path: Path) -> dict[str, Any]:
    """Return a model file's signature, without loading the estimator. Raises StoreError for a bad file."""
    return _parse_signature(_read_member(path, _SIGNATURE), path)


def read_row_hashes(path: Path) -> RowHashes:
    """Return the ascending hashes of the rows that the model was trained on, without loading the estimator.

    A row that occurs twice has its hash twice. Raises StoreError for a bad file.
    """
    data = _read_member(path, _ROWS)
    if len(data) % 8:
        raise StoreError(f"not a model: the row hashes of {path} are cut off")
    return np.frombuffer(data, dtype="<u8").astype(np.uint64)


def _read(path: Path) -> bytes:
    try:
        return Path(path).read_bytes()
    except OSError as error:
        raise StoreError(f"cannot read the model file {path}: {error.strerror or error}") from error


def _read_member(path: Path, name: str) -> bytes:
    try:
        with Path(path).open("rb") as file:
            return unpack(file, _MEMBERS, only=name)[name]
    except OSError as error:
        raise StoreError(f"cannot read the model file {path}: {error.strerror or error}") from error


def _digest(data: bytes) -> str:
    return f"sha256:{hashlib.sha256(data).hexdigest()}"


def _parse_signature(data: bytes, path: Path) -> dict[str, Any]:
    try:
        signature = json.loads(data)
    except (ValueError, RecursionError) as error:
        raise StoreError(f"not a model: the signature of {path} cannot be read: {error}") from error
    if not isinstance(signature, dict) or SIGNATURE_KEYS - signature.keys():
        raise StoreError(f"not a model: the signature of {path} is not complete")
    return signature


def _finite(value: Any) -> Any:
    if isinstance(value, Mapping):
        return {key: _finite(inner) for key, inner in value.items()}
    if isinstance(value, list | tuple):
        return [_finite(inner) for inner in value]
    if isinstance(value, np.generic):
        return _finite(value.item())
    return str(value) if isinstance(value, float) and not math.isfinite(value) else value
