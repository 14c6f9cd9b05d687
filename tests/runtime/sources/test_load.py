"""Sources become one canonical file: declared types apply, nothing else changes, faults are located."""

import hashlib
import os
from datetime import UTC, date, datetime
from decimal import Decimal
from pathlib import Path
from typing import Any

import fsspec
import pyarrow as pa
import pyarrow.parquet as pq
import pytest
from pydantic import TypeAdapter

from mlopsc.diagnostics.errors import MlopscError
from mlopsc.runtime.engine.parquet import read_schema
from mlopsc.runtime.sources.load import load_source
from mlopsc.runtime.sources.opening import fingerprint_source
from mlopsc.runtime.sources.peek import peek_schema
from mlopsc.vocabulary.columns import Column
from mlopsc.vocabulary.sources import Source

SOURCE: TypeAdapter[Any] = TypeAdapter(Source)


def _load(
    project: Path, source: dict[str, Any], columns: dict[str, Any] | None = None, **options: Any
) -> Any:
    out = project / "out"
    declared = {name: Column.model_validate(column) for name, column in (columns or {}).items()}
    load_source(SOURCE.validate_python(source), declared, project=project, out=out, **options)
    return pq.read_table(out)


def _csv(project: Path, text: str | bytes, name: str = "x.csv") -> dict[str, Any]:
    data = text.encode() if isinstance(text, str) else text
    (project / name).write_bytes(data)
    return {"type": "csv", "path": name}


def test_undeclared_csv_columns_get_the_narrowest_type_of_the_whole_file(tmp_path: Path) -> None:
    late = "".join("1,2,Yes,true,010,1.5,2020-01-01,2020-01-01 10:00,\n" for _ in range(3000))
    source = _csv(tmp_path, "i,s,yes,b,zip,f,d,t,none\n" + late + "2,x,No,false,007,2,2020-02-30,,\n")
    _load(tmp_path, source)
    assert read_schema(tmp_path / "out") == {
        "i": "int64",
        "s": "string",
        "yes": "string",
        "b": "bool",
        "zip": "string",
        "f": "float64",
        "d": "string",
        "t": "timestamp",
        "none": "string",
    }


def test_declared_types_are_applied(tmp_path: Path) -> None:
    source = _csv(
        tmp_path,
        "a,b,c,d,e,f,g\n"
        "1,1.50,yes,2020-01-02,2020-01-02T10:00+02:00,007,é\n"
        ",,,,2020-07-02 10:00,,\n",
    )  # fmt: skip
    columns = {
        "a": "int8",
        "b": "decimal(5,1)",
        "c": "bool",
        "d": "date",
        "e": "timestamp",
        "f": "int64",
        "g": "binary",
    }
    table = _load(tmp_path, source, {n: {"type": t} for n, t in columns.items()}, timezone="Europe/Berlin")
    assert read_schema(tmp_path / "out") == columns
    assert table.to_pylist() == [
        {
            "a": 1,
            "b": Decimal("1.5"),
            "c": True,
            "d": date(2020, 1, 2),
            "e": datetime(2020, 1, 2, 8, tzinfo=UTC),
            "f": 7,
            "g": "é".encode(),
        },
        {**dict.fromkeys("abcdfg"), "e": datetime(2020, 7, 2, 8, tzinfo=UTC)},
    ]


@pytest.mark.parametrize(
    ("type_", "value"),
    [
        ("int64", "5.7"),
        ("int64", "1_000"),
        ("int64", "0x10"),
        ("int8", "300"),
        ("float64", "1_0.5"),
        ("decimal(5,1)", "1.55"),
        ("date", "2020-13-01"),
        ("date", "2020-01-01 10:00"),
        ("timestamp", "yesterday"),
        ("bool", "maybe"),
    ],
)
def test_a_cell_that_does_not_fit_is_located(tmp_path: Path, type_: str, value: str) -> None:
    source = _csv(tmp_path, f'k,x\n"two\nlines",\nb,{value}\nc,{value}\n')
    with pytest.raises(MlopscError) as caught:
        _load(tmp_path, source, {"x": {"type": type_}})
    expected = f"x.csv, line 4 (row 2): column 'x' holds '{value}', expected {type_} (2 such cells)"
    assert str(caught.value) == expected


