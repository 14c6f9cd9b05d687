"""Relational work: DuckDB, embedded, told what to do by statements that sqlglot builds.

Names become identifiers and values become literals of the syntax tree; no text is ever pasted into SQL.
"""

from mlopsc.runtime.engine.connection import connect
from mlopsc.runtime.engine.parquet import describe, read_schema, write_parquet
from mlopsc.runtime.engine.statement import column, fragment, identifier, literal, scan, text

__all__ = [
    "column",
    "connect",
    "describe",
    "fragment",
    "identifier",
    "literal",
    "read_schema",
    "scan",
    "text",
    "write_parquet",
]
