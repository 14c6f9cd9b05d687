"""CSV in all its dialects: what each reads, and what each refuses, with the place."""

import csv
import gzip
import io
from datetime import UTC, date, datetime
from decimal import Decimal
from pathlib import Path
from typing import Any

import pyarrow as pa
import pyarrow.parquet as pq
import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from pydantic import TypeAdapter, ValidationError

from mlopsc.diagnostics.errors import MlopscError
from mlopsc.runtime.engine.parquet import read_schema
from mlopsc.runtime.sources import bounds
from mlopsc.runtime.sources.load import load_source
from mlopsc.runtime.sources.peek import peek_schema
from mlopsc.vocabulary.columns import Column
from mlopsc.vocabulary.sources import Source

_CUT_OFF = gzip.compress(b"a,b\n" + b"1,2\n" * 10_000, mtime=0)[:-20]
SOURCE: TypeAdapter[Any] = TypeAdapter(Source)


def _load(
    project: Path, data: str | bytes, columns: dict[str, str] | None = None, **keys: Any
) -> list[dict[str, Any]]:
    """Load one file, with a peek before, whose types must be those of the load."""
    (project / "x.csv").write_bytes(data.encode() if isinstance(data, str) else data)
    source = SOURCE.validate_python({"type": "csv", "path": "x.csv", **keys})
    declared = {name: Column(type=kind) for name, kind in (columns or {}).items()}
    out, rejected = project / "out", project / "rejected"
    load_source(source, declared, project=project, out=out, rejected=rejected)
    assert peek_schema(source, declared, project=project) == read_schema(out)
    return pq.read_table(out).to_pylist()


def _rejected(project: Path) -> list[tuple[int, str, str]]:
    rows = pq.read_table(project / "rejected").to_pylist()
    assert {row["file"] for row in rows} <= {"x.csv"}
    return [(row["line"], row["reason"], row["text"]) for row in rows]


def _refused(project: Path, data: str | bytes, columns: dict[str, str] | None = None, **keys: Any) -> str:
    with pytest.raises(MlopscError) as caught:
        _load(project, data, columns, **keys)
    return str(caught.value)


@pytest.mark.parametrize(
    ("data", "keys", "rows"),
    [
        ("a|b\n1|x\n", {"delimiter": "|"}, [{"a": 1, "b": "x"}]),
        ("a\tb\n1\t\"x\n", {"delimiter": "\t", "quote": None}, [{"a": 1, "b": '"x'}]),
        ('a,b\n1,"x\\"y"\n', {"escape": "\\"}, [{"a": 1, "b": 'x"y'}]),
        ('a,b\n1,"x""y"\n', {}, [{"a": 1, "b": 'x"y'}]),
        ("from 2020\n\na,b\n1,2\n", {"skip_rows": 2}, [{"a": 1, "b": 2}]),
        ("a,b\n# no, data\n1,2# nor this\n", {"comment": "#"}, [{"a": 1, "b": 2}]),
        ('# first\na,b\n1,"x#y"\n', {"comment": "#"}, [{"a": 1, "b": "x#y"}]),
        ("a;b\n1,5;2.000,25\n", {"delimiter": ";", "decimal": ",", "thousands": "."}, [{"a": 1.5, "b": 2000.25}]),
        ('a,b\n"1,234",-5\n', {"thousands": ","}, [{"a": 1234, "b": -5}]),
        ("a;b\n1 234;1'000\n", {"delimiter": ";", "thousands": " "}, [{"a": 1234, "b": "1'000"}]),
        ("a\n31.12.2013\n", {"date_format": "%d.%m.%Y"}, [{"a": date(2013, 12, 31)}]),
        (
            "a\n12/31/13 3:05 PM\n",
            {"timestamp_format": "%m/%d/%y %I:%M %p"},
            [{"a": datetime(2013, 12, 31, 15, 5, tzinfo=UTC)}],
        ),
        (
            "a\n31.12.2013 15:00 +0200\n",
            {"timestamp_format": "%d.%m.%Y %H:%M %z"},
            [{"a": datetime(2013, 12, 31, 13, tzinfo=UTC)}],
        ),
        ("a,b\r\n1,2\r\n", {}, [{"a": 1, "b": 2}]),
        ("a,b\r1,2\r", {}, [{"a": 1, "b": 2}]),
        ("a,b\n1,2", {}, [{"a": 1, "b": 2}]),
        ("\ufeffa,b\n1,2\n", {}, [{"a": 1, "b": 2}]),
        ("a,b\n\n1,2\n\n", {}, [{"a": 1, "b": 2}]),
        ("a\nx\n\ny\n", {}, [{"a": "x"}, {"a": None}, {"a": "y"}]),
        ('a,b\n1,""\n2,"NA"\n', {"nulls": ["NA"]}, [{"a": 1, "b": None}, {"a": 2, "b": None}]),
        ("a,b\n1,x\0y\n", {}, [{"a": 1, "b": "x\0y"}]),
        ("a,b\n1,2,\n", {}, [{"a": 1, "b": 2}]),
        ("a,,b\n1,2,3\n", {}, [{"a": 1, "column1": 2, "b": 3}]),
        ("a,b\n", {}, []),
        ("1,2\n", {"header": False}, [{"column0": 1, "column1": 2}]),
        ("a,b\n1,ü€\n".encode("cp1252"), {"encoding": "cp1252"}, [{"a": 1, "b": "ü€"}]),
        ("a,b\n1,表\n".encode("shift_jis"), {"encoding": "shift_jis"}, [{"a": 1, "b": "表"}]),
        ("a,b\n1,ü\n".encode("utf-16"), {"encoding": "utf-16"}, [{"a": 1, "b": "ü"}]),
        ("a,b\n1,ü\n".encode("latin-1"), {"encoding": "latin-1"}, [{"a": 1, "b": "ü"}]),
    ],
)  # fmt: skip
@pytest.mark.parametrize("bad_lines", ["error", "quarantine"])
def test_dialects(
    tmp_path: Path, data: str | bytes, keys: dict[str, Any], rows: list[dict[str, Any]], bad_lines: str
) -> None:
    assert _load(tmp_path, data, bad_lines=bad_lines, **keys) == rows
    assert _rejected(tmp_path) == [] if bad_lines == "quarantine" else True


