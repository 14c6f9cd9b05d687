"""Sheets of workbooks as a table: each column of one kind of value, or refused with its cells."""

import zipfile
from collections.abc import Iterator, Sequence
from dataclasses import dataclass, field
from datetime import date, datetime, time
from typing import TYPE_CHECKING, Any

from mlopsc.diagnostics.errors import MlopscError
from mlopsc.diagnostics.suggest import did_you_mean
from mlopsc.runtime.sources.bounds import Budget
from mlopsc.runtime.sources.found import FoundTable, SourceFile
from mlopsc.runtime.sources.text import check_distinct
from mlopsc.vocabulary.sources.excel import ExcelSource, corners

if TYPE_CHECKING:
    import pyarrow as pa

_WORDS = {
    bool: "truth values",
    int: "numbers",
    float: "numbers",
    str: "texts",
    datetime: "dates",
    time: "times",
}


def open_sheets(source: ExcelSource, files: Sequence[SourceFile], *, rows: int | None = None) -> FoundTable:
    """Return the sheets of all files as one table; with `rows`, about so many of each.

    Raises MlopscError for what is no workbook, a missing sheet, an error or a formula that was never computed, and
    columns that mix kinds of values.
    """
    import pyarrow as pa

    budget = Budget(source.limits)
    tables = []
    for file in files:
        _require_workbook(file, budget)
        tables.append(_read(source, file, rows))
        if tables[-1].column_names != tables[0].column_names:
            raise MlopscError(
                f"{file.label} has other columns than {files[0].label}: {', '.join(tables[-1].column_names)}",
                help=f"expected {', '.join(tables[0].column_names)}",
            )
    try:
        return FoundTable(pa.concat_tables(tables, promote_options="permissive"), files[0].label)
    except pa.ArrowException as error:
        raise MlopscError(f"{files[0].label} and others have columns of several types: {error}") from None


def _require_workbook(file: SourceFile, budget: Budget) -> None:
    with file.path.open("rb") as binary:
        first = binary.read(8)
    if first.startswith(b"\xd0\xcf\x11\xe0"):
        raise MlopscError(
            f"{file.label} is a workbook of the old format, or one with a password", help="save it as .xlsx"
        )
    try:
        with zipfile.ZipFile(file.path) as packed:
            held = sum(entry.file_size for entry in packed.infolist())
            names = set(packed.namelist())
    except (zipfile.BadZipFile, OSError) as error:
        raise MlopscError(f"{file.label} is no .xlsx workbook: {error}") from None
    budget.spend(held, file.label, packed=file.path.stat().st_size, held=held)
    if "[Content_Types].xml" not in names:
        raise MlopscError(f"{file.label} is a zip file, but no .xlsx workbook")


def _read(source: ExcelSource, file: SourceFile, rows: int | None) -> "pa.Table":
    try:
        import openpyxl
    except ImportError:
        raise MlopscError("reading Excel needs openpyxl", help="pip install 'mlopsc[excel]'") from None
    with file.path.open("rb") as binary:
        try:
            book = openpyxl.load_workbook(binary, read_only=True, data_only=True, keep_links=False)
        except Exception as error:  # noqa: BLE001  (openpyxl raises whatever its parsers raise)
            raise MlopscError(f"{file.label} cannot be read as a workbook: {type(error).__name__}") from None
        try:
            sheet = _sheet(source, book, file)
            formulas = _formulas(source, file, sheet.title, rows) if _may_compute(file) else frozenset()
            return _table(source, file, sheet, formulas, rows)
        except zipfile.BadZipFile as error:
            raise MlopscError(f"{file.label} is damaged: {error}") from None


def _sheet(source: ExcelSource, book: Any, file: SourceFile) -> Any:
    sheets = {sheet.title: sheet for sheet in book.worksheets}
    if isinstance(source.sheet, int):
        if source.sheet > len(sheets):
            raise MlopscError(f"{file.label} has {len(sheets)} sheets, no sheet {source.sheet}")
        sheet = list(sheets.values())[source.sheet - 1]
    elif source.sheet in sheets:
        sheet = sheets[source.sheet]
    else:
        raise MlopscError(
            f"{file.label} has no sheet {source.sheet!r}",
            help=did_you_mean(source.sheet, sheets, noun="sheets:"),
        )
    sheet.reset_dimensions()  # what the file says of its size may be wrong, or meant to fill memory
    return sheet


@dataclass
class _Cells:
    """The values of a column so far, and where each kind of them was first."""

    values: list[Any] = field(default_factory=list)
    kinds: dict[str, str] = field(default_factory=dict)


