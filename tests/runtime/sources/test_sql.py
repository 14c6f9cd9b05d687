"""Queries on databases: SQLite, and a real PostgreSQL where one is; what each type becomes, and what is refused."""

import sqlite3
from collections.abc import Iterator
from datetime import UTC, date, datetime, time
from decimal import Decimal
from pathlib import Path
from typing import Any

import pyarrow as pa
import pyarrow.parquet as pq
import pytest
from sqlalchemy import create_engine

from mlopsc.diagnostics.errors import MlopscError
from mlopsc.runtime.sources import sql as module
from mlopsc.runtime.sources.load import load_source
from mlopsc.vocabulary.columns import Column
from mlopsc.vocabulary.sources import SecretHandle, SqlSource
from mlopsc.vocabulary.sources.sql import SqlTimestamp

ROWS = "create table rows (k integer primary key, name text, amount real, day text, raw blob, flag integer)"


@pytest.fixture
def project(tmp_path: Path) -> Path:
    with sqlite3.connect(tmp_path / "shop.db") as connection:
        connection.execute(ROWS)
        connection.executemany(
            "insert into rows values (?, ?, ?, ?, ?, ?)",
            [
                (3, "c", 1.5, "2024-01-03", b"\x00\xff", 1),
                (1, "a", None, "2024-01-01", None, 0),
                (2, "ä:b", 2, "2024-01-02", b"", None),
            ],
        )
    connection.close()
    return tmp_path


def loaded(project: Path, columns: dict[str, Column] | None = None, /, **source: Any) -> pa.Table:
    key = source.pop("primary_key", ())
    secrets = source.pop("secrets", {})
    out = project / "out.parquet"
    given = {"url": "sqlite:///shop.db"} | source
    load_source(
        SqlSource(**given), columns or {}, project=project, out=out, primary_key=key, secrets=secrets.__getitem__,
        timezone=None,
    )  # fmt: skip
    return pq.read_table(out)


def test_a_table_is_read_whole_in_the_order_of_its_key(project: Path) -> None:
    table = loaded(project, table="rows", primary_key=("k",))
    assert table.to_pylist() == [
        {"k": 1, "name": "a", "amount": None, "day": "2024-01-01", "raw": None, "flag": 0},
        {"k": 2, "name": "ä:b", "amount": 2.0, "day": "2024-01-02", "raw": b"", "flag": None},
        {"k": 3, "name": "c", "amount": 1.5, "day": "2024-01-03", "raw": b"\x00\xff", "flag": 1},
    ]


def test_without_a_key_all_columns_order_the_rows(project: Path) -> None:
    table = loaded(project, query="select name, k from rows order by k desc")
    assert table["name"].to_pylist() == ["a", "c", "ä:b"]


def test_declared_types_are_applied_where_nothing_is_lost(project: Path) -> None:
    declared = {
        "day": Column(type="date"),
        "flag": Column(type="bool"),
        "amount": Column(type="decimal(6,2)"),
    }
    table = loaded(project, declared, table="rows", primary_key=("k",))
    assert table["day"].to_pylist() == [date(2024, 1, day) for day in (1, 2, 3)]
    assert table["flag"].to_pylist() == [False, None, True]
    assert table["amount"].to_pylist() == [None, Decimal("2.00"), Decimal("1.50")]
    with pytest.raises(MlopscError, match=r"query on sqlite 'shop\.db': column 'x' holds '2', expected bool"):
        loaded(project, {"x": Column(type="bool")}, query="select 2 as x")


def test_values_are_bound_and_never_become_text_of_the_query(project: Path) -> None:
    query = (
        "select k from rows where name = :name and ':name' <> 'x' -- :none\n and k >= cast(:least as integer)"
    )
    assert loaded(project, query=query, parameters={"name": "ä:b", "least": 2})["k"].to_pylist() == [2]
    hostile = "a'; drop table rows; --"
    assert loaded(project, query=query, parameters={"name": hostile, "least": 0}).num_rows == 0
    assert loaded(project, table="rows").num_rows == 3


def test_an_instant_is_compared_as_sqlite_writes_it(project: Path) -> None:
    until = SqlTimestamp(timestamp=datetime(2024, 1, 2, tzinfo=UTC))
    table = loaded(
        project, query="select k from rows where datetime(day) <= :until", parameters={"until": until}
    )
    assert table["k"].to_pylist() == [1, 2]


def test_a_query_of_a_file_is_read_from_the_project(project: Path) -> None:
    (project / "q.sql").write_text("select count(*) as n from rows\n")
    assert loaded(project, query_file="q.sql").to_pylist() == [{"n": 3}]
    with pytest.raises(MlopscError, match="leads out of the project"):
        loaded(project, query_file="../q.sql")


