"""Each check to what judges it: a measure of a shared scan, or a way of its own."""

from collections.abc import Callable, Collection, Mapping, Sequence
from dataclasses import replace
from itertools import count
from pathlib import Path
from typing import TYPE_CHECKING, Any

from sqlglot import exp

from mlopsc.runtime.checks.measures import Table, measure
from mlopsc.runtime.checks.measures.base import ROW
from mlopsc.runtime.checks.mixed import MixedColumn
from mlopsc.runtime.checks.outcome import Outcome, absent
from mlopsc.runtime.checks.scan import Waiting, serve
from mlopsc.runtime.engine.statement import column, fragment, identifier, named, nan_as_null, select, text
from mlopsc.runtime.engine.views import make_view
from mlopsc.vocabulary.checks import BaseCheck

if TYPE_CHECKING:
    import duckdb

    from mlopsc.runtime.checks.judge_mixed import Cells
    from mlopsc.vocabulary.lock import LockedDataset


def _clean(source: exp.Expr, kinds: Mapping[str, str]) -> exp.Expr:
    """Return the table with NaN as null."""
    cells = [
        named(
            nan_as_null(column(name)) if kind in ("FLOAT", "DOUBLE") else column(name),
            name,
        )
        for name, kind in kinds.items()
    ]
    return select(*cells, source=source)


def judge_all(
    connection: "duckdb.DuckDBPyConnection",
    source: exp.Expr,
    mixed: Mapping[str, MixedColumn],
    checks: Sequence[BaseCheck],
    whole: Table,
    lock: "LockedDataset | None",
    project: Path | None,
) -> list[Outcome]:
    """Return what each check finds in a table; those that aggregates answer are served by scans together."""
    kinds = whole.kinds
    found: dict[int, Outcome] = {}
    waiting: dict[int, Waiting] = {}
    clean = make_view(connection, "checked", _clean(source, kinds))
    numbered = make_view(
        connection,
        "numbered",
        fragment("select *, row_number() over () as $r from $t as t", t=clean, r=identifier(ROW)),
    )
    for i, check in enumerate(checks):
        missing = [name for name in check.columns() if name not in kinds] if check.reads else []
        strange = [name for name in check.columns() if name in mixed] if check.reads else []
        if missing:
            found[i] = absent(missing[0], kinds)
            continue
        condition = _condition(connection, check, clean, kinds, mixed)
        if strange:
            from mlopsc.runtime.checks.judge_mixed import judge_mixed

            found[i] = judge_mixed(check, _cells(connection, check, clean, condition, mixed))
        elif check.expect == "unexpected_rows":
            from mlopsc.runtime.checks.unexpected import unexpected_rows

            found[i] = unexpected_rows(connection, check, clean, condition, mixed)
        else:
            seen = [rows if condition is None else _those(rows, condition) for rows in (numbered, clean)]
            looked_at = replace(whole, source=seen[0], plain=seen[1])
            if check.expect == "distribution_unchanged":
                from mlopsc.runtime.checks.unchanged import unchanged

                found[i] = unchanged(connection, check, looked_at, lock)
            elif check.expect == "python_function":
                from mlopsc.runtime.checks.python_function import of_function

                found[i] = of_function(connection, check, looked_at, mixed, project)
            else:
                waiting[i] = Waiting(measure(check, looked_at), condition)
    found |= zip(waiting, serve(connection, clean, list(waiting.values())), strict=True)
    return [found[i] for i in range(len(checks))]


def _condition(
    connection: "duckdb.DuckDBPyConnection",
    check: BaseCheck,
    table: exp.Expr,
    kinds: Mapping[str, str],
    mixed: Collection[str],
) -> exp.Expr | None:
    """Return the condition of the rows that a check looks at; what finds it harmless is imported where there is one."""
    if check.condition() is None:
        return None
    from mlopsc.runtime.checks.conditions import condition_of

    return condition_of(connection, check, table, kinds, mixed)


def _cells(
    connection: "duckdb.DuckDBPyConnection",
    check: BaseCheck,
    table: exp.Expr,
    condition: exp.Expr | None,
    mixed: Mapping[str, MixedColumn],
) -> "Cells":
    """Return the columns of a check as Python's values, of the rows that it looks at."""
    from mlopsc.runtime.checks.conditions import chosen_rows
    from mlopsc.runtime.checks.judge_mixed import Cells

    columns: dict[str, tuple[Any, ...]] = {}
    for name in check.columns():
        if name in mixed:
            columns[name] = mixed[name].values
        else:
            rows = connection.execute(text(select(column(name), source=table))).fetchall()
            columns[name] = tuple(row[0] for row in rows)
    places = range(len(next(iter(columns.values()))))
    if condition is not None:
        chosen = chosen_rows(connection, table, condition)
        places_chosen = [i for i in places if chosen[i]]
        columns = {name: tuple(values[i] for i in places_chosen) for name, values in columns.items()}
        return Cells(columns, tuple(i + 1 for i in places_chosen), _kinds(check, mixed))
    return Cells(columns, tuple(i + 1 for i in places), _kinds(check, mixed))


def _kinds(check: BaseCheck, mixed: Mapping[str, MixedColumn]) -> str:
    """Return the types that are mixed, in words."""
    return ", ".join(
        sorted({kind for name in check.columns() if name in mixed for kind in mixed[name].types})
    )


def _those(table: exp.Expr, condition: exp.Expr) -> exp.Expr:
    return fragment("select * from $t as t where $c", t=table, c=condition)


def predicates(connection: "duckdb.DuckDBPyConnection") -> Callable[[Callable[[str], bool]], str]:
    """Return what makes functions of Python known to SQL."""
    names = count()

    def predicate(function: Callable[[str], bool]) -> str:
        name = f"mlopsc_predicate_{next(names)}"
        connection.create_function(name, function, ["VARCHAR"], "BOOLEAN")
        return name

    return predicate
