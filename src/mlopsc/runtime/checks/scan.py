"""Measures served together: one scan for all their aggregates, one statement for each query they have in common."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

from sqlglot import exp

from mlopsc.diagnostics.errors import SpecError
from mlopsc.runtime.checks.measures import Measure
from mlopsc.runtime.checks.outcome import Outcome
from mlopsc.runtime.engine.statement import fragment, select, text

if TYPE_CHECKING:
    import duckdb


@dataclass(frozen=True)
class Waiting:
    """A measure, and the condition of the rows that its aggregates are about; None for all."""

    measure: Measure
    condition: exp.Expr | None


def serve(
    connection: "duckdb.DuckDBPyConnection", table: exp.Expr, waiting: Sequence[Waiting]
) -> list[Outcome]:
    """Return the outcomes; almost all measures are content with the first scan. Raises SpecError."""
    import duckdb

    found: dict[int, Outcome] = {}
    sent: dict[int, Mapping[str, Any] | None] = dict.fromkeys(range(len(waiting)))
    while sent:
        wanted: dict[int, dict[str, str]] = {}
        needed: dict[str, exp.Expr] = {}
        for i, values in sent.items():
            one = waiting[i]
            try:
                needs = one.measure.send(values) if values is not None else next(one.measure)
            except StopIteration as end:
                found[i] = end.value
                continue
            narrow = {name: narrowed(need, one.condition) for name, need in needs.items()}
            wanted[i] = {name: text(need) for name, need in narrow.items()}
            needed |= zip(wanted[i].values(), narrow.values(), strict=True)
        try:
            values_of = _fetched(connection, table, needed)
        except (duckdb.InvalidInputException, duckdb.ConversionException) as error:
            raise SpecError(f"a check cannot be measured: {str(error).partition(chr(10))[0]}") from error
        sent = {i: {name: values_of[key] for name, key in names.items()} for i, names in wanted.items()}
    return [found[i] for i in range(len(waiting))]


def narrowed(need: exp.Expr, condition: exp.Expr | None) -> exp.Expr:
    """Return aggregates of those rows alone that meet a condition; a query of its own reads only those anyway."""
    if condition is None or isinstance(need, exp.Query):
        return need
    need = exp.paren(need, copy=True)
    for node in list(need.find_all(exp.AggFunc)):
        owner = node.parent
        if isinstance(owner, exp.Filter):
            owner.set(
                "expression",
                exp.Where(this=fragment("$a and $b", a=condition, b=owner.expression.this)),
            )
        else:
            place = exp.Placeholder(this="aggregate")
            node.replace(place)
            place.replace(exp.Filter(this=node, expression=exp.Where(this=condition.copy())))
    return need


def _fetched(
    connection: "duckdb.DuckDBPyConnection", table: exp.Expr, needed: Mapping[str, exp.Expr]
) -> dict[str, Any]:
    """Return the values of aggregates, by one scan, and the rows of queries, by the text of each."""
    found: dict[str, Any] = {}
    aggregates = {key: need for key, need in needed.items() if not isinstance(need, exp.Query)}
    if aggregates:
        row = connection.execute(text(select(*aggregates.values(), source=table))).fetchall()[0]
        found |= zip(aggregates, row, strict=True)
    for key in needed:
        if key not in aggregates:
            found[key] = connection.execute(key).fetchall()
    return found
