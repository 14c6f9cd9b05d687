"""Formats that the names of files tell."""

from mlopsc.vocabulary.sources.csv import CsvSource
from mlopsc.vocabulary.sources.jsonl import JsonLinesSource
from mlopsc.vocabulary.sources.parquet import ParquetSource

FileSource = ParquetSource | CsvSource | JsonLinesSource
"""Files, which are read as they lie there."""

SUFFIXES = (".parquet", ".csv", ".tsv", ".jsonl", ".ndjson")
"""How names of files end whose format the name tells; those of text may be followed by `.gz` or `.zst`."""


def source_by_suffix(path: str, dialect: FileSource | None = None) -> FileSource:
    """Return the source of files whose format their name tells; a CSV source as `dialect` says how CSV is written.

    Raises ValueError for any other suffix.
    """
    name = (path.partition("?")[0] if "://" in path else path).lower()
    plain = name.removesuffix(".gz").removesuffix(".zst")
    match plain[plain.rfind(".") :]:
        case ".parquet" if plain != name:
            raise ValueError(f"{path!r}: Parquet is compressed within")
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
