"""The engine reads what it is given, and writes the same bytes whatever runs it."""

import hashlib
from datetime import UTC, datetime
from pathlib import Path

import pyarrow.parquet as pq
import pytest

from mlopsc.diagnostics.errors import MlopscError
from mlopsc.runtime.engine.connection import connect
from mlopsc.runtime.engine.parquet import ROW_GROUP, read_schema, write_parquet
from mlopsc.runtime.engine.statement import column, fragment, literal, scan, text


def _write(sql: str, path: Path, *inputs: Path, threads: int = 2, timezone: str = "UTC") -> str:
    with connect(*inputs, threads=threads) as connection:
        write_parquet(connection, fragment(sql), path, timezone=timezone)
    return hashlib.sha256(path.read_bytes()).hexdigest()


def test_bytes_do_not_depend_on_threads(tmp_path: Path) -> None:
    big = tmp_path / "big"
    _write("select i, 'k' || (i % 7) as k, i / 3 as x from range(300000) t(i)", big)
    query = f"select k, i, x from read_parquet('{big}') order by k, i"
    digests = {_write(query, tmp_path / f"o{n}", big, threads=n) for n in (1, 2, 4)}
    assert len(digests) == 1
    groups = pq.ParquetFile(tmp_path / "o4").metadata
    assert [groups.row_group(i).num_rows for i in range(3)] == [ROW_GROUP, ROW_GROUP, 300000 - 2 * ROW_GROUP]


def test_an_empty_result_is_a_file_with_columns(tmp_path: Path) -> None:
    _write("select 1 as a, 'x' as b where false", tmp_path / "e")
    assert read_schema(tmp_path / "e") == {"a": "int32", "b": "string"}
    assert pq.ParquetFile(tmp_path / "e").metadata.num_rows == 0


def test_every_timestamp_becomes_an_instant(tmp_path: Path) -> None:
    path = tmp_path / "t"
    _write(
        """select timestamp '2024-07-01 12:00:00' as summer, timestamp '2024-03-10 02:30:00' as skipped,
        timestamp '2024-11-03 01:30:00' as twice, timestamp_ns '2024-01-01 12:00:00' as fine,
        timestamptz '2024-07-01 12:00:00+02' as aware, 'a'::enum('a', 'b') as e, sum(1::bigint) as n""",
        path,
        timezone="America/New_York",
    )
    row = pq.read_table(path).to_pylist()[0]
    hour = {name: row[name] for name in ("summer", "skipped", "twice", "fine", "aware")}
    assert hour == {
        "summer": datetime(2024, 7, 1, 16, tzinfo=UTC),
        "skipped": datetime(2024, 3, 10, 7, 30, tzinfo=UTC),  # 03:30 after the clocks went on
        "twice": datetime(2024, 11, 3, 6, 30, tzinfo=UTC),  # the second 01:30
        "fine": datetime(2024, 1, 1, 17, tzinfo=UTC),
        "aware": datetime(2024, 7, 1, 10, tzinfo=UTC),
    }
    assert read_schema(path) == {
        **dict.fromkeys(["summer", "skipped", "twice", "fine", "aware"], "timestamp"),
        "e": "string",
        "n": "decimal(38,0)",
    }


def test_nan_is_found_in_what_was_written(tmp_path: Path) -> None:
    _write("select unnest([1.0, 'nan'::double, null]) as f, unnest([1, 2, 3]) as i", tmp_path / "t")
    with connect(tmp_path / "t") as connection:
        found = f"select count(*) filter (isnan(f)), max(f), count(*) from read_parquet('{tmp_path / 't'}')"
        assert str(connection.execute(found).fetchall()) == "[(1, nan, 3)]"
        assert connection.execute(found + " where isnan(f)").fetchall()[0][2] == 1
    statistics = [pq.read_metadata(tmp_path / "t").row_group(0).column(i).statistics for i in (0, 1)]
    assert [one is not None and one.max for one in statistics] == [False, 3]


def test_a_type_that_no_table_holds_is_refused(tmp_path: Path) -> None:
    with pytest.raises(MlopscError, match="column 'gap' is interval"):
        _write("select interval '1' day as gap", tmp_path / "x")


def test_other_files_cannot_be_reached(tmp_path: Path) -> None:
    for name in ("mine", "other"):
        _write("select 1 as a", tmp_path / name)
    with connect(tmp_path / "mine") as connection:
        assert connection.execute(text(fragment("select a from $t", t=scan(tmp_path / "mine")))).fetchall()
    for sql in (
        f"select * from read_parquet('{tmp_path / 'other'}')",
        f"copy (select 1) to '{tmp_path / 'new'}'",
        "set enable_external_access = true",
        "install httpfs",
    ):
        with pytest.raises(MlopscError), connect(tmp_path / "mine") as connection:
            connection.execute(sql)
    assert not (tmp_path / "new").exists()


def test_names_and_values_stay_data() -> None:
    name = 'a"; drop table t; --'
    with connect() as connection:
        query = fragment("select $v as x", v=literal("'; drop table t; --"))
        assert connection.execute(text(query)).fetchall() == [("'; drop table t; --",)]
        assert text(column(name)) == '"a""; drop table t; --"'
        hard = [None, True, -3, 0.1, 1e-320, "é'\\", datetime(2020, 1, 1, tzinfo=UTC)]
        for value in hard:
            found = connection.execute(text(fragment("select $v as x", v=value))).fetchall()[0][0]
            assert found == value


def test_a_part_keeps_together() -> None:
    assert text(fragment("$a * 2", a=fragment("x + 1"))) == "(x + 1) * 2"
