"""Sources other than files: their queries only read, their values are there, and what reads them is installed."""

import importlib.util
from collections.abc import Iterator
from pathlib import Path as FilePath

from mlopsc.compiler.analysis import Analysis
from mlopsc.diagnostics.codes import report
from mlopsc.diagnostics.diagnostic import Diagnostic, Severity
from mlopsc.diagnostics.suggest import did_you_mean
from mlopsc.spec.document import Path
from mlopsc.sql.foreign import binds, query_fault, takes_some_rows
from mlopsc.vocabulary.references import ParameterReference
from mlopsc.vocabulary.sources import DeltaSource, ExcelSource, IcebergSource, SqlSource
from mlopsc.vocabulary.sources.sql import DIALECTS, SqlTimestamp

_CODES = {"syntax": "MLC303", "unsafe": "MLC304"}
_DRIVERS = {"postgresql": ("psycopg", "mlopsc[postgres]")}
_LAKES = {"delta": ("deltalake", "mlopsc[delta]"), "iceberg": ("pyiceberg", "mlopsc[iceberg]")}


def check_sources(analysis: Analysis) -> Iterator[Diagnostic]:
    """Yield faults of queries and of their values, and warnings for what is not installed here."""
    for name, dataset in analysis.spec.entries("datasets"):
        place: Path = ("datasets", name, "source")
        match dataset.source:
            case SqlSource() as source:
                yield from _query(analysis, source, place)
                yield from _instants(analysis, source, place)
                yield from _driver(analysis, source, place)
            case DeltaSource() | IcebergSource() as source:
                module, extra = _LAKES[source.type]
                if not _installed(module):
                    yield _missing(analysis, f"a {source.type} table", module, extra, (*place, "type"))
            case ExcelSource():
                if not _installed("openpyxl"):
                    yield _missing(analysis, "a workbook", "openpyxl", "mlopsc[excel]", (*place, "type"))
            case _:
                pass


def _query(analysis: Analysis, source: SqlSource, place: Path) -> Iterator[Diagnostic]:
    sql, path, file = source.query, (*place, "query"), ""
    if source.query_file is not None:
        path, file = (*place, "query_file"), source.query_file
        read = _read(analysis.project, file)
        if isinstance(read, str):
            sql = read
        else:
            yield report(
                "MLC603", f"the query's file {file!r} {read[0]}", analysis.spec.document.value_span(path)
            )
    if sql is None:
        return
    dialect = None if source.backend is None else DIALECTS.get(source.backend)
    if (fault := query_fault(sql, dialect)) is not None:
        yield _at(
            analysis,
            _CODES[fault.kind],
            fault.message,
            sql,
            path,
            file,
            fault.offset_chars,
            fault.length_chars,
        )
        return
    found = binds(sql, dialect)
    for bind in found:
        if bind.name not in source.parameters:
            yield _at(
                analysis, "MLC304", f"nothing says what :{bind.name} is", sql, path, file, bind.start,
                bind.end - bind.start,
                help=did_you_mean(bind.name, source.parameters)
                or f"give it under `parameters: {{{bind.name}: …}}`",
            )  # fmt: skip
    names = {bind.name for bind in found}
    for name in source.parameters:
        if name not in names and names <= source.parameters.keys():
            yield report(
                "MLC403",
                f"the query does not use the parameter '{name}'",
                analysis.spec.document.key_span((*place, "parameters", name)),
                help=f"write :{name} where its value belongs, or leave it out",
            )
    if takes_some_rows(sql, dialect):
        yield _at(
            analysis, "MLC408", "the query takes some rows without saying which", sql, path, file, 0, len(sql),
            help="add an ORDER BY on a total order, so that each run reads the same rows",
        )  # fmt: skip


def _read(project: FilePath, file: str) -> str | tuple[str]:
    """Return the text of a query's file, or what is wrong with it."""
    try:
        return (project / file).read_text(encoding="utf-8")
    except FileNotFoundError:
        return ("does not exist",)
    except (OSError, UnicodeDecodeError) as error:
        return (f"cannot be read: {getattr(error, 'strerror', None) or 'it is not UTF-8 text'}",)


def _at(
    analysis: Analysis,
    code: str,
    message: str,
    sql: str,
    path: Path,
    file: str,
    start: int,
    length: int,
    *,
    help: str | None = None,
) -> Diagnostic:
    """Return a fault inside a query: at its place in the YAML, or at the key of its file, with the place in words."""
    document = analysis.spec.document
    if not file:
        return report(code, message, document.scalar_span(path, start, length), help=help)
    line, column = sql.count("\n", 0, start) + 1, start - (sql.rfind("\n", 0, start) + 1) + 1
    return report(code, f"{file}:{line}:{column}: {message}", document.value_span(path), help=help)


def _instants(analysis: Analysis, source: SqlSource, place: Path) -> Iterator[Diagnostic]:
    """An instant comes from a parameter that is one."""
    for name, value in source.parameters.items():
        if not isinstance(value, SqlTimestamp) or not isinstance(value.timestamp, ParameterReference):
            continue
        declared = analysis.spec.parameters.get(value.timestamp.name)
        if declared is not None and declared.type != "timestamp":
            yield report(
                "MLC606",
                f"'timestamp' takes a timestamp, parameter '{value.timestamp.name}' is a {declared.type}",
                analysis.spec.document.value_span((*place, "parameters", name, "timestamp")),
            )


def _driver(analysis: Analysis, source: SqlSource, place: Path) -> Iterator[Diagnostic]:
    backend = source.backend
    if backend is None:
        return
    if backend in _DRIVERS:
        module, extra = _DRIVERS[backend]
        if not _installed(module) and source.url.startswith((f"{backend}:", f"{backend}+{module}:")):  # type: ignore[union-attr]
            yield _missing(analysis, f"a query on {backend}", module, extra, (*place, "url"))
    elif not _knows(backend):
        yield report(
            "MLC608",
            f"SQLAlchemy knows no database '{backend}' here",
            analysis.spec.document.value_span((*place, "url")),
            help="correct the beginning of `url`, or install the package that adds it where steps run",
        )


def _knows(backend: str) -> bool:
    from sqlalchemy.dialects import registry
    from sqlalchemy.exc import NoSuchModuleError

    try:
        registry.load(backend)
    except NoSuchModuleError:
        return False
    except ImportError:
        return True  # it is known; what it needs is not here
    return True


def _missing(analysis: Analysis, what: str, module: str, extra: str, path: Path) -> Diagnostic:
    return report(
        "MLC608",
        f"{what} is read by '{module}', which is not installed here",
        analysis.spec.document.value_span(path),
        help=f"pip install '{extra}' where steps run",
        severity=Severity.WARNING,
    )


def _installed(module: str) -> bool:
    return importlib.util.find_spec(module) is not None
