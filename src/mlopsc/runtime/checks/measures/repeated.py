"""How often values, or combinations of values, occur more than once."""

from collections.abc import Sequence

from sqlglot import exp

from mlopsc.runtime.checks.measures.base import ROW, Measure, Table, all_of, any_of
from mlopsc.runtime.checks.measures.bits import counted_by_bits
from mlopsc.runtime.checks.outcome import by_share
from mlopsc.runtime.engine.statement import column, fragment


def repeated(names: Sequence[str], ignore: str, mostly: float, table: Table) -> Measure:
    """Count rows whose values occur more than once, by one grouping; of integers bits often tell that none does."""
    columns = [column(name) for name in names]
    if len(names) == 1 and ignore != "never":
        dense = yield from counted_by_bits(names[0], table)
        if dense is not None and dense[0] == dense[1]:
            return by_share(dense[0], 0, mostly)
    counted = counted_rows(columns, ignore)
    groups = fragment("select count(*) as n from $t as t where $counted", t=table.source, counted=counted)
    groups = groups.group_by(*columns, copy=False) if isinstance(groups, exp.Select) else groups
    counts = fragment(
        "select coalesce(sum(n), 0), coalesce(sum(n) filter (where n > 1), 0) from $g as g", g=groups
    )
    row = yield {"counts": counts}
    total, often = row["counts"][0]
    return by_share(int(total), int(often), mostly, lambda: _occurring_often(names, counted, table))


def _occurring_often(names: Sequence[str], counted: exp.Expr, table: Table) -> exp.Expr:
    """Return the query of the rows that count and whose values occur more than once."""
    columns = [column(name) for name in names]
    occurring = fragment(
        "select *, count(*) over (partition by 1) as __n from $t as t where $counted",
        t=table.source,
        counted=counted,
    )
    for window in occurring.find_all(exp.Window):
        if window.args.get("partition_by"):
            window.set("partition_by", columns)
    return fragment(
        "select $x as x from $t as t where __n > 1 order by $r",
        x=row_of(names),
        t=occurring,
        r=column(ROW),
    )


def counted_rows(columns: Sequence[exp.Expr], ignore: str) -> exp.Expr:
    """Return the condition of the rows that count."""
    missing = [fragment("$x is null", x=x) for x in columns]
    return {
        "all_values_are_missing": fragment("not $m", m=all_of(missing)),
        "any_value_is_missing": fragment("not $m", m=any_of(missing)),
        "never": fragment("true"),
    }[ignore]


def row_of(names: Sequence[str]) -> exp.Expr:
    """Return the one column, or several as a struct with their names."""
    if len(names) == 1:
        return column(names[0])
    pairs = [exp.PropertyEQ(this=exp.Literal.string(name), expression=column(name)) for name in names]
    return exp.Struct(expressions=pairs)
