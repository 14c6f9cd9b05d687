"""Sheets of Excel: what a cell means, and what is refused with its cell."""

import zipfile
from datetime import UTC, datetime, time, timedelta
from pathlib import Path
from typing import Any

import openpyxl
import pyarrow.parquet as pq
import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from pydantic import TypeAdapter, ValidationError

from mlopsc.diagnostics.errors import MlopscError
from mlopsc.runtime.engine.parquet import read_schema
from mlopsc.runtime.sources.load import load_source
from mlopsc.runtime.sources.opening import fingerprint_source
from mlopsc.runtime.sources.peek import peek_schema
from mlopsc.vocabulary.columns import Column
from mlopsc.vocabulary.sources import Source

SOURCE: TypeAdapter[Any] = TypeAdapter(Source)


def _write(project: Path, *sheets: list[list[Any]], name: str = "x.xlsx") -> Any:
    """Write sheets named `one`, `two`, …; return the workbook, to be changed and saved again."""
    book = openpyxl.Workbook()
    book.remove(book.active)
    for title, rows in zip(("one", "two"), sheets, strict=False):
        sheet = book.create_sheet(title)
        for row in rows:
            sheet.append(row)
    book.save(project / name)
    return book


def _load(project: Path, columns: dict[str, str] | None = None, **keys: Any) -> list[dict[str, Any]]:
    source = SOURCE.validate_python({"type": "excel", "path": "x.xlsx", **keys})
    declared = {name: Column(type=kind) for name, kind in (columns or {}).items()}
    load_source(source, declared, project=project, out=project / "out")
    assert peek_schema(source, declared, project=project) == read_schema(project / "out")
    assert str(fingerprint_source(source, project=project, secrets=str)).startswith("sha256:")
    return pq.read_table(project / "out").to_pylist()


def _refused(project: Path, columns: dict[str, str] | None = None, **keys: Any) -> str:
    with pytest.raises(MlopscError) as caught:
        _load(project, columns, **keys)
    return str(caught.value)


def test_each_kind_of_cell_has_its_type(tmp_path: Path) -> None:
    noon = datetime(2020, 1, 2, 12)  # noqa: DTZ001
    rows = [
        ["i", "f", "s", "b", "t", "clock", None, "none"],
        [1, 1, "a", True, noon, time(1, 2), 5, None],
        [None, 2.5, "b", None, noon, None, 6, None],
    ]
    _write(tmp_path, rows)
    at = noon.replace(tzinfo=UTC)
    assert [list(row.values()) for row in _load(tmp_path)] == [
        [1, 1.0, "a", True, at, time(1, 2), 5, None],
        [None, 2.5, "b", None, at, None, 6, None],
    ]
    assert read_schema(tmp_path / "out") == {
        "i": "int64", "f": "float64", "s": "string", "b": "bool", "t": "timestamp", "clock": "time",
        "column6": "int64", "none": "string",
    }  # fmt: skip
    assert _load(tmp_path, {"i": "float64"})[0]["i"] == 1.0
    assert "x.xlsx, row 2: column 'f' holds '2.5', expected int64" in _refused(tmp_path, {"f": "int64"})


def test_a_sheet_is_chosen_by_name_or_number(tmp_path: Path) -> None:
    _write(tmp_path, [["a"], [1]], [["b"], [2]])
    assert _load(tmp_path) == _load(tmp_path, sheet=1) == _load(tmp_path, sheet="one") == [{"a": 1}]
    assert _load(tmp_path, sheet=2) == _load(tmp_path, sheet="two") == [{"b": 2}]
    assert _refused(tmp_path, sheet=3) == "x.xlsx has 2 sheets, no sheet 3"
    assert _refused(tmp_path, sheet="tow") == "x.xlsx has no sheet 'tow'"


def test_ranges_headers_and_blank_rows(tmp_path: Path) -> None:
    rows = [["Report"], [], [None, "a", "b"], [None, 1, 2], [], [None, 3, 4], ["total", 4, 6]]
    _write(tmp_path, rows)
    assert _load(tmp_path, range="B3:C6") == [{"a": 1, "b": 2}, {"a": 3, "b": 4}]
    assert _load(tmp_path, range="B4:C6", header=False) == [
        {"column0": 1, "column1": 2},
        {"column0": 3, "column1": 4},
    ]
    assert "sheet 'one', B3: a value in a column without a name" in _refused(tmp_path)


def test_errors_of_formulas_are_refused_or_null(tmp_path: Path) -> None:
    _write(tmp_path, [["a"], [1], ["#N/A"], ["-"]])
    assert "x.xlsx, sheet 'one', A3: #N/A, the error of a formula" in _refused(tmp_path)
    assert _load(tmp_path, nulls=["#N/A", "-"]) == [{"a": 1}, {"a": None}, {"a": None}]


def test_a_formula_is_what_was_computed_last(tmp_path: Path) -> None:
    _write(tmp_path, [["a", "b"], [1, "=A2+1"]])
    assert "sheet 'one', B2: a formula that was never computed" in _refused(tmp_path)
    inside = {}
    with zipfile.ZipFile(tmp_path / "x.xlsx") as packed:
        inside = {name: packed.read(name) for name in packed.namelist()}
    sheet = next(name for name in inside if name.startswith("xl/worksheets/sheet"))
    assert b"<v" in inside[sheet]
    inside[sheet] = inside[sheet].replace(b"<f>A2+1</f><v></v>", b"<f>A2+1</f><v>2</v>").replace(
        b"<f>A2+1</f><v/>", b"<f>A2+1</f><v>2</v>"
    ).replace(b"<f>A2+1</f><v />", b"<f>A2+1</f><v>2</v>")  # fmt: skip
    with zipfile.ZipFile(tmp_path / "x.xlsx", "w") as packed:
        for name, data in inside.items():
            packed.writestr(name, data)
    assert _load(tmp_path) == [{"a": 1, "b": 2}]