@pytest.mark.parametrize(
    ("text", "message"),
    [
        ("", "x.csv is empty: it has no header"),
        ("a,b\n1,2\n1,2,3\n", "x.csv, line 3: expected 2 cells, found 3"),
        ("a,b\n1\n", "x.csv, line 2: expected 2 cells, found 1"),
        ('a,b\n1,"2\n', "x.csv, line 2: Value with unterminated quote found."),
        ("a,A\n1,2\n", "columns 'a' and 'A'"),
        ("a,a\n1,2\n", "column 'a' twice"),
        (b"a,b\n1,\xe9\n", "x.csv is not utf-8"),
        (b"PK\x03\x04...", "x.csv is zip, not text"),
        (",".join(map(str, range(100_000))) + "\n", "more than 10000 columns"),
    ],
)
def test_a_malformed_csv_is_located(tmp_path: Path, text: str | bytes, message: str) -> None:
    with pytest.raises(MlopscError) as caught:
        _load(tmp_path, _csv(tmp_path, text))
    assert message in str(caught.value)


def test_csv_dialects(tmp_path: Path) -> None:
    source = _csv(tmp_path, "a;b\r\nNA;'x;''y'\r\n3;\r\n".encode("latin-1"))
    options = {"delimiter": ";", "quote": "'", "nulls": ["NA"], "encoding": "latin-1"}
    table = _load(tmp_path, source | options)
    assert table.to_pylist() == [{"a": None, "b": "x;'y"}, {"a": 3, "b": None}]
    bom = _csv(tmp_path, "\ufeffa,b\n1,2\n")
    assert _load(tmp_path, bom).column_names == ["a", "b"]
    bare = _csv(tmp_path, "1,2\n3,4\n")
    assert _load(tmp_path, bare | {"header": False}).to_pydict() == {"column0": [1, 3], "column1": [2, 4]}


def test_a_header_without_rows_is_an_empty_table(tmp_path: Path) -> None:
    table = _load(tmp_path, _csv(tmp_path, "a,b\n"), {"a": {"type": "int64"}})
    assert table.num_rows == 0
    assert read_schema(tmp_path / "out") == {"a": "int64", "b": "string"}


def test_json_lines(tmp_path: Path) -> None:
    (tmp_path / "x.jsonl").write_text(
        '{"a": 1, "b": "2020-01-01", "n": {"x": [1]}}\n{"c": 2.5, "a": null, "t": true}\n'
    )
    source = {"type": "jsonl", "path": "x.jsonl"}
    table = _load(tmp_path, source)
    assert table.to_pylist() == [
        {"a": 1, "b": date(2020, 1, 1), "n": '{"x":[1]}', "c": None, "t": None},
        {"a": None, "b": None, "n": None, "c": 2.5, "t": True},
    ]
    with pytest.raises(MlopscError, match=r"x.jsonl, line 2: column 'c' holds '2.5', expected int64"):
        _load(tmp_path, source, {"c": {"type": "int64"}})


@pytest.mark.parametrize(
    ("text", "message"),
    [
        ('{"a": 1}\n{"a": \n', "malformed JSON"),
        ('{"a": 1}\n{"a": "x"}\n', "column 'a' mixes values of several kinds: ubigint, varchar"),
        ("[1]\n", "no JSON object"),
        ("", "is empty"),
    ],
)
def test_malformed_json_lines(tmp_path: Path, text: str, message: str) -> None:
    (tmp_path / "x.jsonl").write_text(text)
    with pytest.raises(MlopscError, match=message):
        _load(tmp_path, {"type": "jsonl", "path": "x.jsonl"})


