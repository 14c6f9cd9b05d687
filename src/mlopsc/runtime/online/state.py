"""What an online store holds of a view besides its values, and what a store can do."""

import base64
import json
from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass, replace
from datetime import datetime
from functools import lru_cache
from typing import TYPE_CHECKING, Any, Literal, Protocol

from mlopsc.diagnostics.errors import OnlineStoreError
from mlopsc.vocabulary.online import ServedFeature, ServedFunctions
from mlopsc.vocabulary.time import format_timestamp, parse_timestamp
from mlopsc.vocabulary.views import RowFunction

if TYPE_CHECKING:
    import pyarrow as pa

FORMAT = 1
Outcome = Literal["written", "superseded"]
Row = tuple[str, str]
"""The text of a key, and the JSON list of a row: when it became true (microseconds since 1970, UTC), its columns."""


@dataclass(frozen=True)
class ViewState:
    """A materialized view: definition and instant travel with the values, so that they always fit."""

    view: str
    keys: tuple[str, ...]
    """Names of the key, as the entities of a training have them."""
    schema: str
    """Names and types of keys and columns, an Arrow schema in base64."""
    ttl: int | None
    """How old a row may be when it is read, in microseconds; inclusive."""
    until: datetime
    """The instant as of which the values hold."""
    source: str
    """Digest of the definition and of the table behind the values."""
    absent: str
    """The row of an entity that is not there."""
    rows: int = 0

    @property
    def columns(self) -> tuple[str, ...]:
        """Names of the columns, in order."""
        return tuple(_schema(self.schema).names[len(self.keys) :])

    @property
    def key_types(self) -> tuple["pa.DataType", ...]:
        """Types of the key."""
        return tuple(_schema(self.schema).types[: len(self.keys)])

    @property
    def column_types(self) -> tuple["pa.DataType", ...]:
        """Types of the columns."""
        return tuple(_schema(self.schema).types[len(self.keys) :])

    def counted(self, rows: int) -> "ViewState":
        """Return the same with its number of entities."""
        return replace(self, rows=rows)

    def to_json(self) -> str:
        """Return the state as the store keeps it."""
        return json.dumps({**vars(self), "format": FORMAT, "until": format_timestamp(self.until)})

    @staticmethod
    @lru_cache(maxsize=256)
    def from_json(text: str) -> "ViewState":
        """Return the state that a text says; raises OnlineStoreError for one of another version."""
        found: dict[str, Any] = json.loads(text)
        if found.pop("format", None) != FORMAT:
            raise OnlineStoreError(
                "the online store was written by another version of mlopsc",
                help="materialize again: mlopsc features materialize",
            )
        return ViewState(
            **found | {"keys": tuple(found["keys"]), "until": parse_timestamp(found["until"])},
        )


def packed(schema: "pa.Schema") -> str:
    """Return an Arrow schema as text."""
    return base64.b64encode(schema.remove_metadata().serialize().to_pybytes()).decode()


@lru_cache(maxsize=256)
def _schema(text: str) -> "pa.Schema":
    import pyarrow as pa

    return pa.ipc.read_schema(pa.py_buffer(base64.b64decode(text)))


@dataclass(frozen=True, eq=False)
class ServedTraining:
    """A training as it is served. One text in a store is one object, so that it is a key of caches."""

    features: tuple[ServedFeature, ...]
    """In the order of the feature table."""
    given: tuple[ServedFeature, ...] = ()
    """What a request gives for functions alone."""
    functions: tuple[RowFunction, ...] = ()
    code: str = ""
    """Digest of the project's code behind the functions, empty where none is the project's."""

    @property
    def asked(self) -> tuple[ServedFeature, ...]:
        """What the store and the request have to give."""
        return (*(one for one in self.features if one.function is None), *self.given)


def training_json(
    features: Iterable[ServedFeature], rows: ServedFunctions | None = None, code: str = ""
) -> str:
    """Return a training as the store keeps it; `code` is the digest of what is behind its functions."""
    listed = [feature.model_dump(mode="json") for feature in features]
    found = listed if rows is None else {"features": listed, **rows.model_dump(mode="json"), "code": code}
    return json.dumps(found)


@lru_cache(maxsize=256)
def training_from(text: str) -> ServedTraining:
    """Return a training as it was kept."""
    found = json.loads(text)
    if isinstance(found, list):
        return ServedTraining(tuple(map(ServedFeature.model_validate, found)))
    rows = ServedFunctions(functions=found["functions"], given=found["given"])
    features = tuple(map(ServedFeature.model_validate, found["features"]))
    return ServedTraining(features, rows.given, rows.functions, found["code"])


class OnlineStore(Protocol):
    """Keeps the materialized views of projects. Each method sees, and leaves, all of a view or nothing of it."""

    def replace(
        self,
        project: str,
        state: ViewState,
        rows: Iterable[Row],
        trainings: Mapping[str, str],
        guard: Callable[[], None],
    ) -> Outcome:
        """Put a view's rows in the place of those that are there, unless these are as of a later instant.

        `guard` is called right before the new values show, and raises where they must not.
        """
        ...

    def states(self, project: str) -> tuple[ViewState, ...]:
        """Return all views of a project, by name."""
        ...

    def trainings(self, project: str) -> Mapping[str, str]:
        """Return what trainings are served, as JSON (see `training_from`)."""
        ...

    def read(
        self, project: str, keys: Callable[[ViewState], Sequence[str]], views: Sequence[str]
    ) -> dict[str, tuple[ViewState, dict[str, str]]]:
        """Return state and rows of each view that is there, of the same moment; `keys` tells those of a state."""
        ...

    def forget(self, project: str, views: Sequence[str]) -> None:
        """Remove views."""
        ...

    def close(self) -> None:
        """Give back connections."""
        ...
