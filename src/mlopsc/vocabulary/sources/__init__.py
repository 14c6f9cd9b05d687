"""Where a dataset comes from: one module a kind of source.

A new kind is a model with a `type` of its own, a member of `Source`, and a case in `mlopsc.runtime.sources.opening`.
"""

from typing import Annotated, Any, get_args

from pydantic import Discriminator, Tag

from mlopsc.vocabulary.sources.base import Files, SecretHandle
from mlopsc.vocabulary.sources.csv import CsvSource
from mlopsc.vocabulary.sources.excel import ExcelSource
from mlopsc.vocabulary.sources.feast import FeastSource
from mlopsc.vocabulary.sources.function import PythonSource
from mlopsc.vocabulary.sources.jsonl import JsonLinesSource
from mlopsc.vocabulary.sources.lake import DeltaSource, IcebergSource
from mlopsc.vocabulary.sources.limits import Limits
from mlopsc.vocabulary.sources.parquet import ParquetSource
from mlopsc.vocabulary.sources.sql import SqlSource
from mlopsc.vocabulary.sources.suffixes import SUFFIXES, FileSource, source_by_suffix

__all__ = [
    "SUFFIXES",
    "CsvSource",
    "DeltaSource",
    "ExcelSource",
    "FeastSource",
    "FileSource",
    "Files",
    "IcebergSource",
    "JsonLinesSource",
    "Limits",
    "ParquetSource",
    "PythonSource",
    "SecretHandle",
    "Source",
    "SqlSource",
    "source_by_suffix",
]


def _kind(value: Any) -> str | None:
    """Tell a source's kind; `python` names it without `type`."""
    if isinstance(value, dict):
        kind = value.get("type", "python" if "python" in value else None)
        return kind if isinstance(kind, str) else None
    return getattr(value, "type", None)


_Kinds = (
    Annotated[ParquetSource, Tag("parquet")]
    | Annotated[CsvSource, Tag("csv")]
    | Annotated[JsonLinesSource, Tag("jsonl")]
    | Annotated[ExcelSource, Tag("excel")]
    | Annotated[SqlSource, Tag("sql")]
    | Annotated[DeltaSource, Tag("delta")]
    | Annotated[IcebergSource, Tag("iceberg")]
    | Annotated[FeastSource, Tag("feast")]
    | Annotated[PythonSource, Tag("python")]
)
_TYPES = [kind.__metadata__[0].tag for kind in get_args(_Kinds)]

Source = Annotated[
    _Kinds,
    Discriminator(
        _kind,
        custom_error_type="source_type",
        custom_error_message=f"expected `type: {'|'.join(name for name in _TYPES if name != 'python')}`,"
        " or `python: package.module:function`",
    ),
]
"""Where a dataset comes from."""
