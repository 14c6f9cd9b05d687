"""Features for a request: read from the online store by entity, with the names and types that training has."""

import os
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from datetime import UTC, datetime
from functools import lru_cache
from pathlib import Path
from typing import TYPE_CHECKING, Any, overload

from mlopsc.diagnostics.errors import UsageError
from mlopsc.runtime.online.deriving import derive
from mlopsc.runtime.online.location import open_online_store
from mlopsc.runtime.online.reading import answer, served
from mlopsc.runtime.online.state import OnlineStore
from mlopsc.vocabulary.online import ONLINE_STORE_VARIABLE

if TYPE_CHECKING:
    import pandas
    import pyarrow

    from mlopsc.spec.spec import Spec

SPEC = "mlops.yaml"


@dataclass(frozen=True)
class OnlineFeatures(Sequence[Mapping[str, Any]]):
    """A row for each entity, in their order, as a map from feature to value.

    Values are Python's: `int`, `float`, `str`, `bool`, `Decimal`, `date`, `time`, `datetime` (in UTC), `bytes`, lists,
    dicts, and None for a null. `to_pandas` and `to_arrow` give the types that the feature table of training has.
    """

    rows: tuple[Mapping[str, Any], ...]
    columns: Mapping[str, "pyarrow.DataType | None"]
    """Feature → Arrow type; None where a request gave the value and nothing tells the type."""
    as_of: Mapping[str, datetime]
    """View → the instant as of which its values were materialized."""

    def __len__(self) -> int:
        return len(self.rows)

    @overload
    def __getitem__(self, index: int) -> Mapping[str, Any]: ...
    @overload
    def __getitem__(self, index: slice) -> Sequence[Mapping[str, Any]]: ...
    def __getitem__(self, index: int | slice) -> Mapping[str, Any] | Sequence[Mapping[str, Any]]:
        return self.rows[index]

    def __iter__(self) -> Iterator[Mapping[str, Any]]:
        return iter(self.rows)

    def to_arrow(self) -> "pyarrow.Table":
        """Return the rows as an Arrow table."""
        import pyarrow as pa

        arrays = [pa.array([row[name] for row in self.rows], kind) for name, kind in self.columns.items()]
        return pa.table(arrays, names=list(self.columns))

    def to_pandas(self) -> "pandas.DataFrame":
        """Return the rows as a pandas frame, which a model's `predict` takes as it is."""
        frame: pandas.DataFrame = self.to_arrow().to_pandas()
        return frame


def online_features(
    features: str | Sequence[str],
    entities: Mapping[str, Any] | Sequence[Mapping[str, Any]],
    *,
    at: datetime | None = None,
    project: str | os.PathLike[str] = ".",
    environment: str | None = None,
    online_store: str | None = None,
) -> OnlineFeatures:
    """Return the features of entities as they are known at an instant, in the order of the entities.

    `features` is the name of a training, for all of its features in its order, or a list of timed views. An entity
    gives the keys of the views by the names that the training's entities have for them, and those features of the
    training that no view holds, with what functions of rows get beside features. These functions are called as in
    training, from the project's folder, on all entities at once. An entity that is not there, and one whose values are
    older than the view's `ttl` at the instant `at` (now when left out; naive means UTC), has nulls. Values are those of
    the last `mlopsc features materialize`; `as_of` of the result tells of when. `project` is the folder of `mlops.yaml`
    or the path of the spec, which says where the online store is unless `online_store` (a path or URL) does.

    Raises UsageError for an unknown training, for an `at` that is no datetime, and for an entity that lacks a key or
    has one of another type, OnlineStoreError for a view that was never materialized, or as of an instant later than
    `at`, and for functions whose code is not that of the last materialization, StepFailed for one that fails or returns
    what is not declared.
    """
    place = Path(project)
    path = place / SPEC if place.is_dir() else place
    name, store = _opened(path, environment, online_store)
    rows = [entities] if isinstance(entities, Mapping) else list(entities)
    moment = _instant(at)
    if isinstance(features, str):
        training = served(store, name, features)
        views = list(dict.fromkeys(one.view for one in training.features if one.view is not None))
        found, types, as_of = answer(store, name, training.asked, views, rows, moment)
        if training.functions:
            found, types = derive(training, path.parent, found, types)
    else:
        if not features:
            raise UsageError("`features` is empty: expected a training's name, or a list of views")
        found, types, as_of = answer(store, name, None, list(dict.fromkeys(features)), rows, moment)
    return OnlineFeatures(tuple(found), types, as_of)


def _instant(at: datetime | None) -> datetime:
    if at is None:
        return datetime.now(UTC)
    if not isinstance(at, datetime):
        raise UsageError(
            f"`at` is {at!r}, expected a datetime", help="datetime.fromisoformat makes one of text"
        )
    return at if at.tzinfo else at.replace(tzinfo=UTC)


def opened_store(path: Path, spec: "Spec", online_store: str | None = None) -> tuple[str, OnlineStore]:
    """Return the project's name and its online store, as the spec at `path` tells; raises MlopscError."""
    if spec.project is None:
        raise UsageError(f"{path} names no project", help="run `mlopsc validate` on it")
    secrets = {name: source for name, source in spec.secrets.items() if source is not None}
    told = online_store or spec.infrastructure.online_store
    return spec.project.name, open_online_store(told, secrets, path.resolve().parent)


def _opened(path: Path, environment: str | None, online_store: str | None) -> tuple[str, OnlineStore]:
    try:
        about = path.stat()
    except OSError:
        raise UsageError(
            f"there is no file {path}", help="name the folder of mlops.yaml: online_features(…, project=…)"
        ) from None
    # The spec is read again when it changes, the store opened again in another process.
    spec = _spec(path.absolute(), environment, about.st_mtime_ns, about.st_size)
    key = (os.getpid(), os.environ.get(ONLINE_STORE_VARIABLE))
    return _cached_store(path.absolute(), spec, online_store, key)


@lru_cache(maxsize=16)
def _spec(path: Path, environment: str | None, _modified: int, _size: int) -> "_Held":
    from mlopsc.running import project_spec

    spec = project_spec(path, environment=environment)
    assert spec is not None, "the file was there a moment ago"
    return _Held(spec)


@lru_cache(maxsize=16)
def _cached_store(
    path: Path, held: "_Held", online_store: str | None, _key: tuple[int, str | None]
) -> tuple[str, OnlineStore]:
    return opened_store(path, held.spec, online_store)


@dataclass(frozen=True, eq=False)
class _Held:
    """A spec as a key of a cache: the same object, the same spec."""

    spec: "Spec"
