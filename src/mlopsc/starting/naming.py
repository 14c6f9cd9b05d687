"""Names of the spec's things, from names of files and columns."""

import re
import unicodedata
from functools import cache
from typing import get_args

from mlopsc.diagnostics.errors import UsageError
from mlopsc.vocabulary.names import Name

_NAME = get_args(Name)[1].pattern


def slug(text: str, otherwise: str) -> str:
    """Return a name as the spec has them: small letters, digits and underscores, at most 63."""
    plain = unicodedata.normalize("NFKD", text).encode("ascii", "ignore").decode()
    parted = re.sub(r"(?<=[a-z0-9])(?=[A-Z])", "_", plain)
    name = re.sub(r"[^a-z0-9]+", "_", parted.lower()).strip("_")
    name = re.sub(r"^[^a-z]+", "", name)
    return name[:63].rstrip("_") or otherwise


def require_name(text: str, option: str) -> str:
    """Return a name that a spec accepts; raises UsageError for another text."""
    if re.fullmatch(_NAME, text):
        return text
    help = "expected a letter, then letters, digits or underscores, at most 63"
    raise UsageError(f"{option} {text!r} is no name", help=f"{help}; such as {slug(text, 'data')}")


def monitor_name(training: str) -> str:
    """Return the name of the monitor of a training's model."""
    return f"{training[:57]}_drift"


def sql_name(column: str) -> str:
    """Return a column's name as SQL has it: in double quotes unless it can do without."""
    if re.fullmatch(r"[A-Za-z_][A-Za-z0-9_]*", column) and column.lower() not in _reserved():
        return column
    return '"' + column.replace('"', '""') + '"'


@cache
def _reserved() -> frozenset[str]:
    import duckdb

    with duckdb.connect() as connection:
        rows = connection.execute(
            "select keyword_name from duckdb_keywords() where keyword_category <> 'unreserved'"
        ).fetchall()
    return frozenset(row[0] for row in rows)