def test_parquet_converts_only_what_stays_the_same(tmp_path: Path) -> None:
    noon = datetime(2020, 1, 1, 12)  # noqa: DTZ001
    table = pa.table({"i": [1, 2], "f": [1.0, 2.5], "t": [noon, None], "l": [[1], None]})
    pq.write_table(table, tmp_path / "x.parquet")
    source = {"type": "parquet", "path": "x.parquet"}
    _load(tmp_path, source, {"i": {"type": "float64"}}, timezone="America/New_York")
    assert read_schema(tmp_path / "out") == {"i": "float64", "f": "float64", "t": "timestamp", "l": "nested"}
    assert pq.read_table(tmp_path / "out")["t"].to_pylist() == [datetime(2020, 1, 1, 17, tzinfo=UTC), None]
    with pytest.raises(MlopscError, match=r"x.parquet, row 2: column 'f' holds '2.5', expected int64"):
        _load(tmp_path, source, {"f": {"type": "int64"}})
    with pytest.raises(MlopscError, match="column 'i' is int64, declared date"):
        _load(tmp_path, source, {"i": {"type": "date"}})
    (tmp_path / "x.parquet").write_bytes(b"PAR1 no PAR1")
    with pytest.raises(MlopscError, match=r"x.parquet is no readable Parquet file"):
        _load(tmp_path, source)


def test_globs_are_read_in_the_order_of_paths_and_bytes_do_not_depend_on_threads(tmp_path: Path) -> None:
    for name in ("b", "a", "c"):
        _csv(tmp_path, "k,n\n" + "".join(f"{name},{i}\n" for i in range(60_000)), f"{name}.csv")
    digests = set()
    for threads in (1, 4):
        table = _load(tmp_path, {"type": "csv", "path": "*.csv"}, threads=threads)
        digests.add(hashlib.sha256((tmp_path / "out").read_bytes()).hexdigest())
    assert table["n"].to_pylist() == [*range(60_000)] * 3
    assert table["k"].to_pylist()[::60_000] == ["a", "b", "c"]
    assert len(digests) == 1
    _csv(tmp_path, "k,n\nz,oops\n", "b.csv")
    with pytest.raises(MlopscError, match=r"b.csv, line 2 \(row 1\): column 'n' holds 'oops'"):
        _load(tmp_path, {"type": "csv", "path": "*.csv"}, {"n": {"type": "int64"}})


def test_a_missing_file_says_what_is_near(tmp_path: Path) -> None:
    (tmp_path / "data").mkdir()
    (tmp_path / "data" / "flights.parquet").touch()
    with pytest.raises(MlopscError) as caught:
        _load(tmp_path, {"type": "parquet", "path": "data/flihgts.parquet"})
    assert str(caught.value) == "no such file: 'data/flihgts.parquet'"
    assert caught.value.help == "did you mean 'data/flights.parquet'?"
    with pytest.raises(MlopscError, match="no file matches"):
        _load(tmp_path, {"type": "parquet", "path": "data/*.csv"})