@pytest.mark.parametrize(
    ("data", "message"),
    [
        ("", "x.csv is empty: it has no header"),
        ("\n\n", "x.csv is empty: it has no header"),
        ("a,b\n1,2\n1,2,3\n", "x.csv, line 3: expected 2 cells, found 3"),
        ("a,b\n1,2\n1\n", "x.csv, line 3: expected 2 cells, found 1"),
        ('a,b\n1,2\n1,"2\n3,4\n', "x.csv, line 3: Value with unterminated quote found."),
        ('a,b\n1,"2"x\n', "x.csv, line 2: Value with unterminated quote found."),
        ("a,a\n1,2\n", "x.csv has column 'a' twice"),
        ("a,A\n1,2\n", "x.csv has columns 'a' and 'A'"),
        (b"a,b\n1,\xe9\n", "x.csv is not utf-8: byte 6 is 0xe9"),
        ("a,b\n1,2\n".encode("utf-16-le"), "x.csv holds null characters"),
        ("a,b\r\n1,2\r\n3,4\n5,6\r7,8\n", "x.csv, line 3: lines end in several ways"),
        (b"BZh91AY", "x.csv is bzip2, not text"),
        (b"PAR1....PAR1", "x.csv is Parquet, not text"),
        (_CUT_OFF, "x.csv is damaged or cut off: gzip cannot be unpacked"),
        (b"\x28\xb5\x2f\xfdno frame", "x.csv is damaged or cut off: zstd cannot be unpacked"),
    ],
)  # fmt: skip
def test_what_cannot_be_read_is_refused_with_its_place(
    tmp_path: Path, data: str | bytes, message: str
) -> None:
    assert message in _refused(tmp_path, data)


def test_a_bad_byte_of_another_encoding_is_told(tmp_path: Path) -> None:
    message = _refused(tmp_path, b"a,b\n1,2\n3,\x81\n", encoding="cp1252")
    assert message == "x.csv is not cp1252, line 3: byte 0x81"


@pytest.mark.parametrize(
    ("cell", "keys"),
    [
        ("1.5", {"decimal": ","}),
        ("1,23", {"thousands": ","}),
        ("12,3456", {"thousands": ","}),
        (",123", {"thousands": ","}),
        ("1,,000", {"thousands": ","}),
        ("1 000", {"thousands": ","}),
    ],
)
def test_numbers_of_another_dialect_are_refused(tmp_path: Path, cell: str, keys: dict[str, Any]) -> None:
    message = _refused(tmp_path, f'a\n"{cell}"\n', {"a": "float64"}, **keys)
    assert message == f"x.csv, line 2 (row 1): column 'a' holds '{cell}', expected float64"


def test_dates_of_another_format_are_refused(tmp_path: Path) -> None:
    message = _refused(tmp_path, "a\n31.12.2013\n2013-12-31\n", {"a": "date"}, date_format="%d.%m.%Y")
    assert message == "x.csv, line 3 (row 2): column 'a' holds '2013-12-31', expected date"


