"""Different integers, counted by a bit for each: keys that run from one on are counted far faster than by grouping."""

from collections.abc import Generator

from mlopsc.runtime.checks.measures.base import Needs, Table
from mlopsc.runtime.checks.outcome import Values
from mlopsc.runtime.engine.statement import column, fragment, literal
from mlopsc.vocabulary.columns import is_integer

_SPARSE = 16
"""How many times as wide as the number of values the range may be: the bits take two bytes a value at most."""
_WIDEST = 1_000_000_000
"""The widest range that DuckDB has bits for."""


def counted_by_bits(name: str, table: Table) -> Generator[Needs, Values, tuple[int, int] | None]:
    """Return the number of values of a column and of different ones; None where bits do not serve."""
    if not table.bits or not is_integer(table.type_of(name)):
        return None
    x = column(name)
    row = yield {"edges": fragment("select count($x), min($x), max($x) from $t as t", x=x, t=table.plain)}
    values, low, high = row["edges"][0]
    if values == 0:
        return 0, 0
    if high - low >= min(values * _SPARSE, _WIDEST):
        return None
    row = yield {
        "different": fragment(
            "select bit_count(bitstring_agg($x, $low, $high)) from $t as t",
            x=x, low=literal(low), high=literal(high), t=table.plain,
        )
    }  # fmt: skip
    return values, row["different"][0][0]
