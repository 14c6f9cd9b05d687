"""Parquet files as a source."""

from typing import Literal

from mlopsc.vocabulary.sources.base import Files


class ParquetSource(Files):
    """Parquet files. Their columns and types must agree, unless `union_by_name` says otherwise."""

    type: Literal["parquet"] = "parquet"
    hive_partitioning: bool = False
    """Whether folders named `key=value` give a column `key`, of its declared type, else of the narrowest that fits."""
    union_by_name: bool = False
    """Whether a file may lack columns of others, which are null there. A column's type must be the same in all."""
