"""Where a dataset comes from: files of three formats, or a user's function."""

from typing import Annotated, Any, Literal

from pydantic import Discriminator, StringConstraints, Tag, model_validator

from mlopsc.vocabulary.base import Frozen
from mlopsc.vocabulary.names import FunctionReference


class SecretHandle(Frozen):
    """The name of a secret, which stands for its value at run time."""

    secret: Annotated[str, StringConstraints(min_length=1)]


def _path(text: str) -> str:
    if text != text.strip() or "\0" in text:
        raise ValueError(f"{text!r} is no path: it begins or ends with a blank, or holds a null character")
    return text


class _Files(Frozen):
    path: Annotated[str, StringConstraints(min_length=1)]
    """A path relative to the project, a glob (`data/*.parquet`, read in the order of the paths), or a URL of
    any fsspec file system. A file outside the project is named by a `file://` URL."""
    storage_options: dict[str, SecretHandle | str | int | bool] = {}
    """Arguments of the URL's file system; what is secret is written `{secret: name}`."""

    @model_validator(mode="after")
    def _sensible(self) -> "_Files":
        _path(self.path)
        if self.storage_options and "://" not in self.path:
            raise ValueError("`storage_options` belong to a URL; `path` is a local path")
        return self


class ParquetSource(_Files):
    """Parquet files of one schema."""

    type: Literal["parquet"] = "parquet"


_Character = Annotated[str, StringConstraints(min_length=1, max_length=1)]


class CsvSource(_Files):
    """Delimited text. An empty cell is null; every row has as many cells as the header."""

    type: Literal["csv"] = "csv"
    delimiter: _Character = ","
    """What separates the cells of a row."""
    header: bool = True
    """Whether the first row holds the names; without it they are `column0`, `column1`, …"""
    quote: _Character = '"'
    """What encloses a cell that holds the delimiter or a line break; doubled, it stands for itself."""
    nulls: tuple[Annotated[str, StringConstraints(min_length=1)], ...] = ()
    """Texts that mean null (`NA`), besides the empty cell."""
    encoding: Literal["utf-8", "utf-16", "latin-1"] = "utf-8"
    """The text's encoding; a byte order mark is ignored."""

    @model_validator(mode="after")
    def _distinct(self) -> "CsvSource":
        if self.delimiter == self.quote:
            raise ValueError(f"`delimiter` and `quote` are both {self.quote!r}")
        if {self.delimiter, self.quote} & {"\n", "\r"}:
            raise ValueError("`delimiter` and `quote` cannot be line breaks")
        return self


class JsonLinesSource(_Files):
    """One JSON object a line; a key that a line lacks is null."""

    type: Literal["jsonl"] = "jsonl"


class PythonSource(Frozen):
    """A function that returns a pandas, polars or pyarrow table, or the path of a file: `f(**args)`."""

    type: Literal["python"] = "python"
    python: FunctionReference
    """The function, `package.module:function`."""
    args: dict[str, Any] = {}
    """Its keyword arguments; what is secret is written `{secret: name}`."""


FileSource = ParquetSource | CsvSource | JsonLinesSource

SUFFIXES = (".parquet", ".csv", ".tsv", ".jsonl", ".ndjson")
"""How names of files end whose format the name tells."""


def source_by_suffix(path: str, dialect: FileSource | None = None) -> FileSource:
    """Return the source of files whose format their name tells; a CSV source as `dialect` says how CSV is written.

    Raises ValueError for any other suffix.
    """
    name = path.partition("?")[0] if "://" in path else path
    match name[name.rfind(".") :].lower():
        case ".parquet":
            return ParquetSource(path=path)
        case ".csv" if isinstance(dialect, CsvSource):
            return dialect.model_copy(update={"path": path})
        case ".csv":
            return CsvSource(path=path)
        case ".tsv":
            return CsvSource(path=path, delimiter="\t")
        case ".jsonl" | ".ndjson":
            return JsonLinesSource(path=path)
        case _:
            raise ValueError(f"the name of {path!r} tells no format: expected one of {', '.join(SUFFIXES)}")


def _kind(value: Any) -> str | None:
    """Tell a source's kind; `python` names it without `type`."""
    if isinstance(value, dict):
        kind = value.get("type", "python" if "python" in value else None)
        return kind if isinstance(kind, str) else None
    return getattr(value, "type", None)


Source = Annotated[
    Annotated[ParquetSource, Tag("parquet")]
    | Annotated[CsvSource, Tag("csv")]
    | Annotated[JsonLinesSource, Tag("jsonl")]
    | Annotated[PythonSource, Tag("python")],
    Discriminator(
        _kind,
        custom_error_type="source_type",
        custom_error_message="expected `type: parquet|csv|jsonl`, or `python: package.module:function`",
    ),
]
"""Where a dataset comes from."""
