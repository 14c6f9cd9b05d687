"""Parquet files as one table: partition columns from the names of folders, and nothing that DuckDB would bend."""

from collections.abc import Sequence
from typing import TYPE_CHECKING, Any

from sqlglot import exp

from mlopsc.diagnostics.errors import MlopscError
from mlopsc.runtime.engine.statement import fragment, named, select
from mlopsc.runtime.sources.bounds import Budget
from mlopsc.runtime.sources.found import SourceFile
from mlopsc.runtime.sources.parquet import Layout
from mlopsc.vocabulary.sources import ParquetSource

if TYPE_CHECKING:
    import pyarrow as pa


def scan_parquet(layout: Layout, files: Sequence[SourceFile]) -> exp.Expr:
    """Return the files as a table, in their order; partition columns are texts."""
    return fragment(
        "read_parquet($paths, hive_partitioning = $hive, hive_types_autocast = false, union_by_name = $union)",
        paths=[str(file.path.absolute()) for file in files],
        hive=bool(layout.partitions),
        union=layout.by_name,
    )


def partition_texts(layout: Layout) -> exp.Expr:
    """Return the table of what the folders of each file say, to guess types from."""
    columns = [
        named(fragment("unnest(cast($texts as varchar[]))", texts=list(texts)), key)
        for key, texts in layout.partitions.items()
    ]
    return select(*columns, source=exp.values([(1,)], alias="t"))


def require_holdable(source: ParquetSource, files: Sequence[SourceFile]) -> None:
    """Raise MlopscError for files that hold too much, or a column that DuckDB would read as something else."""
    import pyarrow as pa
    import pyarrow.parquet as pq

    budget = Budget(source.limits)
    for file in files:
        try:
            with pq.ParquetFile(file.path) as parquet:
                schema, footer = parquet.schema_arrow, parquet.metadata
        except (pa.ArrowException, OSError) as error:
            raise MlopscError(f"{file.label} is no readable Parquet file: {error}") from error
        require_holdable_types(schema, file.label)
        held = sum(footer.row_group(number).total_byte_size for number in range(footer.num_row_groups))
        budget.spend(held, file.label, packed=file.path.stat().st_size, held=held)


def require_holdable_types(schema: "pa.Schema", label: str) -> None:
    """Raise MlopscError for a column that DuckDB would read as something else.

    Durations would become integers of a unit that nobody knows, decimals of more than 38 digits floats.
    """
    for field in schema:
        if (kind := unholdable(field.type)) is not None:
            raise MlopscError(
                f"{label}: column {field.name!r} is {kind}, which a table cannot hold",
                help="cast it where it is made, a duration for example to a number of seconds",
            )


def unholdable(kind: "pa.DataType") -> str | None:
    """Return the name of an Arrow type, at any depth, that no column type can hold without a change."""
    import pyarrow as pa

    if pa.types.is_duration(kind) or pa.types.is_interval(kind) or pa.types.is_decimal256(kind):
        return str(kind)
    if pa.types.is_dictionary(kind):
        return unholdable(kind.value_type)
    inner: list[Any] = [kind.field(number).type for number in range(kind.num_fields)]
    return next((name for part in inner if (name := unholdable(part)) is not None), None)