def test_a_file_that_may_not_be_read_is_named(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    source = _csv(tmp_path, "a\n1\n")
    monkeypatch.setattr(os, "access", lambda path, mode: mode != os.R_OK)
    with pytest.raises(MlopscError, match=r"'x.csv' cannot be read: permission denied"):
        _load(tmp_path, source)


def test_a_local_path_stays_in_the_project(tmp_path: Path) -> None:
    project = tmp_path / "project"
    project.mkdir()
    _csv(tmp_path, "a\n1\n")
    (project / "link.csv").symlink_to(tmp_path / "x.csv")
    for path in ("../x.csv", str(tmp_path / "x.csv"), "link.csv"):
        with pytest.raises(MlopscError, match="leads out of the project folder"):
            _load(project, {"type": "csv", "path": path})
    assert _load(project, {"type": "csv", "path": f"file://{tmp_path}/x.csv"}).num_rows == 1


def test_urls_are_fetched(tmp_path: Path) -> None:
    system = fsspec.filesystem("memory")
    system.pipe("/bucket/a.csv", b"x\n1\n")
    system.pipe("/bucket/b.csv", b"x\n2\n")
    source = {"type": "csv", "path": "memory://bucket/*.csv"}
    assert _load(tmp_path, source)["x"].to_pylist() == [1, 2]
    with pytest.raises(MlopscError, match=r"no such file: 'memory://bucket/c\.csv'"):
        _load(tmp_path, {"type": "csv", "path": "memory://bucket/c.csv"})


def test_functions(tmp_path: Path) -> None:
    (tmp_path / "source_functions.py").write_text(
        "import pandas, polars\n"
        "def frame(n, key): return pandas.DataFrame({'x': range(n), 'key': key})\n"
        "def other(): return polars.DataFrame({'x': ['a']})\n"
        "def mixed(): return pandas.DataFrame({'x': [1, 'a', True]})\n"
        "def path(): return __file__.replace('source_functions.py', 'x.csv')\n"
        "def nothing(): return 5\n"
    )
    _csv(tmp_path, "a\n1\n")
    call = {"python": "source_functions:frame", "args": {"n": 2, "key": {"secret": "token"}}}
    table = _load(tmp_path, call, secrets={"token": "s3"}.__getitem__)
    assert table.to_pydict() == {"x": [0, 1], "key": ["s3", "s3"]}
    assert _load(tmp_path, {"python": "source_functions:other"}).to_pydict() == {"x": ["a"]}
    assert _load(tmp_path, {"python": "source_functions:path"}).to_pydict() == {"a": [1]}
    for name, message in (
        ("mixed", "column 'x' holds values of several types: bool, int, str"),
        ("nothing", "expected a pandas, polars or pyarrow table, or a path, found int"),
        ("absent", "has no 'absent'"),
    ):
        with pytest.raises(MlopscError, match=message):
            _load(tmp_path, {"python": f"source_functions:{name}"})
    assert fingerprint_source(SOURCE.validate_python(call), project=tmp_path, secrets=str) is None


def test_fingerprints_follow_content(tmp_path: Path) -> None:
    source = SOURCE.validate_python(_csv(tmp_path, "a\n1\n"))
    digest = hashlib.sha256(b"a\n1\n").hexdigest()
    assert fingerprint_source(source, project=tmp_path, secrets=str) == f"sha256:{digest}"
    both = SOURCE.validate_python({"type": "csv", "path": "*.csv"})
    _csv(tmp_path, "a\n1\n", "y.csv")
    first = fingerprint_source(both, project=tmp_path, secrets=str)
    _csv(tmp_path, "a\n2\n", "y.csv")
    assert fingerprint_source(both, project=tmp_path, secrets=str) != first


def test_peeking_gives_the_schema_of_the_load(tmp_path: Path) -> None:
    source = _csv(tmp_path, "a,b\n1,x\n")
    declared = {"a": Column(type="int8")}
    peeked = peek_schema(SOURCE.validate_python(source), declared, project=tmp_path)
    assert peeked == {"a": "int8", "b": "string"}
    assert peek_schema(SOURCE.validate_python({"python": "a:b"}), {}, project=tmp_path) is None


def test_an_event_time_must_be_a_time(tmp_path: Path) -> None:
    source = _csv(tmp_path, "a,b\n1,x\n")
    with pytest.raises(MlopscError, match="`event_time` column 'b' is string"):
        _load(tmp_path, source, event_time="b")
    with pytest.raises(MlopscError, match="no column 'c', which `event_time` names"):
        _load(tmp_path, source, event_time="c")


@pytest.mark.parametrize("zone", [None, "UTC", "America/New_York"])
def test_parquet_times_with_nanoseconds_are_rounded(tmp_path: Path, zone: str | None) -> None:
    stamps = pa.array([1_700_000_000_123_456_789, None, -1_500], pa.timestamp("ns", zone))
    pq.write_table(pa.table({"at": stamps}), tmp_path / "x.parquet")
    loaded = _load(tmp_path, {"type": "parquet", "path": "x.parquet"}, {"at": {"type": "timestamp"}})
    assert loaded.schema.field("at").type == pa.timestamp("us", "UTC")
    assert loaded.column("at").cast(pa.int64()).to_pylist() == [1_700_000_000_123_457, None, -2]


def test_a_date_with_nanoseconds_and_a_zone_is_a_date(tmp_path: Path) -> None:
    midnight = pa.array([datetime(2020, 1, 2, tzinfo=UTC)], pa.timestamp("ns", "UTC"))
    pq.write_table(pa.table({"day": midnight}), tmp_path / "x.parquet")
    loaded = _load(tmp_path, {"type": "parquet", "path": "x.parquet"}, {"day": {"type": "date"}})
    assert loaded.column("day").to_pylist() == [date(2020, 1, 2)]
