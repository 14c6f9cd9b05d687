"""Canonical bytes of an estimator: skops' format, but equal estimators have equal bytes in every process.

skops numbers objects by their address, names files by these numbers and dates them. Here objects that occur
once have no number, those that occur again are numbered in order and then referred to, files are numbered by
content in order, sets are sorted, padding inside records is zeroed, and thread counts (`n_jobs`) are left
out: how many threads fitted a model is no part of it, and with one thread its predictions do not vary in
their last bits. Boosters of other libraries are text (see `boosters`). Loading and dumping again gives the same bytes.
"""

import hashlib
import json
import re
from collections.abc import Mapping
from io import BytesIO
from typing import Any
from zipfile import ZipFile

import numpy as np
import numpy.typing as npt

from mlopsc.diagnostics.errors import MlopscError, SpecError, StoreError
from mlopsc.runtime.models.arrays import read_array
from mlopsc.runtime.models.boosters import (
    LIGHTGBM_TYPES,
    check_boosters,
    file_of,
    one_thread,
    with_images,
    xgboost_text,
)
from mlopsc.runtime.models.strictzip import pack, unpack
from mlopsc.runtime.models.trees import check_trees
from mlopsc.runtime.models.trust import NOTHING, Trust, audit

_MEMBERS = re.compile(r"schema\.json|[0-9]{1,9}\.(npy|npz|bin)")
_SPARSE_MEMBERS = re.compile(r"[a-z_]{1,40}\.npy")
_VALUES = frozenset({"JsonNode", "TypeNode", "FunctionNode", "DTypeNode", "BytesNode"})
"""Nodes of immutable things: whether two of them are one object makes no difference."""
_THREADS = {"n_jobs": "null", "n_threads": "1", "_n_threads": "1"}


def dump_estimator(estimator: Any, trusted: Trust = NOTHING) -> bytes:
    """Return the estimator's canonical bytes.

    Raises SpecError when it holds something that skops cannot save, or of a type that `load_estimator` would
    not trust; `trusted` is what may be held beside scikit-learn's (see `trust.audit`).
    """
    from mlopsc.runtime.models.persistence import UnsupportedTypeException, dumps

    try:
        saved = dumps(estimator)
    except (UnsupportedTypeException, TypeError, ValueError, AttributeError, RecursionError) as error:
        raise SpecError(
            f"the estimator {type(estimator).__name__} cannot be saved without pickle: {error}",
            help="keep functions at module level, and in attributes only plain data, arrays and estimators",
        ) from error
    with ZipFile(BytesIO(saved)) as archive:
        writer = _Writer(archive)
        schema = writer.rewrite(json.loads(archive.read("schema.json")))
    writer.number_objects()
    try:
        audit(schema, trusted)
    except StoreError as error:
        raise SpecError(
            f"the estimator {type(estimator).__name__} cannot be saved: {error}", help=error.help
        ) from error
    text = json.dumps(schema, separators=(",", ":"))
    return pack({"schema.json": text.encode()} | writer.files)


class _Writer:
    """One pass over skops' schema, that gathers files and objects in the order of their first appearance."""

    def __init__(self, archive: ZipFile) -> None:
        self._archive = archive
        self._names: dict[bytes, str] = {}
        self._first: dict[int, dict[str, Any]] = {}
        self._again: list[tuple[dict[str, Any], int]] = []
        self._boosters: set[str] = set()
        self.files: dict[str, bytes] = {}

    def rewrite(self, part: Any) -> Any:
        if isinstance(part, list):
            return [self.rewrite(inner) for inner in part]
        if not isinstance(part, dict):
            return part
        if not isinstance(part.get("__loader__"), str):
            return {key: self.rewrite(inner) for key, inner in part.items()}
        identity = part.get("__id__")
        if identity in self._first and not _is_value(part):
            reference = {key: part[key] for key in ("__class__", "__module__")} | {"__loader__": "CachedNode"}
            self._again.append((reference, identity))
            return reference
        if (booster := file_of(part)) is not None:
            self._boosters.add(booster)
        node: dict[str, Any] = {}
        if identity is not None and not _is_value(part):
            self._first[identity] = node
        for key, inner in _normalised(part).items():
            if key == "file":
                node[key] = self._add_file(inner)
            elif key != "__id__":
                node[key] = self.rewrite(inner)
        return node

    def number_objects(self) -> None:
        """Give numbers, from 1, to the objects that are referred to, in order of first appearance."""
        wanted = {identity for _, identity in self._again}
        order = (identity for identity in self._first if identity in wanted)
        numbers = {identity: number for number, identity in enumerate(order, start=1)}
        for identity, number in numbers.items():
            self._first[identity]["__id__"] = number
        for reference, identity in self._again:
            reference["__id__"] = numbers[identity]

    def _add_file(self, name: str) -> str:
        suffix = name.rpartition(".")[2]
        data = _canonical_file(self._archive.read(name), suffix)
        data = xgboost_text(data) if name in self._boosters else data
        digest = hashlib.sha256(data).digest()
        if digest not in self._names:
            self._names[digest] = f"{len(self._names)}.{suffix}"
            self.files[self._names[digest]] = data
        return self._names[digest]


