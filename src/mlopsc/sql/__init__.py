"""SQL that users write, checked before it touches data: parsed, found harmless, bound to known columns.

Compiler and runtime share this package, so it stands below both. `check_safe` looks at the parse tree only
and guards every place that runs a user's SQL; `Binder` resolves names and types against declared schemas at
compile time. DuckDB is imported by the functions that need it, never by importing this package.
"""

from mlopsc.sql.binder import Binder
from mlopsc.sql.bound import Bound, BoundQuery, ColumnUse
from mlopsc.sql.faults import SqlFault
from mlopsc.sql.safety import check_safe

__all__ = ["Binder", "Bound", "BoundQuery", "ColumnUse", "SqlFault", "check_safe"]