@pytest.mark.parametrize(
    ("keys", "message"),
    [
        ({"encoding": "utf8x"}, "unknown encoding 'utf8x'"),
        ({"encoding": "rot13"}, "unknown encoding 'rot13'"),
        ({"encoding": "base64"}, "unknown encoding 'base64'"),
        ({"comment": ","}, "`delimiter` and `comment` are both ','"),
        ({"quote": None, "escape": "\\"}, "`escape` stands before a quote"),
        ({"thousands": "."}, "`decimal` and `thousands` are both '.'"),
        ({"date_format": "%H:%M"}, "says no date"),
        ({"date_format": "%d.%m.%Y %H"}, "says a time of day"),
        ({"date_format": "%Q"}, "unknown directive '%Q'"),
        ({"timestamp_format": "%d.%m.%Y"}, "says no hour"),
        ({"timestamp_format": "%d.%m.%Y %I:%M"}, "says no hour: expected %H, or %I with %p"),
        ({"skip_rows": -1}, "greater than or equal to 0"),
        ({"limits": {"columns": 0}}, "greater than or equal to 1"),
        ({"limits": {"download": "much"}}, "String should match pattern"),
    ],
)
def test_dialects_that_make_no_sense_are_refused(keys: dict[str, Any], message: str) -> None:
    with pytest.raises(ValidationError) as caught:
        SOURCE.validate_python({"type": "csv", "path": "x.csv", **keys})
    assert message in str(caught.value)


def test_bad_lines_are_put_aside_with_number_reason_and_text(tmp_path: Path) -> None:
    data = (
        b"# made by a machine\n"
        b"a,b\n"
        b"1,x\n"
        b"2\n"
        b'3,"two\nlines"\n'
        b"oops,y\n"
        b"4,y,z\n"
        b"5,\xe9\n"
        b'6,"y"z\n'
        b'7,"two\nlines",3\n'
        b"8,z\n"
        b'9,"never closed\n'
        b"10,z\n"
    )
    rows = _load(tmp_path, data, {"a": "int64"}, bad_lines="quarantine", comment="#")
    assert rows == [{"a": 1, "b": "x"}, {"a": 3, "b": "two\nlines"}, {"a": 8, "b": "z"}]
    assert _rejected(tmp_path) == [
        (4, "expected 2 cells, found 1", "2"),
        (7, "column 'a' holds 'oops', expected int64", "oops,y"),
        (8, "expected 2 cells, found 3", "4,y,z"),
        (9, "byte 0xe9 is no utf-8", "5,�"),
        (10, "text follows the end of a quoted cell", '6,"y"z'),
        (11, "expected 2 cells, found 3", '7,"two\nlines",3'),
        (14, "a quote is opened and never closed", '9,"never closed\n10,z'),
    ]


def test_a_quote_that_is_not_closed_within_the_limit_takes_its_line_alone(tmp_path: Path) -> None:
    data = 'a,b\n1,"open\n' + "2,x\n" * 2000
    declared = {"a": "int64", "b": "string"}
    rows = _load(tmp_path, data, declared, bad_lines="quarantine", limits={"line": "4k"})
    assert rows == [{"a": 2, "b": "x"}] * 2000
    assert _rejected(tmp_path) == [(2, "a quote is opened and never closed", '1,"open')]


def test_several_files_and_encodings_are_parted(tmp_path: Path) -> None:
    for name, text in (("a.csv", "x,y\n1,é\nzwei,ö\n"), ("b.csv", "x,y\n3\n4,ü\n")):
        (tmp_path / name).write_bytes(gzip.compress(text.encode("latin-1")))
    source = SOURCE.validate_python(
        {"type": "csv", "path": "?.csv", "encoding": "latin-1", "bad_lines": "quarantine"}
    )
    out, rejected = tmp_path / "out", tmp_path / "rejected"
    declared = {"x": Column(type="int64")}
    assert load_source(source, declared, project=tmp_path, out=out, rejected=rejected) == 2
    assert pq.read_table(out).to_pydict() == {"x": [1, 4], "y": ["é", "ü"]}
    assert pq.read_table(rejected).drop_columns("text").to_pylist() == [
        {"file": "a.csv", "line": 3, "reason": "column 'x' holds 'zwei', expected int64"},
        {"file": "b.csv", "line": 2, "reason": "expected 2 cells, found 1"},
    ]


