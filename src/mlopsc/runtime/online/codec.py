"""Values as JSON and back without loss, by their Arrow types; keys as texts that are equal when SQL says so."""

import base64
import json
import math
from collections.abc import Callable, Mapping, Sequence
from datetime import UTC, date, datetime, time, timedelta
from decimal import Decimal, InvalidOperation, localcontext
from typing import TYPE_CHECKING, Any

from mlopsc.vocabulary.columns import from_duckdb
from mlopsc.vocabulary.time import parse_timestamp

if TYPE_CHECKING:
    import pyarrow as pa

_EPOCH = datetime(1970, 1, 1, tzinfo=UTC)
_EPOCH_DAY = _EPOCH.toordinal()
_MICROSECOND = timedelta(microseconds=1)
_DIGITS = 200
"""More than any decimal column's, so that nothing is rounded."""

Codec = Callable[[Any], Any]


class Mismatch(Exception):
    """A value that is not of a column's type; its text is what was expected."""


class NoSuchKey(Exception):
    """A value of a type that suits a key, which no row can have: null, NaN, a half as a whole number."""


def type_name(kind: "pa.DataType") -> str:
    """Return the column type that Arrow's type is; what has no other counterpart is `nested`."""
    import pyarrow as pa

    if pa.types.is_timestamp(kind):
        return "timestamp"
    if pa.types.is_decimal(kind):
        return f"decimal({kind.precision},{kind.scale})"
    names = {
        pa.bool_(): "bool", pa.float32(): "float32", pa.float64(): "float64", pa.date32(): "date",
        pa.time64("us"): "time", pa.string(): "string", pa.large_string(): "string",
        pa.binary(): "binary", pa.large_binary(): "binary",
    }  # fmt: skip
    return str(kind) if pa.types.is_integer(kind) else names.get(kind, from_duckdb(str(kind)))


def arrow_type(name: str | None) -> "pa.DataType | None":
    """Return the Arrow type of a column type, None for one that is not known or nested."""
    import pyarrow as pa

    match name:
        case None | "nested":
            return None
        case "timestamp":
            return pa.timestamp("us", tz="UTC")
        case "date":
            return pa.date32()
        case "time":
            return pa.time64("us")
        case "bool":
            return pa.bool_()
        case _ if name.startswith("decimal("):
            return pa.decimal128(*map(int, name.removeprefix("decimal(").removesuffix(")").split(",")))
        case _:
            return pa.type_for_alias(name)


def written(columns: Sequence["pa.Array"]) -> list[str]:
    """Return each row of the columns as one JSON list."""
    texts = [listed(column) for column in columns]
    dump = json.JSONEncoder(ensure_ascii=False, allow_nan=False, separators=(",", ":")).encode
    return [dump(row) for row in zip(*texts, strict=True)]


def reader(kind: "pa.DataType") -> Codec:
    """Return what turns a JSON value back into one of the type."""
    import pyarrow as pa

    types = pa.types
    if types.is_floating(kind):
        return float
    if types.is_decimal(kind):
        return Decimal
    if types.is_timestamp(kind):
        return lambda value: _EPOCH + timedelta(microseconds=value)
    if types.is_date(kind):
        return lambda value: date.fromordinal(_EPOCH_DAY + value)
    if types.is_time(kind):
        return lambda value: (_EPOCH + timedelta(microseconds=value)).time()
    if types.is_binary(kind) or types.is_large_binary(kind):
        return base64.b64decode
    if types.is_map(kind):
        first, second = _lenient(reader(kind.key_type)), _lenient(reader(kind.item_type))
        return lambda value: [(first(key), second(item)) for key, item in value]
    if types.is_struct(kind):
        parts = {field.name: _lenient(reader(field.type)) for field in kind}
        return lambda value: {name: part(value[name]) for name, part in parts.items()}
    if types.is_list(kind) or types.is_large_list(kind) or types.is_fixed_size_list(kind):
        item = _lenient(reader(kind.value_type))
        return lambda value: [item(one) for one in value]
    return _same


def key_text(values: Sequence[Any], kinds: Sequence["pa.DataType"]) -> str:
    """Return the text that a key has in the store; `values` are of the types.

    Raises NoSuchKey for a key that matches nothing.
    """
    parts = []
    for value, kind in zip(values, kinds, strict=True):
        if value is None or (isinstance(value, float) and math.isnan(value)):
            raise NoSuchKey
        # Minus zero equals zero.
        parts.append(_scalar(value + 0.0 if isinstance(value, float) else value, kind))
    return json.dumps(parts, ensure_ascii=False, separators=(",", ":"))