def _table(
    source: ExcelSource, file: SourceFile, sheet: Any, formulas: frozenset[str], limit: int | None
) -> "pa.Table":
    import pyarrow as pa

    rows = _rows(source, sheet, limit)
    first = next(rows, None)
    if first is None:
        raise MlopscError(f"{file.label}, sheet {sheet.title!r} is empty: it has no rows")
    width = max((at for at, cell in enumerate(first, 1) if cell.value is not None), default=0)
    if width > source.limits.columns:
        raise MlopscError(
            f"{file.label} has more than {source.limits.columns} columns",
            help="if that is meant, raise `limits: {columns: …}` of the source",
        )
    named = [cell.value if source.header else None for cell in first[:width]]
    names = [f"column{i}" if name is None else str(name) for i, name in enumerate(named)]
    check_distinct(names, file)
    columns = {name: _Cells() for name in names}
    place = f"{file.label}, sheet {sheet.title!r}"
    for row in rows if source.header else _after(first, rows):
        for cell in row[width:]:
            if cell.value is not None:
                raise MlopscError(f"{place}, {cell.coordinate}: a value in a column without a name")
        for at, cells in enumerate(columns.values()):
            cell = row[at] if at < len(row) else None
            value = None if cell is None else _value(source, cell, formulas, place)
            cells.values.append(value)
            if value is not None and cell is not None:
                cells.kinds.setdefault(_WORDS[type(value)], cell.coordinate)
    for name, cells in columns.items():
        if len(cells.kinds) > 1:
            mixed = ", ".join(f"{kind} ({where})" for kind, where in cells.kinds.items())
            raise MlopscError(
                f"{place}: column {name!r} mixes {mixed}", help="make them one kind in the sheet"
            )
    return pa.table({name: _array(cells.values) for name, cells in columns.items()})


def _after(first: Any, rows: Iterator[Any]) -> Iterator[Any]:
    yield first
    yield from rows


def _rows(source: ExcelSource, sheet: Any, limit: int | None) -> Iterator[Any]:
    """Yield the rows that hold a value."""
    top, bottom, left, right = corners(source.range) if source.range else (1, None, 1, None)
    last = bottom if limit is None else min(top + limit, bottom or top + limit)
    for row in sheet.iter_rows(min_row=top, max_row=last, min_col=left, max_col=right):
        if any(cell.value is not None for cell in row):
            yield row


def _value(source: ExcelSource, cell: Any, formulas: frozenset[str], place: str) -> Any:
    value = cell.value
    if value is None:
        if cell.__class__.__name__ != "EmptyCell" and cell.coordinate in formulas:
            raise MlopscError(
                f"{place}, {cell.coordinate}: a formula that was never computed",
                help="open the workbook in Excel or LibreOffice and save it",
            )
        return None
    if isinstance(value, str) and value in source.nulls:
        return None
    if cell.data_type == "e":
        raise MlopscError(
            f"{place}, {cell.coordinate}: {value}, the error of a formula",
            help=f"mend it, or say `nulls: ['{value}']`",
        )
    if isinstance(value, date) and not isinstance(value, datetime):
        value = datetime(value.year, value.month, value.day)  # noqa: DTZ001  (a local time, as Excel knows no other)
    if type(value) not in _WORDS:
        raise MlopscError(
            f"{place}, {cell.coordinate}: a {type(value).__name__}, which a table cannot hold",
            help="write a duration as a number",
        )
    return value


def _array(values: list[Any]) -> "pa.Array":
    import pyarrow as pa

    kinds = {type(value) for value in values} - {type(None)}
    if kinds == {int, float} or (kinds == {int} and any(abs(value) >= 2**63 for value in values if value)):
        return pa.array([None if value is None else float(value) for value in values], pa.float64())
    if kinds == {datetime}:
        return pa.array(values, pa.timestamp("us"))
    return pa.array(values, pa.string() if not kinds else None)


def _may_compute(file: SourceFile) -> bool:
    """Whether any sheet of the file holds a formula."""
    with zipfile.ZipFile(file.path) as packed:
        for name in packed.namelist():
            if name.startswith("xl/worksheets/") and name.endswith(".xml"):
                before = b""
                with packed.open(name) as entry:
                    while chunk := entry.read(1 << 20):
                        if b"<f>" in before + chunk or b"<f " in before + chunk or b"<f/>" in before + chunk:
                            return True
                        before = chunk[-4:]
    return False


def _formulas(source: ExcelSource, file: SourceFile, title: str, limit: int | None) -> frozenset[str]:
    """Return the cells of a sheet that hold formulas."""
    import openpyxl

    with file.path.open("rb") as binary:
        sheet = openpyxl.load_workbook(binary, read_only=True, keep_links=False)[title]
        sheet.reset_dimensions()
        return frozenset(
            cell.coordinate for row in _rows(source, sheet, limit) for cell in row if cell.data_type == "f"
        )
