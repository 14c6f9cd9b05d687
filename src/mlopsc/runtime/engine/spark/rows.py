"""Expressions over one row that DuckDB computes in Spark's Python workers.

Workers import this module alone: it needs DuckDB and pyarrow there, and mlopsc.
"""

from collections.abc import Callable, Sequence
from functools import lru_cache
from typing import Any

PythonFunction = tuple[str, Callable[..., Any], tuple[str, ...], str]
"""A function of Python that an expression calls: its name in SQL, itself, its parameters' types, its own."""

_CACHED = 100_000
_open: list[Any] = []
_known: set[str] = set()


def row_function(
    expression: str, kinds: Sequence[str], storage: str, functions: Sequence[PythonFunction] = ()
) -> Callable[..., Any]:
    """Return the function of Arrow arrays `a0`, `a1`, … that DuckDB's `expression` is.

    `kinds` are the arguments' types in DuckDB, `storage` the type of what comes out.
    """
    arguments = ", ".join(f"CAST(a{i} AS {kind}) AS a{i}" for i, kind in enumerate(kinds))
    query = f"SELECT CAST(({expression}) AS {storage}) FROM (SELECT {arguments} FROM batch)"  # noqa: S608

    called = tuple(functions)

    def compute(*arrays: Any) -> Any:
        return evaluate(query, arrays, called)

    return compute


def evaluate(query: str, arrays: Sequence[Any], functions: Sequence[PythonFunction] = ()) -> Any:
    """Return what the query over the table `batch` of columns `a0`, `a1`, … gives, in the rows' order."""
    import pyarrow as pa

    connection = _connection()
    for name, function, parameters, kind in functions:
        if name not in _known:
            connection.create_function(name, lru_cache(_CACHED)(function), list(parameters), kind)
            _known.add(name)
    connection.register("batch", pa.table({f"a{i}": array for i, array in enumerate(arrays)}))
    found = connection.sql(query).to_arrow_table().column(0)
    connection.unregister("batch")
    return pa.concat_arrays(found.chunks) if found.num_chunks else pa.array([], found.type)


def _connection() -> Any:
    if not _open:
        import duckdb

        config: dict[str, Any] = {
            "threads": 1,
            "enable_external_access": "false",
            "autoload_known_extensions": "false",
            "autoinstall_known_extensions": "false",
            "python_enable_replacements": "false",
        }
        connection = duckdb.connect(config=config)
        connection.execute("SET TimeZone = 'UTC'")
        _open.append(connection)
    return _open[0]
