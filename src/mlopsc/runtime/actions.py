"""What a step's result depends on: one key, and words for why it must run again."""

import contextlib
import hashlib
import json
import re
import time
from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass, field, replace
from pathlib import Path
from typing import Any, Literal

from mlopsc.diagnostics.errors import StoreError, StoreUnreachable
from mlopsc.runtime.store import Store, canonical_json, digest_of_bytes, hex_of
from mlopsc.runtime.store.identities import Identity

KEY_VERSION = 1
"""Raised when the meaning of keys or records changes; every older record then misses."""

Components = Mapping[str, Any]
"""What went into a key, as JSON, under the names of `action_key`'s arguments and `format`."""


@dataclass(frozen=True, slots=True)
class Action:
    """A key (64 hex digits) and what it was made of."""

    key: str
    components: Components


@dataclass(frozen=True, slots=True)
class ActionRecord:
    """What an action made: output digests by port; `refused` when a declared rule stopped it afterwards."""

    key: str
    operation: str
    outputs: Mapping[str, str]
    status: Literal["ok", "refused"] = "ok"
    message: str = ""
    components: Components = field(default_factory=dict)
    seconds: float = 0.0
    used: float = field(default=0.0, compare=False)
    """When it was last made or reused, in seconds since 1970, to within an hour: what nobody uses is collected."""


@dataclass(frozen=True, slots=True)
class Miss:
    """No usable result; `reason` says what is wrong with the one that was there, None if none was."""

    reason: str | None


def action_key(
    operation: str,
    config: Any,
    inputs: Mapping[str, str],
    *,
    code: Mapping[str, str] | None = None,
    libraries: Mapping[str, str] | None = None,
    environment: Mapping[str, str | None] | None = None,
    image: str | None = None,
    world: str | None = None,
) -> Action:
    """Return the key of an action: equal for equal work, whatever the order of mappings.

    `config` is the whole resolved configuration in JSON; `inputs` digests by port; `code` digests by file
    (see `user_code.closure`); `libraries` versions by name; `environment` values of the declared variables,
    None for unset ones (only their digests are kept); `image` the container image's digest; `world` the
    fingerprint of what an observe operation looked at.
    """
    variables = {
        name: None if value is None else digest_of_bytes(value.encode("utf-8", "surrogateescape"))
        for name, value in (environment or {}).items()
    }
    components: dict[str, Any] = {
        "format": KEY_VERSION,
        "operation": operation,
        "config": config,
        "inputs": dict(inputs),
        "code": dict(code or {}),
        "libraries": dict(libraries or {}),
        "environment": variables,
        "image": image,
        "world": world,
    }
    text = canonical_json(components)
    return Action(hashlib.sha256(text).hexdigest(), json.loads(text))


@dataclass(frozen=True, slots=True)
class ActionCache:
    """Action records in a store, and for each step what its latest action was made of."""

    store: Store

    def lookup(self, key: str, *, use: bool = False) -> ActionRecord | Miss:
        """Return the record when every output can be reused (by file identity and size), else why not.

        With `use` it is going to be reused: no collection takes it or its outputs then. Raises StoreUnreachable when
        the store cannot tell.
        """
        with self.store.guard():
            return self._lookup(key, use)

    def _lookup(self, key: str, use: bool) -> ActionRecord | Miss:
        try:
            found = self.store.read_document(record_name(key))
            if found is None:
                return Miss(None)
            record = ActionRecord(**found)
            digests = {port: f"sha256:{hex_of(digest)}" for port, digest in record.outputs.items()}
        except StoreUnreachable:
            raise
        except (StoreError, TypeError, AttributeError):
            return Miss("the record of its cached result is damaged")
        if record.key != key:
            return Miss("the record of its cached result is another action's")
        if use and record.used < time.time() - _RENEWED:
            with contextlib.suppress(StoreError):  # a store that cannot be written to is not collected either
                self._write(replace(record, used=time.time()))
        for port, digest in digests.items():
            damage = self.store.damage(digest)
            if damage is not None:
                return Miss(f"cached output {port!r} {damage}")
        return record

    def save(self, record: ActionRecord) -> None:
        """Write the record, last of all; raises StoreError unless every output is in the store."""
        for port, digest in record.outputs.items():
            if not self.store.exists(digest):
                raise StoreError(
                    f"cannot record {record.operation}: output {port!r} ({digest}) is not in the store"
                )
        self._write(replace(record, used=time.time()))

    def _write(self, record: ActionRecord) -> None:
        self.store.write_document(
            record_name(record.key),
            {
                "key": record.key,
                "operation": record.operation,
                "outputs": dict(record.outputs),
                "status": record.status,
                "message": record.message,
                "components": dict(record.components),
                "seconds": record.seconds,
                "used": round(record.used, 3),
            },
        )

    def latest(self, pipeline: str, step: str) -> Components | None:
        """Return the components of the step's latest action, None when there was none."""
        try:
            found = self.store.read_document(_latest_name(pipeline, step))
        except StoreError:
            return None
        return found if isinstance(found, dict) else None

    def remember(self, pipeline: str, step: str, components: Components) -> None:
        """Keep the components for `latest`; not durable, for they only explain."""
        if self.latest(pipeline, step) != components:
            self.store.write_document(_latest_name(pipeline, step), dict(components), durable=False)


