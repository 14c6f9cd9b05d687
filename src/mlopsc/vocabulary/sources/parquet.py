"""Parquet files as a source."""

from typing import Literal

from mlopsc.vocabulary.sources.base import Files


class ParquetSource(Files):
    """Parquet files of one schema."""

    type: Literal["parquet"] = "parquet"
