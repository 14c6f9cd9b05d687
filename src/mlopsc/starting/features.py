"""Which columns a model may learn from, and why the others are left out."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass

from mlopsc.profiling.columns import ColumnProfile
from mlopsc.profiling.leaks import Leak
from mlopsc.profiling.names import names_entity, names_identifier
from mlopsc.starting.draft import LeftOut
from mlopsc.vocabulary.columns import is_integer, is_numeric

_MOST, _OFTEN = 255, 5


@dataclass(frozen=True)
class Choice:
    """Features in the order of the file, those of them that are numbers but name things, and the rest with reasons."""

    features: tuple[str, ...]
    categorical: tuple[str, ...]
    left_out: tuple[LeftOut, ...]


def choose(
    columns: Mapping[str, ColumnProfile],
    *,
    label: str,
    key: Sequence[str],
    event_time: str | None,
    group: str | None,
    leaks: Sequence[Leak],
) -> Choice:
    """Return what to learn from. Columns with one reason stand together; leaks come first."""
    given_away = {name: leak for leak in leaks for name in leak.columns}
    reasons: dict[str, str | None] = {}
    for name, one in columns.items():
        if name != label and name not in given_away:
            reasons[name] = _reason(one, key=key, event_time=event_time, group=group)
    features = tuple(name for name, reason in reasons.items() if reason is None)
    together: dict[str, list[str]] = {}
    for name, reason in reasons.items():
        if reason is not None:
            together.setdefault(reason, []).append(name)
    left_out = [LeftOut(leak.columns, leak.reason) for leak in leaks]  # first: they matter most
    left_out += [LeftOut(tuple(names), reason) for reason, names in together.items()]
    codes = tuple(name for name in features if is_integer(columns[name].type) and names_entity(name))
    return Choice(features, codes, tuple(left_out))


def entity_of(columns: Mapping[str, ColumnProfile], label: str, key: Sequence[str]) -> str | None:
    """Return the column whose values several rows share because they belong together, such as `patient_id`."""
    for name, one in columns.items():
        if name == label or (name,) == tuple(key) or not (one.type == "string" or is_integer(one.type)):
            continue
        if names_entity(name) and not one.nulls and one.distinct >= 20 and 1.5 * one.distinct <= one.filled:
            return name
    return None


def _reason(
    one: ColumnProfile, *, key: Sequence[str], event_time: str | None, group: str | None
) -> str | None:
    if (one.name,) == tuple(key):
        return "the primary key: a model could only learn it by heart"
    if one.name == event_time:
        return "the event time: no estimator takes one; in an SQL view, its hour or weekday is a number"
    if one.name == group:
        return "what rows belong to: the model shall do for others, too"
    if one.type in ("date", "timestamp", "time"):
        return f"a {one.type}: no estimator takes one; derive numbers from it in an SQL view"
    if one.type in ("nested", "binary"):
        return f"{one.type}: no estimator takes that"
    if not one.filled:
        return "has no value"
    if one.distinct == 1 and not one.nulls:
        return f"is always {_shown(one)}"
    if one.distinct == 1 and one.null_share > 0.99:
        return "has hardly any value"
    if one.infinite:
        return f"is infinite in {one.infinite:,} rows"
    if one.unique and (one.type == "string" or (is_integer(one.type) and names_identifier(one.name))):
        return "different in every row"
    if one.odd is not None:
        return f"text, though {one.numbers:,} of {one.filled:,} values are numbers; the first other one is {one.odd!r}"
    if one.type == "string" and (one.distinct > _MOST or one.distinct * _OFTEN > one.filled):
        return f"{one.distinct:,} different texts: too many to learn from; group them in an SQL view"
    if is_numeric(one.type) and names_entity(one.name) and one.distinct > _MOST:
        return "an identifier, not a quantity"
    return None


def _shown(one: ColumnProfile) -> str:
    return repr(one.values[0][0]) if one.values else "the same"
