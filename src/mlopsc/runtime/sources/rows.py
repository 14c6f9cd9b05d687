"""Rows of Python values, as drivers of databases give them, into one Parquet file; memory holds a batch.

A column's type is that of its values: nothing is coerced but whole numbers among other numbers, where that is exact.
"""

import json
from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass
from datetime import date, datetime, time, timedelta
from decimal import Decimal
from enum import Enum
from pathlib import Path
from typing import TYPE_CHECKING, Any, Literal
from uuid import UUID

from mlopsc.diagnostics.errors import MlopscError

if TYPE_CHECKING:
    import pyarrow as pa

_DIGITS = 38
_WORDS = {
    "int": "whole numbers",
    "uint": "whole numbers",
    "bool": "truth values",
    "float": "floats",
    "decimal": "decimals",
    "string": "text",
    "binary": "bytes",
    "date": "dates",
    "time": "times",
    "local": "timestamps without a time zone",
    "instant": "timestamps with a time zone",
    "json": "JSON values",
}


@dataclass(frozen=True, slots=True)
class Kind:
    """What the values of a column are; a decimal has `scale` digits after the point."""

    name: Literal[
        "bool",
        "int",
        "uint",
        "float",
        "decimal",
        "string",
        "binary",
        "date",
        "time",
        "local",
        "instant",
        "json",
    ]
    """`local` and `instant` are timestamps, without and with a time zone."""
    scale: int = 0


_JSON = Kind("json")


def spool_rows(
    batches: Iterable[Sequence[Sequence[Any]]],
    names: Sequence[str],
    out: Path,
    *,
    label: str,
    known: Sequence[Kind | None] = (),
) -> None:
    """Write rows to one Parquet file; `known` is what the database says of the columns.

    A column without values, of which nothing is known, is of type string. Raises MlopscError for a column that mixes
    types, and for values that no column can hold.
    """
    import pyarrow.parquet as pq

    kinds: list[Kind | None] = list(known) or [None] * len(names)
    parts: list[tuple[Path, tuple[Kind | None, ...]]] = []
    writer: pq.ParquetWriter | None = None
    try:
        for rows in batches:
            columns = list(zip(*rows, strict=True)) if rows else [()] * len(names)
            for number, values in enumerate(columns):
                kinds[number] = _kind(values, kinds[number], f"{label}: column {names[number]!r}")
            if writer is None or parts[-1][1] != tuple(kinds):
                if writer is not None:
                    writer.close()
                parts.append((out.with_name(f"{out.name}-{len(parts)}"), tuple(kinds)))
                writer = pq.ParquetWriter(parts[-1][0], _schema(names, kinds), compression="zstd")
            writer.write_table(_table(names, kinds, columns, label))
    finally:
        if writer is not None:
            writer.close()
    final = [kind or Kind("string") for kind in kinds]
    if len(parts) == 1 and None not in kinds:
        parts[0][0].rename(out)
        return
    _joined([path for path, _ in parts], _schema(names, final), out, label)


def _kind(values: Sequence[Any], found: Kind | None, place: str) -> Kind | None:
    """Return the kind of a column that held values of kind `found` before, and holds these too."""
    if found == _JSON:
        return found
    for type_ in sorted(set(map(type, values)) - {type(None)}, key=lambda type_: type_.__name__):
        found = _merged(found, _kind_of(type_, values, place), place)
    return found


def _kind_of(type_: type, values: Sequence[Any], place: str) -> Kind:
    own: Callable[[], Iterable[Any]] = lambda: (value for value in values if type(value) is type_)  # noqa: E731
    if issubclass(type_, bool):
        return Kind("bool")
    if issubclass(type_, int):
        return _whole(min(own()), max(own()), place)
    if issubclass(type_, float):
        return Kind("float")
    if issubclass(type_, Decimal):
        return _decimal(own(), place)
    if issubclass(type_, str | UUID | Enum):
        return Kind("string")
    if issubclass(type_, bytes | bytearray | memoryview):
        return Kind("binary")
    if issubclass(type_, datetime):
        zones = {value.tzinfo is not None for value in own()}
        if len(zones) > 1:
            raise _mixed(place, "instant", "local")
        return Kind("instant" if zones == {True} else "local")
    if issubclass(type_, date):
        return Kind("date")
    if issubclass(type_, time):
        if any(value.tzinfo is not None for value in own()):
            raise MlopscError(f"{place} holds times with a time zone", help="cast it in the query")
        return Kind("time")
    if issubclass(type_, dict | list | tuple):
        return _JSON
    what = "intervals" if issubclass(type_, timedelta) else f"values of Python's type {type_.__qualname__}"
    cast = "a number of seconds" if issubclass(type_, timedelta) else "text"
    raise MlopscError(
        f"{place} holds {what}, which a table cannot hold", help=f"cast it in the query, to {cast}"
    )


def _whole(least: int, most: int, place: str) -> Kind:
    if least >= -(2**63) and most < 2**63:
        return Kind("int")
    if least >= 0 and most < 2**64:
        return Kind("uint")
    if max(-least, most) < 10**_DIGITS:
        return Kind("decimal")
    raise MlopscError(
        f"{place} holds numbers of more than {_DIGITS} digits", help="cast it in the query, to text"
    )