def test_of_merged_cells_the_first_holds_the_value(tmp_path: Path) -> None:
    book = _write(tmp_path, [["k", "v"], ["a", 1], [None, 2]])
    book["one"].merge_cells("A2:A3")
    book.save(tmp_path / "x.xlsx")
    assert _load(tmp_path) == [{"k": "a", "v": 1}, {"k": None, "v": 2}]


@pytest.mark.parametrize(
    ("rows", "message"),
    [
        ([["a"], [1], ["x"], [True]], "column 'a' mixes numbers (A2), texts (A3), truth values (A4)"),
        ([["a"], [timedelta(hours=30)]], "A2: a timedelta, which a table cannot hold"),
        ([["a", "A"], [1, 2]], "x.xlsx has columns 'a' and 'A'"),
        ([], "sheet 'one' is empty: it has no rows"),
        ([["a"], [1, 2]], "B2: a value in a column without a name"),
    ],
)
def test_what_makes_no_table_is_refused(tmp_path: Path, rows: list[list[Any]], message: str) -> None:
    _write(tmp_path, rows)
    assert message in _refused(tmp_path)


def test_what_is_no_workbook_is_refused(tmp_path: Path) -> None:
    for data, message in (
        (b"\xd0\xcf\x11\xe0\xa1\xb1\x1a\xe1....", "a workbook of the old format, or one with a password"),
        (b"a,b\n1,2\n", "x.xlsx is no .xlsx workbook"),
        (b"PK\x03\x04....", "x.xlsx is no .xlsx workbook"),
    ):
        (tmp_path / "x.xlsx").write_bytes(data)
        assert message in _refused(tmp_path)
    with zipfile.ZipFile(tmp_path / "x.xlsx", "w") as packed:
        packed.writestr("../../evil.txt", "x")
    assert "is a zip file, but no .xlsx workbook" in _refused(tmp_path)
    assert not (tmp_path.parent.parent / "evil.txt").exists()


@pytest.mark.parametrize(
    ("keys", "message"),
    [
        ({"path": "x.xls"}, "is no .xlsx workbook: save it as one"),
        ({"range": "A3"}, "is no range"),
        ({"range": "C3:A1"}, "is no range"),
        ({"sheet": 0}, "greater than or equal to 1"),
    ],
)
def test_mistakes_are_refused(keys: dict[str, Any], message: str) -> None:
    with pytest.raises(ValidationError) as caught:
        SOURCE.validate_python({"type": "excel", "path": "x.xlsx", **keys})
    assert message in str(caught.value)


def test_a_workbook_that_explodes_is_refused(tmp_path: Path) -> None:
    _write(tmp_path, [["a"], [1]])
    with zipfile.ZipFile(tmp_path / "x.xlsx", "a", zipfile.ZIP_DEFLATED) as packed:
        packed.writestr("xl/media/bomb", b"0" * 20_000_000)
    assert "more than 8M bytes, the limit of what is unpacked" in _refused(
        tmp_path, limits={"unpacked": "8M"}
    )


def test_a_sheet_that_lies_about_its_size_takes_no_memory(tmp_path: Path) -> None:
    _write(tmp_path, [["a"], [1]])
    with zipfile.ZipFile(tmp_path / "x.xlsx") as packed:
        inside = {name: packed.read(name) for name in packed.namelist()}
    sheet = next(name for name in inside if name.startswith("xl/worksheets/sheet"))
    assert b'<dimension ref="A1:A2"' in inside[sheet]
    inside[sheet] = inside[sheet].replace(b'ref="A1:A2"', b'ref="A1:XFD1048576"', 1)
    with zipfile.ZipFile(tmp_path / "x.xlsx", "w") as packed:
        for name, data in inside.items():
            packed.writestr(name, data)
    assert _load(tmp_path) == [{"a": 1}]


def test_several_workbooks_are_one_table(tmp_path: Path) -> None:
    _write(tmp_path, [["a"], [1]], name="1.xlsx")
    _write(tmp_path, [["a"], [2.5]], name="2.xlsx")
    assert _load(tmp_path, path="?.xlsx") == [{"a": 1.0}, {"a": 2.5}]
    _write(tmp_path, [["b"], [2]], name="2.xlsx")
    assert _refused(tmp_path, path="?.xlsx") == "2.xlsx has other columns than 1.xlsx: b"


_TEXT = st.text(
    st.characters(min_codepoint=33, blacklist_categories=("Cs", "Cc")), min_size=1, max_size=8
).filter(lambda text: not text.startswith(("=", "#")) and text.isprintable() and "_x" not in text)


_REALS = st.integers(-(10**9), 10**9).map(lambda number: number / 1024)


@settings(max_examples=8, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(
    st.lists(
        st.tuples(_TEXT, st.integers(-(2**53), 2**53), _REALS, st.booleans()),
        min_size=1,
        max_size=6,
    )
)  # fmt: skip
def test_values_come_through_unchanged(tmp_path: Path, rows: list[Any]) -> None:
    _write(tmp_path, [["t", "i", "f", "b"], *map(list, rows)])
    read = _load(tmp_path, {"f": "float64"})
    assert [tuple(row.values()) for row in read] == rows