def test_a_file_of_bad_lines_alone_is_refused(tmp_path: Path) -> None:
    message = _refused(tmp_path, "a,b\n1\n2\n", bad_lines="quarantine")
    assert (
        message
        == "every line would be put aside, 2 of them; the first: x.csv, line 2: expected 2 cells, found 1"
    )


def _zstd(data: bytes) -> bytes:
    sink = pa.BufferOutputStream()
    with pa.CompressedOutputStream(sink, "zstd") as stream:
        stream.write(data)
    return sink.getvalue().to_pybytes()


@pytest.mark.parametrize("pack", [gzip.compress, _zstd])
def test_compressed_text_is_unpacked_whatever_its_name(tmp_path: Path, pack: Any) -> None:
    rows = "".join(f"{i},x\n" for i in range(100_000))
    half = len(rows) // 2
    packed = pack(("a,b\n" + rows[:half]).encode()) + pack(rows[half:].encode())
    assert [row["a"] for row in _load(tmp_path, packed)] == list(range(100_000))


@pytest.mark.parametrize("pack", [gzip.compress, _zstd])
def test_a_decompression_bomb_is_refused_before_it_is_unpacked(
    tmp_path: Path, pack: Any, monkeypatch: pytest.MonkeyPatch
) -> None:
    bomb = pack(b"a\n" + b"0" * 30_000_000)
    assert "more than 8M bytes, the limit of what is unpacked" in _refused(
        tmp_path, bomb, limits={"unpacked": "8M"}
    )
    monkeypatch.setattr(bounds, "_FLOOR", 1 << 20)
    message = _refused(tmp_path, bomb, limits={"ratio": 100})
    assert "more than 100 times its own size, as a decompression bomb does" in message


def test_rows_and_columns_have_limits(tmp_path: Path) -> None:
    wide = ",".join(map(str, range(100_000))) + "\n"
    assert _refused(tmp_path, wide) == "x.csv has more than 10000 columns"
    assert "more than 3 columns" in _refused(tmp_path, "a,b,c,d\n", limits={"columns": 3})
    long = "a,b\n1," + "x" * 20_000_000 + "\n"
    assert "x.csv, line 2: the row is longer than 16777216 bytes" in _refused(tmp_path, long)
    assert len(_load(tmp_path, long, limits={"line": "32Mi"})[0]["b"]) == 20_000_000


_TEXT = st.text(
    st.characters(blacklist_categories=("Cs",), blacklist_characters="\0\r"), min_size=1, max_size=12
).filter(lambda text: text.strip() == text)


@settings(max_examples=25, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(
    rows=st.lists(st.tuples(_TEXT, st.integers(-(2**63), 2**63 - 1), st.floats(allow_nan=False)), max_size=8),
    bad_lines=st.sampled_from(["error", "quarantine"]),
)
def test_what_python_writes_is_read_back(tmp_path: Path, rows: list[Any], bad_lines: str) -> None:
    buffer = io.StringIO()
    writer = csv.writer(buffer, lineterminator="\n")
    writer.writerow(["t", "i", "f"])
    writer.writerows((text, number, repr(real)) for text, number, real in rows)
    declared = {"t": "string", "i": "int64", "f": "float64"}
    read = _load(tmp_path, buffer.getvalue(), declared, bad_lines=bad_lines)
    assert [tuple(row.values()) for row in read] == rows


@settings(max_examples=25, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(
    lines=st.lists(
        st.sampled_from(['1,x', '2,"q"', "3", "4,x,y", "bad,x", '5,"two\nlines"', "6,é", '7,"a""b"', "8,"]),
        min_size=1,
        max_size=12,
    )
)  # fmt: skip
def test_every_line_is_either_read_or_put_aside(tmp_path: Path, lines: list[str]) -> None:
    good = [line for line in lines if line not in ("3", "4,x,y", "bad,x")]
    data = "a,b\n" + "\n".join(lines) + "\n"
    if not good:
        _refused(tmp_path, data, {"a": "int64"}, bad_lines="quarantine")
        return
    rows = _load(tmp_path, data, {"a": "int64"}, bad_lines="quarantine")
    assert [row["a"] for row in rows] == [int(line[0]) for line in good]
    aside = _rejected(tmp_path)
    assert len(aside) + len(rows) == len(lines)
    places, at = [], 2
    for line in lines:
        places += [at] if line not in good else []
        at += 1 + line.count("\n")
    assert [line for line, _, _ in aside] == places


def test_decimals_keep_their_digits(tmp_path: Path) -> None:
    read = _load(tmp_path, "a\n0.10\n12345678901234567890.12\n", {"a": "decimal(38,2)"})
    assert [row["a"] for row in read] == [Decimal("0.10"), Decimal("12345678901234567890.12")]