def _decimal(values: Iterable[Decimal], place: str) -> Kind:
    whole = scale = 0
    for value in values:
        if not value.is_finite():
            raise MlopscError(
                f"{place} holds {value}, which no decimal can be",
                help="cast it in the query, to a float, or to null",
            )
        exponent = value.as_tuple().exponent
        assert isinstance(exponent, int)
        scale, whole = max(scale, -exponent), max(whole, value.adjusted() + 1)
    if scale + whole > _DIGITS:
        raise MlopscError(
            f"{place} needs decimals of {whole} digits before the point and {scale} after, "
            f"more than {_DIGITS} together",
            help="cast it in the query",
        )
    return Kind("decimal", scale)


def _merged(one: Kind | None, other: Kind | None, place: str) -> Kind | None:
    if one is None or other is None or one == other:
        return one or other
    names = {one.name, other.name}
    if names == {"decimal"}:
        return Kind("decimal", max(one.scale, other.scale))
    if names == {"int", "uint"}:
        return Kind("decimal")
    if names <= {"int", "uint", "decimal"}:
        return one if one.name == "decimal" else other
    if names <= {"int", "uint", "float"}:
        return Kind("float")
    raise _mixed(place, *sorted(names))


def _mixed(place: str, *names: str) -> MlopscError:
    words = " and ".join(dict.fromkeys(_WORDS[name] for name in names))
    return MlopscError(
        f"{place} holds values of several types: {words}",
        help="make them one type in the query; nothing is converted silently",
    )


def _schema(names: Sequence[str], kinds: Sequence[Kind | None]) -> "pa.Schema":
    import pyarrow as pa

    types: dict[str, pa.DataType] = {
        "bool": pa.bool_(),
        "int": pa.int64(),
        "uint": pa.uint64(),
        "float": pa.float64(),
        "string": pa.string(),
        "json": pa.string(),
        "binary": pa.binary(),
        "date": pa.date32(),
        "time": pa.time64("us"),
        "local": pa.timestamp("us"),
        "instant": pa.timestamp("us", "UTC"),
    }
    fields = []
    for name, kind in zip(names, kinds, strict=True):
        if kind is None:
            fields.append(pa.field(name, pa.null()))
        else:
            fields.append(pa.field(name, types.get(kind.name) or pa.decimal128(_DIGITS, kind.scale)))
    return pa.schema(fields)


def _table(
    names: Sequence[str], kinds: Sequence[Kind | None], columns: Sequence[Sequence[Any]], label: str
) -> "pa.Table":
    import pyarrow as pa

    schema = _schema(names, kinds)
    arrays = []
    for field, kind, values in zip(schema, kinds, columns, strict=True):
        place = f"{label}: column {field.name!r}"
        try:
            arrays.append(pa.array(_plain(values, kind, place), field.type))
        except (pa.ArrowInvalid, pa.ArrowTypeError, OverflowError) as error:
            raise MlopscError(
                f"{place} cannot be read as {_WORDS[kind.name] if kind else 'null'}: {error}"
            ) from error
    return pa.Table.from_arrays(arrays, schema=schema)


def _plain(values: Sequence[Any], kind: Kind | None, place: str) -> Sequence[Any]:
    """Return values as Arrow takes them."""
    match kind:
        case Kind("json"):
            return [None if value is None else _json(value, place) for value in values]
        case Kind("string"):
            return [value if value is None or type(value) is str else _text(value) for value in values]
        case Kind("binary"):
            return [None if value is None else bytes(value) for value in values]
        case Kind("float"):
            return [_exact(value, place) if isinstance(value, int) else value for value in values]
        case Kind("decimal"):
            return [Decimal(value) if isinstance(value, int) else value for value in values]
        case _:
            return values


def _text(value: Any) -> str:
    return str(value.value if isinstance(value, Enum) else value)


def _exact(value: int, place: str) -> float:
    if int(float(value)) != value:
        raise MlopscError(
            f"{place} holds floats, and the whole number {value}, which no float is",
            help="cast it in the query",
        )
    return float(value)


def _json(value: Any, place: str) -> str:
    try:
        return json.dumps(value, ensure_ascii=False, sort_keys=True, separators=(",", ":"), allow_nan=False)
    except (TypeError, ValueError) as error:
        raise MlopscError(
            f"{place} holds what JSON cannot say: {error}", help="cast it in the query"
        ) from error


def _joined(paths: Sequence[Path], schema: "pa.Schema", out: Path, label: str) -> None:
    """Write files whose types widened from one to the next as one file of the last types."""
    import pyarrow as pa
    import pyarrow.parquet as pq

    with pq.ParquetWriter(out, schema, compression="zstd") as writer:
        for path in paths:
            with pq.ParquetFile(path) as file:
                for batch in file.iter_batches():
                    try:
                        writer.write_table(pa.Table.from_batches([batch]).cast(schema))
                    except pa.ArrowInvalid as error:
                        raise MlopscError(
                            f"{label}: a column's values widen to a type that some do not fit: {error}",
                            help="cast it in the query",
                        ) from error
            path.unlink()
