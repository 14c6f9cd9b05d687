"""Rows put aside: those that a failed check with `on_failure: quarantine` found, and the table without them.

All checks are judged on the whole table first. A row that several checks found is put aside once, with the names of
all of them; of values that repeat, every occurrence goes. Rows keep their order in both parts.
"""

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from pathlib import Path

from sqlglot import exp

from mlopsc.runtime.checks.measures.base import ROW
from mlopsc.runtime.checks.report import CheckResult
from mlopsc.runtime.checks.validate import Examined
from mlopsc.runtime.engine.parquet import write_parquet
from mlopsc.runtime.engine.statement import column, fragment, identifier, named
from mlopsc.vocabulary.artifacts import FAILED, ROW_NUMBER

_PLACE, _LABEL = "__p", "__label"


@dataclass(frozen=True)
class Parted:
    """How many rows went which way."""

    kept: int
    rejected: int


def part(found: Examined, kept: Path, rejected: Path) -> Parted:
    """Write the rows that go on, and those put aside with their number and the checks that they failed."""
    labels = _labels([result for result, _ in found.aside])
    queries = [
        fragment(
            "select $r as $n, $p as $o, $l as $m from $q as q",
            r=column(ROW),
            n=identifier(ROW),
            p=place,
            o=identifier(_PLACE),
            l=label,
            m=identifier(_LABEL),
            q=query,
        )
        for place, (label, (_, query)) in enumerate(zip(labels, found.aside, strict=True))
    ]
    columns = [named(column(name, "t"), name) for name in found.kinds]
    numbered = fragment(
        "select *, row_number() over () as $r from $t as t", t=found.source, r=identifier(ROW)
    )
    table = exp.Subquery(this=numbered, alias=exp.TableAlias(this=identifier("t")))
    aside = exp.Subquery(this=_grouped(queries), alias=exp.TableAlias(this=identifier("a")))
    number = column(ROW, "t")
    bad = (
        exp.select(named(number.copy(), ROW_NUMBER), named(column(_LABEL, "a"), FAILED), *columns)
        .from_(table.copy())
        .join(aside.copy(), on=exp.EQ(this=number.copy(), expression=column(ROW, "a")))
        .order_by(number.copy())
    )
    clean = (
        exp.select(*columns)
        .from_(table.copy())
        .join(
            aside.copy(),
            on=exp.EQ(this=number.copy(), expression=column(ROW, "a")),
            join_type="left anti",
        )
        .order_by(number.copy())
    )
    put_aside = write_parquet(found.connection, bad, rejected)
    return Parted(write_parquet(found.connection, clean, kept), put_aside)


def _grouped(queries: Sequence[exp.Expr]) -> exp.Expr:
    """Return each row once, with all labels in the order of the checks."""
    if not queries:
        return fragment(
            "select cast(0 as bigint) as $n, '' as $k where false", n=identifier(ROW), k=identifier(_LABEL)
        )
    every = queries[0]
    for query in queries[1:]:
        every = exp.union(every, query, distinct=False)
    return fragment(
        "select $r as $n, string_agg($m, '; ' order by $p) as $k from $u as u group by 1",
        r=column(ROW),
        n=identifier(ROW),
        m=column(_LABEL),
        k=identifier(_LABEL),
        p=column(_PLACE),
        u=every,
    )


def _labels(results: Sequence[CheckResult]) -> Iterator[str]:
    for one in results:
        yield one.name or (f"{one.check} of '{one.column}'" if one.column else one.check)


__all__ = ["Parted", "part"]
