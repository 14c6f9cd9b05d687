"""The answer to a request: for each entity the features that training would have had at that instant."""

import json
from collections.abc import Mapping, Sequence
from datetime import datetime, timedelta
from typing import TYPE_CHECKING, Any

from mlopsc.diagnostics.errors import OnlineStoreError, UsageError
from mlopsc.diagnostics.suggest import did_you_mean
from mlopsc.runtime.online.codec import Mismatch, NoSuchKey, arrow_type, conform, key_text, reader, type_name
from mlopsc.runtime.online.state import OnlineStore, ServedTraining, ViewState, training_from
from mlopsc.vocabulary.online import ServedFeature
from mlopsc.vocabulary.time import format_timestamp

if TYPE_CHECKING:
    import pyarrow as pa

Entity = Mapping[str, Any]


def served(store: OnlineStore, project: str, training: str) -> ServedTraining:
    """Return a training with its features, in their order; raises UsageError when the store knows none of this name."""
    known = store.trainings(project)
    if training in known:
        return training_from(known[training])
    views = [state.view for state in store.states(project)]
    if training in views:
        raise UsageError(
            f"{training!r} is a view, not a training", help=f"give views as a list: [{training!r}]"
        )
    help = did_you_mean(training, known, noun="there are:") if known else None
    raise UsageError(
        f"the online store holds nothing for a training {training!r} of project {project!r}",
        help=help or "materialize its views: mlopsc features materialize",
    )


def answer(
    store: OnlineStore,
    project: str,
    features: Sequence[ServedFeature] | None,
    views: Sequence[str],
    entities: Sequence[Entity],
    at: datetime,
) -> tuple[list[dict[str, Any]], dict[str, "pa.DataType | None"], dict[str, datetime]]:
    """Return a row for each entity, the types of its columns, and the instant as of which each view's values hold.

    Without `features`, the rows have all columns of the views. Raises OnlineStoreError for a view that is not there, or
    that holds what came after `at`; UsageError for an entity without a key or feature, or with one of another type.
    """
    keys: dict[str, list[str | None]] = {}

    def wanted(state: ViewState) -> list[str]:
        keys[state.view] = [_key(state, number, entity) for number, entity in enumerate(entities)]
        return list(dict.fromkeys(key for key in keys[state.view] if key is not None))

    found = store.read(project, wanted, views)
    for view in views:
        _require(found, view, project, at)
    columns = {
        (state.view, name): (position, kind)
        for state, _ in found.values()
        for position, (name, kind) in enumerate(zip(state.columns, state.column_types, strict=True), 1)
    }
    if features is None:
        features = [ServedFeature(name=name, view=view) for view, name in columns]
        _require_distinct(features)
    rows: list[dict[str, Any]] = [{} for _ in entities]
    types: dict[str, pa.DataType | None] = {}
    lists = {
        view: [_row(state, values, key, at) for key in keys[view]] for view, (state, values) in found.items()
    }
    for feature in features:
        if feature.view is None:
            types[feature.name] = kind = arrow_type(feature.type)
            for number, entity in enumerate(entities):
                rows[number][feature.name] = _given(feature.name, kind, number, entity)
            continue
        if (feature.view, feature.name) not in columns:
            raise OnlineStoreError(
                f"view '{feature.view}' was materialized without a column '{feature.name}'",
                help=f"materialize it again: mlopsc features materialize {feature.view}",
            )
        position, kind = columns[feature.view, feature.name]
        read = reader(kind)
        types[feature.name] = kind
        for row, values in zip(rows, lists[feature.view], strict=True):
            value = values[position]
            row[feature.name] = None if value is None else read(value)
    return rows, types, {view: state.until for view, (state, _) in found.items()}


def _require(found: Mapping[str, tuple[ViewState, Any]], view: str, project: str, at: datetime) -> None:
    if view not in found:
        hint = did_you_mean(view, found, noun="there are:") if found else None
        raise OnlineStoreError(
            f"the online store holds no view {view!r} of project {project!r}",
            help=hint or f"materialize it: mlopsc features materialize {view}",
        )
    until = found[view][0].until
    if until > at:
        raise OnlineStoreError(
            f"view '{view}' was materialized as of {format_timestamp(until)}, which is later than the instant asked "
            f"for, {format_timestamp(at)}: the online store holds no history",
            help="ask for a later instant, or join at a point in time (mlopsc.point_in_time_join)",
        )


def _require_distinct(features: Sequence[ServedFeature]) -> None:
    seen: dict[str, str | None] = {}
    for feature in features:
        if feature.name in seen:
            raise UsageError(
                f"views '{seen[feature.name]}' and '{feature.view}' both have a column '{feature.name}'",
                help="ask for them one after the other",
            )
        seen[feature.name] = feature.view


def _key(state: ViewState, number: int, entity: Entity) -> str | None:
    """Return the text of an entity's key, None for one that matches nothing."""
    values = []
    for name, kind in zip(state.keys, state.key_types, strict=True):
        if name not in entity:
            raise UsageError(
                f"entity {number} has no {name!r}, the key of view '{state.view}'",
                help=did_you_mean(name, entity, noun="it has:"),
            )
        try:
            values.append(conform(entity[name], kind))
        except Mismatch as expected:
            raise _mismatch(number, name, entity, str(expected)) from None
        except NoSuchKey:
            return None
    try:
        return key_text(values, state.key_types)
    except NoSuchKey:
        return None


def _given(name: str, kind: "pa.DataType | None", number: int, entity: Entity) -> Any:
    """Return a value that comes with the request."""
    if name not in entity:
        raise UsageError(
            f"entity {number} has no {name!r}, which no view holds: the request gives it",
            help=did_you_mean(name, entity, noun="it has:"),
        )
    if kind is None:
        return entity[name]
    try:
        return conform(entity[name], kind)
    except (Mismatch, NoSuchKey):
        raise _mismatch(number, name, entity, type_name(kind)) from None


def _mismatch(number: int, name: str, entity: Entity, expected: str) -> UsageError:
    found = type(entity[name]).__name__
    return UsageError(f"entity {number}: {name!r} is {entity[name]!r} ({found}), expected {expected}")


def _row(state: ViewState, values: Mapping[str, str], key: str | None, at: datetime) -> list[Any]:
    """Return a row as it was stored; that of an entity that is not there when it is older than `ttl`."""
    found = values.get(key) if key is not None else None
    row: list[Any] = json.loads(found if found is not None else state.absent)
    if state.ttl is None or row[0] is None:
        return row
    age = (at - datetime(1970, 1, 1, tzinfo=at.tzinfo)) // timedelta(microseconds=1) - row[0]
    return row if age <= state.ttl else json.loads(state.absent)