def conform(value: Any, kind: "pa.DataType") -> Any:
    """Return a value of a request as one of the type, None for a null; nothing is coerced that would change.

    Raises Mismatch for a value of another type, NoSuchKey for one that no value of the type equals.
    """
    import pyarrow as pa

    types = pa.types
    if hasattr(value, "item") and type(value).__module__.partition(".")[0] == "numpy":
        value = value.item()
    if value is None or type(value).__name__ in ("NAType", "NaTType"):
        return None
    number = isinstance(value, int | float | Decimal) and not isinstance(value, bool)
    if types.is_integer(kind) and number:
        if not math.isfinite(value) or value != int(value):
            raise NoSuchKey
        return int(value)
    if types.is_floating(kind) and number:
        return _float32(float(value)) if types.is_float32(kind) else float(value)
    if types.is_decimal(kind) and isinstance(value, int | Decimal) and number:
        return _decimal(Decimal(value), kind)
    if types.is_timestamp(kind) and isinstance(value, datetime):
        return (value.replace(tzinfo=UTC) if value.tzinfo is None else value).astimezone(UTC)
    if types.is_timestamp(kind) and isinstance(value, str):
        return _parsed(parse_timestamp, value, "a timestamp such as 2013-12-31T00:00:00Z")
    if types.is_date(kind) and isinstance(value, str):
        return _parsed(date.fromisoformat, value, "a date such as 2013-12-31")
    if types.is_date(kind) and isinstance(value, date) and not isinstance(value, datetime):
        return value
    plain = (
        (types.is_boolean, bool), (types.is_time, time), (types.is_string, str), (types.is_large_string, str),
        (types.is_binary, bytes), (types.is_large_binary, bytes),
    )  # fmt: skip
    if any(is_one(kind) and isinstance(value, python) for is_one, python in plain):
        return value
    if types.is_nested(kind):
        return value
    raise Mismatch(type_name(kind))


def _parsed(parse: Callable[[str], Any], text: str, expected: str) -> Any:
    try:
        return parse(text)
    except ValueError:
        raise Mismatch(expected) from None


def _decimal(value: Decimal, kind: "pa.DataType") -> Decimal:
    with localcontext(prec=_DIGITS):
        try:
            exact = value.quantize(Decimal(1).scaleb(-kind.scale))
        except InvalidOperation:
            raise NoSuchKey from None
        if exact != value or abs(exact) >= Decimal(10).scaleb(kind.precision - kind.scale - 1):
            raise NoSuchKey
    return exact


def _float32(value: float) -> float:
    import struct

    try:
        return float(struct.unpack("f", struct.pack("f", value))[0])
    except OverflowError:
        return math.copysign(math.inf, value)


def listed(column: "pa.Array") -> list[Any]:
    """Return a column's values as JSON has them; what Arrow can do for a whole column is left to it."""
    import pyarrow as pa

    kind = column.type
    if pa.types.is_timestamp(kind) or pa.types.is_time(kind):
        micros = pa.timestamp("us", tz=kind.tz) if pa.types.is_timestamp(kind) else pa.time64("us")
        return column.cast(micros).cast(pa.int64()).to_pylist()  # type: ignore[no-any-return]
    if pa.types.is_date(kind):
        return column.cast(pa.date32()).cast(pa.int32()).to_pylist()  # type: ignore[no-any-return]
    values: list[Any] = column.to_pylist()
    if pa.types.is_boolean(kind) or pa.types.is_integer(kind) or pa.types.is_string(kind):
        return values
    return [None if value is None else _scalar(value, kind) for value in values]


def _scalar(value: Any, kind: "pa.DataType") -> Any:
    """Return a value as JSON has it."""
    match value:
        case None | bool() | str() | int():
            return value
        case float():
            return value if math.isfinite(value) else str(value)
        case Decimal():
            return str(value)
        case datetime():
            return (value.replace(tzinfo=value.tzinfo or UTC) - _EPOCH) // _MICROSECOND
        case date():
            return value.toordinal() - _EPOCH_DAY
        case time():
            return (datetime.combine(_EPOCH, value, tzinfo=UTC) - _EPOCH) // _MICROSECOND
        case bytes():
            return base64.b64encode(value).decode()
        case Mapping():
            return {field.name: _scalar(value[field.name], field.type) for field in kind}
        case list() if hasattr(kind, "key_type"):
            return [[_scalar(key, kind.key_type), _scalar(item, kind.item_type)] for key, item in value]
        case list():
            return [_scalar(item, kind.value_type) for item in value]
        case _:
            raise TypeError(f"no JSON for a {type(value).__name__}")


def _lenient(read: Codec) -> Codec:
    return lambda value: None if value is None else read(value)


def _same(value: Any) -> Any:
    return value
