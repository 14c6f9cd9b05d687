"""DuckDB's types in Spark's words: what holds every value of the type without loss."""

import re

from mlopsc.diagnostics.errors import MlopscError

_PLAIN = {
    "BOOLEAN": "boolean",
    "TINYINT": "tinyint",
    "SMALLINT": "smallint",
    "INTEGER": "int",
    "BIGINT": "bigint",
    "HUGEINT": "decimal(38,0)",
    "UTINYINT": "smallint",
    "USMALLINT": "int",
    "UINTEGER": "bigint",
    "UBIGINT": "decimal(20,0)",
    "FLOAT": "float",
    "DOUBLE": "double",
    "VARCHAR": "string",
    "BLOB": "binary",
    "DATE": "date",
    "TIME": "time(6)",
    "TIMESTAMP": "timestamp_ntz",
    "TIMESTAMP_S": "timestamp_ntz",
    "TIMESTAMP_MS": "timestamp_ntz",
    "TIMESTAMP WITH TIME ZONE": "timestamp",
    "UUID": "string",
    "JSON": "string",
    '"NULL"': "string",
    "NULL": "string",
}
_DECIMAL = re.compile(r"DECIMAL\((\d+), ?(\d+)\)")
_FIELD = re.compile(r'\s*(?:"((?:[^"]|"")+)"|([^\s",]+))\s+(.*)', re.DOTALL)

SIGNED = ("TINYINT", "SMALLINT", "INTEGER", "BIGINT")
FLOATS = ("FLOAT", "DOUBLE")
WHOLE = (*SIGNED, "HUGEINT", "UTINYINT", "USMALLINT", "UINTEGER", "UBIGINT")


def to_spark(kind: str) -> str:
    """Return Spark's type for values of DuckDB's; raises MlopscError where there is none."""
    if found := _PLAIN.get(kind):
        return found
    if decimal := _DECIMAL.fullmatch(kind):
        return f"decimal({decimal[1]},{decimal[2]})"
    if kind.endswith("[]"):
        return f"array<{to_spark(kind[:-2])}>"
    if kind.startswith("ENUM("):
        return "string"
    if kind.startswith("MAP("):
        key, value = split(kind[4:-1])
        return f"map<{to_spark(key)},{to_spark(value)}>"
    if kind.startswith(("STRUCT(", "TUPLE(")):
        members = ",".join(f"`{name}`:{to_spark(type_)}" for name, type_ in fields(kind))
        return f"struct<{members}>"
    raise MlopscError(
        f"the Spark engine has no counterpart for DuckDB's type {kind.lower()}",
        help="cast the column to another type, an interval for example to a number of seconds",
    )


def storage(kind: str) -> str:
    """Return DuckDB's type whose Arrow form is that of Spark's type for `kind`."""
    spark = to_spark(kind)
    if spark.startswith("decimal("):
        return spark.upper()
    if kind.endswith("[]"):
        return f"{storage(kind[:-2])}[]"
    if kind.startswith(("STRUCT(", "TUPLE(")):
        members = (f'"{name.replace(chr(34), chr(34) * 2)}" {storage(type_)}' for name, type_ in fields(kind))
        return f"STRUCT({', '.join(members)})"
    if kind.startswith("MAP("):
        return f"MAP({', '.join(storage(part) for part in split(kind[4:-1]))})"
    widened = {"UTINYINT": "SMALLINT", "USMALLINT": "INTEGER", "UINTEGER": "BIGINT"}
    if kind in widened:
        return widened[kind]
    return "VARCHAR" if spark == "string" else kind


def fields(kind: str) -> list[tuple[str, str]]:
    """Return the members of a STRUCT, or of a TUPLE under the names `v0`, `v1`, …: name and type."""
    inner = split(kind.partition("(")[2][:-1])
    if kind.startswith("TUPLE("):
        return [(f"v{i}", type_) for i, type_ in enumerate(inner)]
    found = []
    for part in inner:
        match = _FIELD.fullmatch(part)
        assert match is not None, part
        found.append((match[1].replace('""', '"') if match[1] else match[2], match[3]))
    return found


def split(text: str) -> list[str]:
    """Return the parts between commas that stand in no brackets or quotes."""
    parts, depth, quote, start = [], 0, "", 0
    for i, sign in enumerate(text):
        if quote:
            quote = "" if sign == quote else quote
        elif sign in "\"'":
            quote = sign
        elif sign in "([":
            depth += 1
        elif sign in ")]":
            depth -= 1
        elif sign == "," and depth == 0:
            parts.append(text[start:i].strip())
            start = i + 1
    return [*parts, text[start:].strip()]


def is_decimal(kind: str) -> bool:
    """Say whether it is a decimal."""
    return kind.startswith("DECIMAL(")


def is_number(kind: str) -> bool:
    """Say whether it is a number of any kind."""
    return kind in WHOLE or kind in FLOATS or is_decimal(kind)


def same_order(a: str, b: str) -> bool:
    """Say whether values of both types compare as they do in DuckDB when Spark compares them."""
    if a.startswith(("STRUCT(", "TUPLE(")):  # a null within is the greatest in DuckDB, the least in Spark
        return False
    return a == b or (is_number(a) and is_number(b)) or '"NULL"' in (a, b)