def _is_value(node: Mapping[str, Any]) -> bool:
    match node["__loader__"]:
        case "TupleNode":
            return all(_is_value(inner) for inner in node["content"])
        case "NdArrayNode":  # a NumPy scalar
            return bool(node["__class__"] != "ndarray")
        case loader:
            return loader in _VALUES


def _normalised(node: dict[str, Any]) -> dict[str, Any]:
    match node["__loader__"]:
        case "SetNode":
            return node | {"content": _sorted(node["content"])}
        case "ConstructorFromReduceNode" if node["__class__"] == "frozenset":
            (items,) = node["content"]["content"]
            inner = items | {"content": _sorted(items["content"])}
            return node | {"content": node["content"] | {"content": [inner]}}
        case "ObjectNode" if isinstance(node.get("content"), dict) and isinstance(
            node["content"].get("content"), dict
        ):
            attributes = node["content"]["content"]
            if f"{node['__module__']}.{node['__class__']}" in LIGHTGBM_TYPES:
                attributes = one_thread(attributes)
            threads = {
                key: attributes[key] | {"content": value}
                for key, value in _THREADS.items()
                if key in attributes and attributes[key]["__loader__"] == "JsonNode"
            }
            return node | {"content": node["content"] | {"content": attributes | threads}}
        case _:
            return node


def _sorted(items: list[dict[str, Any]]) -> list[dict[str, Any]]:
    return sorted(items, key=lambda item: json.dumps(item.get("content", ""), sort_keys=True))


def _canonical_file(data: bytes, suffix: str) -> bytes:
    if suffix == "npz":
        with ZipFile(BytesIO(data)) as archive:
            return pack({name: archive.read(name) for name in sorted(archive.namelist())})
    if suffix != "npy":
        return data
    array: npt.NDArray[Any] = np.load(BytesIO(data), allow_pickle=False)
    if array.dtype.names is None:
        return data
    clean = np.zeros(array.shape, array.dtype)  # the bytes between fields, which are whatever was in memory
    for field in array.dtype.names:
        clean[field] = array[field]
    buffer = BytesIO()
    np.save(buffer, clean, allow_pickle=False)
    return buffer.getvalue()


def load_estimator(data: bytes, trusted: Trust = NOTHING) -> Any:
    """Return the estimator that `dump_estimator` saved.

    Nothing of the file is built before every type in it is found to be allowed (see `trust.audit`).
    Raises StoreError for other formats, damaged files and types that are not trusted.
    """
    from mlopsc.runtime.models.persistence import PROTOCOL, loads

    members = unpack(BytesIO(data), _MEMBERS)
    try:
        schema = json.loads(members["schema.json"])
    except (KeyError, ValueError, RecursionError) as error:
        raise StoreError(f"not a model: its schema cannot be read: {error}") from error
    if not isinstance(schema, dict) or schema.get("protocol") != PROTOCOL:
        raise StoreError("the model was saved in another version of the format", help="train it again")
    names = audit(schema, trusted)
    for name, content in members.items():
        _check_file(name, content)
    check_trees(schema, members)
    check_boosters(schema, members)
    try:
        images = with_images(schema, members)
        return loads(data if images == members else pack(images), trusted=names)
    except MlopscError:
        raise
    except Exception as error:  # a user's `__setstate__`, and skops on damage, may raise anything
        raise StoreError(f"the model cannot be loaded: {error}") from error


def _check_file(name: str, content: bytes) -> None:
    """Refuse an array that claims more than it holds, before memory is taken for it."""
    if name.endswith(".npz"):
        for inner, data in unpack(BytesIO(content), _SPARSE_MEMBERS).items():
            _check_file(inner, data)
    elif name.endswith(".npy"):
        try:
            read_array(content)
        except ValueError as error:
            raise StoreError(f"not a model: {name} is no array: {error}") from error