def test_batches_that_widen_a_type_are_read_as_one_table(
    project: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(module, "BATCH", 2)
    query = "select * from (values (1, null), (2, null), (3, null), (4, 0.5), (5, 7)) order by 1"
    table = loaded(project, query=query)
    assert table["column2"].to_pylist() == [None, None, None, 0.5, 7.0]
    assert table.schema.field("column2").type == pa.float64()


def test_an_empty_result_has_its_columns(project: Path) -> None:
    table = loaded(project, {"k": Column(type="int64")}, query="select k, name from rows where false")
    assert (table.num_rows, [str(field.type) for field in table.schema]) == (0, ["int64", "string"])


@pytest.mark.parametrize(
    ("source", "message"),
    [
        ({"query": "delete from rows"}, "a source only reads: expected SELECT, found delete"),
        ({"query": "select 1; drop table rows"}, "expected one query, found 2"),
        ({"query": "with x as (select 1) insert into rows select * from x"}, "a source only reads"),
        ({"query": "select k from rows where k = :k"}, "nothing says what :k is"),
        ({"query": "select k, name as K from rows"}, "columns 'k' and 'K' cannot be told apart"),
        (
            {"query": "select k from rows union all select 'x'"},
            "column 'k' holds values of several types: whole numbers and text",
        ),
        ({"query": "select x'00' as b union all select 'x'"}, "several types: bytes and text"),
        ({"query": "select 9007199254740993 as n union all select 0.5"}, "which no float is"),
        ({"query": "select * from gone"}, "no such table: gone"),
        ({"query": "select gone from rows"}, "no such column: gone"),
        ({"table": "gone"}, "table 'gone' of sqlite 'shop.db': no such table: gone"),
        ({"url": "sqlite:///none.db", "table": "rows"}, "no such file: 'none.db'"),
        ({"url": "sqlite:///../none.db", "table": "rows"}, "leads out of the project"),
        ({"url": "nodb://h/d", "table": "t"}, "SQLAlchemy knows no database 'nodb' here"),
        ({"url": "mysql+pymysql://h/d", "table": "t"}, "the driver 'pymysql' is not installed"),
    ],
)
def test_what_cannot_be_read_is_told(source: dict[str, Any], message: str, project: Path) -> None:
    with pytest.raises(MlopscError, match=message):
        loaded(project, **source)
    assert not (project / "none.db").exists()


def test_nothing_can_be_written_even_by_a_statement_that_passes(project: Path) -> None:
    engine = module._engine(SqlSource(url="sqlite:///shop.db", table="rows"), module._url(
        SqlSource(url="sqlite:///shop.db", table="rows"), {}.__getitem__), project, {}.__getitem__)  # fmt: skip
    with module._reading(engine) as connection, pytest.raises(Exception, match="readonly"):
        connection.exec_driver_sql("delete from rows")
    engine.dispose()


def test_a_url_of_a_secret_shows_in_no_message(project: Path) -> None:
    secrets = {"url": "postgresql://me:hunter2secret@127.0.0.1:1/x?password=hunter3secret"}
    with pytest.raises(MlopscError) as caught:
        loaded(project, url=SecretHandle(secret="url"), table="t", secrets=secrets)
    assert "hunter" not in f"{caught.value} {caught.value.help}"
    with pytest.raises(MlopscError, match="secret 'url' is no database URL") as caught:
        loaded(project, url=SecretHandle(secret="url"), table="t", secrets={"url": "hunter2secret"})
    assert "hunter" not in str(caught.value)


@pytest.fixture
def kinds(postgres: str) -> Iterator[str]:
    """A database with a value of each type that PostgreSQL commonly has."""
    engine = create_engine(postgres)
    with engine.begin() as connection:
        connection.exec_driver_sql("""
            create type mood as enum ('sad', 'glad');
            create table kinds (
              k int primary key, small smallint, big bigint, huge numeric(20,0), dec numeric(10,3), free numeric,
              f4 real, f8 double precision, flag boolean, txt text, fixed char(3), raw bytea, day date, at time,
              local timestamp, instant timestamptz, id uuid, doc jsonb, list int[], mood mood);
            insert into kinds values
              (2, 1, 9223372036854775807, 18446744073709551616, 1.5, 0.0001, 0.5, 0.1, true, 'é', 'x', '\\x00ff',
               '2024-02-29', '12:30:00.5', '2024-03-01 12:00:00', '2024-03-01 12:00:00+02',
               'a0eebc99-9c0b-4ef8-bb6d-6bb9bd380a11', '{"b": [1, null], "a": "ü"}', '{1,null,3}', 'glad'),
              (1, null, null, null, null, null, null, null, null, null, null, null, null, null, null, null, null,
               null, null, null)""")
    yield postgres
    engine.dispose()


@pytest.mark.postgres
def test_every_type_of_postgresql_has_a_meaning(kinds: str, tmp_path: Path) -> None:
    table = loaded(tmp_path, url=kinds, table="kinds", primary_key=("k",))
    empty, full = table.to_pylist()
    assert set(empty.values()) == {1, None}
    assert full == {
        "k": 2, "small": 1, "big": 2**63 - 1, "huge": Decimal(2**64), "dec": Decimal("1.500"),
        "free": Decimal("0.0001"), "f4": 0.5, "f8": 0.1, "flag": True, "txt": "é", "fixed": "x  ", "raw": b"\x00\xff",
        "day": date(2024, 2, 29), "at": time(12, 30, 0, 500_000),
        "local": datetime(2024, 3, 1, 12, tzinfo=UTC), "instant": datetime(2024, 3, 1, 10, tzinfo=UTC),
        "id": "a0eebc99-9c0b-4ef8-bb6d-6bb9bd380a11", "doc": '{"a":"ü","b":[1,null]}', "list": "[1,null,3]",
        "mood": "glad",
    }  # fmt: skip
    none = loaded(tmp_path, url=kinds, query="select * from kinds where false")
    assert {field.name: str(field.type) for field in none.schema} == {
        "k": "int64", "small": "int64", "big": "int64", "huge": "decimal128(38, 0)", "dec": "decimal128(38, 3)",
        "free": "decimal128(38, 0)", "f4": "double", "f8": "double", "flag": "bool", "txt": "string",
        "fixed": "string", "raw": "binary", "day": "date32[day]", "at": "time64[us]",
        "local": "timestamp[us, tz=UTC]", "instant": "timestamp[us, tz=UTC]", "id": "string", "doc": "string",
        "list": "string", "mood": "string",
    }  # fmt: skip


@pytest.mark.postgres
def test_postgresql_takes_values_as_what_they_are_compared_with(kinds: str, tmp_path: Path) -> None:
    query = (
        "select k from kinds where day = :day and instant <= :until and big > :big and flag = :flag "
        "and txt like '%' and doc->>'a' = :a"
    )
    values = {
        "day": "2024-02-29", "until": SqlTimestamp(timestamp=datetime(2024, 3, 1, 10, tzinfo=UTC)),
        "big": 5, "flag": True, "a": "ü",
    }  # fmt: skip
    assert loaded(tmp_path, url=kinds, query=query, parameters=values)["k"].to_pylist() == [2]


@pytest.mark.postgres
@pytest.mark.parametrize(
    ("query", "message"),
    [
        ("select * from gone", 'relation "gone" does not exist'),
        ("select gone from kinds", 'column "gone" does not exist'),
        ("select now() - now() as d", "column 'd' holds intervals, which a table cannot hold"),
        ("select 'NaN'::numeric as d", "column 'd' holds NaN, which no decimal can be"),
        ("select inet '10.0.0.1' as d", "values of Python's type IPv4Address"),
        ("select timestamp 'infinity' as d", "query on postgresql"),
        ("with x as (delete from kinds returning *) select * from x", "found DELETE"),
        ("select k from kinds for update", "locks rows"),
        ("select setval('gone', 5)", "query on postgresql"),
    ],
)
def test_what_postgresql_refuses_is_told(query: str, message: str, kinds: str, tmp_path: Path) -> None:
    with pytest.raises(MlopscError, match=message):
        loaded(tmp_path, url=kinds, query=query)


@pytest.mark.postgres
def test_a_transaction_that_reads_cannot_write_through_a_function(kinds: str, tmp_path: Path) -> None:
    engine = create_engine(kinds)
    with engine.begin() as connection:
        connection.exec_driver_sql(
            "create or replace function sneaky() returns int language sql as "
            "'insert into kinds (k) values (99) returning 1'"
        )
    with pytest.raises(MlopscError, match="read-only transaction"):
        loaded(tmp_path, url=kinds, query="select sneaky() as x")
    engine.dispose()


@pytest.mark.postgres
def test_many_rows_pass_in_batches(kinds: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    seen: list[int] = []
    table = module._spool

    def counting(result: Any, *args: Any, **options: Any) -> None:
        partitions = result.partitions
        monkeypatch.setattr(
            result, "partitions", lambda size: (seen.append(len(p)) or p for p in partitions(size))
        )
        table(result, *args, **options)

    monkeypatch.setattr(module, "_spool", counting)
    query = "select i, i % 7 as m from generate_series(1, 25000) as i"
    assert loaded(tmp_path, url=kinds, query=query).num_rows == 25_000
    assert seen == [10_000, 10_000, 5_000]