def explain_miss(previous: Components | None, current: Components) -> list[str]:
    """Say in which components an action differs from the step's previous one; empty when in none."""
    if previous is None:
        return ["no earlier run"]
    if previous.get("format") != current["format"]:
        return ["the cache's format changed with this version of mlopsc"]
    said: list[str] = []
    for part in ("operation", "image"):
        if previous[part] != current[part]:
            said.append(f"{part} changed: {_shown(previous[part])} → {_shown(current[part])}")
    said += _config_changes("", previous["config"], current["config"])
    for name, _, _ in _changed(previous["inputs"], current["inputs"]):
        said.append(f"input {name!r} changed")
    for name, old, new in _changed(previous["code"], current["code"]):
        said.append(f"code of {name} {'added' if old is None else 'removed' if new is None else 'changed'}")
    for name, old, new in _changed(previous["libraries"], current["libraries"]):
        said.append(f"{name} {old or 'absent'} → {new or 'absent'}")
    for name, _, _ in _changed(previous["environment"], current["environment"]):
        said.append(f"environment variable {name} changed")
    if previous["world"] != current["world"]:
        said.append("what it observes changed")
    return said


def fingerprint(paths: Iterable[Path]) -> dict[str, Identity | None]:
    """Return the identities of files, None for missing ones: take it before a step reads them and after."""
    return {str(path): Identity.of(path) for path in paths}


def changed_meanwhile(
    before: Mapping[str, Identity | None], after: Mapping[str, Identity | None]
) -> list[str]:
    """Return which files changed between two fingerprints: a result made meanwhile must not be cached."""
    return sorted(path for path in {*before, *after} if before.get(path) != after.get(path))


_RENEWED = 3600.0  # seconds for which a record counts as used just now
_PLAIN = re.compile(r"[A-Za-z0-9_][A-Za-z0-9_-]{0,99}")
_ABSENT = object()


def record_name(key: str) -> str:
    return f"actions/{key[:2]}/{key}.json"


def _latest_name(pipeline: str, step: str) -> str:
    return f"actions/latest/{_file_name(pipeline)}/{_file_name(step)}.json"


def _file_name(name: str) -> str:
    """Names that are no plain file name (too long, with `/` or dots) are replaced by their digest."""
    return name if _PLAIN.fullmatch(name) else hashlib.sha256(name.encode()).hexdigest()


def _changed(old: Mapping[str, Any], new: Mapping[str, Any]) -> Iterator[tuple[str, Any, Any]]:
    for name in sorted({*old, *new}):
        if old.get(name, _ABSENT) != new.get(name, _ABSENT):
            yield name, old.get(name), new.get(name)


def _config_changes(path: str, old: Any, new: Any) -> list[str]:
    if isinstance(old, dict) and isinstance(new, dict):
        return [
            text
            for name in [*new, *(name for name in old if name not in new)]
            for text in _config_changes(
                f"{path}.{name}" if path else str(name), old.get(name, _ABSENT), new.get(name, _ABSENT)
            )
        ]
    if old is not _ABSENT and new is not _ABSENT and canonical_json(old) == canonical_json(new):
        return []
    if old is _ABSENT:
        return [f"{path} added: {_shown(new)}"]
    if new is _ABSENT:
        return [f"{path} removed, it was {_shown(old)}"]
    return [f"{path or 'configuration'} changed: {_shown(old)} → {_shown(new)}"]


def _shown(value: Any) -> str:
    if value is None or isinstance(value, bool | int | float):
        return json.dumps(value)
    text = value if isinstance(value, str) else json.dumps(value, ensure_ascii=False)
    return text if len(text) <= 60 else f"{text[:57]}…"
