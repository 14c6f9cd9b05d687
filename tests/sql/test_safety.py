from collections.abc import Iterator
from pathlib import Path

import duckdb
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from mlopsc.sql import Binder, Bound, BoundQuery, check_safe
from mlopsc.sql.safety import CHANCE, CLOCK, EFFECTS, SURROUNDINGS

Connection = duckdb.DuckDBPyConnection


@pytest.fixture(scope="module")
def parser() -> Iterator[Connection]:
    with duckdb.connect() as connection:
        yield connection


UNSAFE_QUERIES = [
    "drop table flights",
    "select 1; drop table flights",
    "insert into flights values (1)",
    "with gone as (delete from flights returning *) select * from gone",
    "with new as (insert into flights values (1) returning *) select * from new",
    "with other as (update flights set a = 1 returning *) select * from other",
    "create table x as select 1",
    "copy (select 1) to 'canary.csv'",
    "copy flights from 'canary.csv'",
    "attach 'canary.db'",
    "pragma database_list",
    "set threads = 1",
    "install httpfs",
    "load httpfs",
    "call duckdb_settings()",
    "export database 'canary'",
    "show tables",
    "describe flights",
    "select * from (show tables)",
    "select * from 'data.parquet'",
    'select * from "data.parquet"',
    "select * from 'https://example.com/a.csv'",
    "select * from read_csv('a.csv')",
    "select * from READ_PARQUET('a.parquet')",
    "select * from read_text('/etc/passwd')",
    "select * from glob('*')",
    "select * from query('drop table flights')",
    "select * from query_table(['flights'])",
    "select * from duckdb_settings()",
    "select * from sniff_csv('a')",
    "select * from json_execute_serialized_sql('{}')",
    "select * from information_schema.tables",
    "select * from main.flights",
    "select (select max(content) from read_text('a')) as a",
    "select a from flights where a in (select size from read_blob('a'))",
    'with "data.parquet" as (select 1) select * from "data.parquet"',
    "with recursive r as (select 1 union all select 1 from r) select * from r",
    "select getenv('HOME')",
    "select current_setting('threads')",
    "select random()",
    "select Random() from flights",
    "select main.random()",
    "select * from flights order by random()",
    "select * from flights using sample 3",
    "select * from flights tablesample 10%",
    "select now()",
    "select current_date",
    "select current_timestamp",
    "select localtimestamp",
    "select age(timestamp '2013-01-01')",
    "select uuid()",
    "select sleep_ms(1)",
    "select error('x')",
    "select $1",
    "select ?",
]
UNSAFE_EXPRESSIONS = [
    "1) from flights; drop table flights; select (1",
    "1) + (2",
    "1) from (select 2",
    "1) union select (2",
    "a) from flights where (true",
    "a); drop table flights; --",
    "a from flights; drop table flights",
    "random() > 0.5",
    "(select count(*) from read_csv('a')) > 1",
    "exists(from 'a.parquet')",
    "a > now()",
]


@pytest.mark.parametrize("sql", UNSAFE_QUERIES)
def test_a_view_reads_declared_tables_and_does_nothing_else(parser: Connection, sql: str) -> None:
    assert check_safe(sql, tables=["flights"], connection=parser)


@pytest.mark.parametrize("sql", UNSAFE_EXPRESSIONS)
def test_an_expression_is_one_harmless_expression(parser: Connection, sql: str) -> None:
    assert check_safe(sql, form="expression", connection=parser)


@pytest.mark.parametrize(
    "sql",
    [
        "select * from flights",
        "from flights select a;",
        "with f as (select * from flights) select a from f -- fine",
        "select a, ';' as b, 'drop table flights' as c from flights",
        "select x from (values (1)) v(x), range(3), unnest([1])",
        "select sum(a) over (order by a rows between 3 preceding and current row) as s from FLIGHTS",
        "select age(timestamp '2013-01-01', timestamp '2014-01-01') as a",
        "select a::decimal(18, 3) as a from flights union all select 1 order by a limit 3",
    ],
)
def test_ordinary_queries_pass(sql: str) -> None:
    assert check_safe(sql, tables=["flights"]) == ()


def test_without_tables_only_plain_names_pass() -> None:
    assert check_safe("select * from anything") == ()
    assert check_safe("select * from 'a.csv'")[0].kind == "unsafe"


def test_the_reason_says_what_to_do() -> None:
    [found] = check_safe("time_hour < now()", form="expression")
    assert found.message == "now() depends on the clock: use a parameter such as ${params.as_of}"
    assert (found.offset_chars, found.length_chars) == (12, 5)


def test_a_column_called_as_the_clock_is_a_column() -> None:
    assert check_safe("current_date > 1", form="expression")[0].kind == "unsafe"
    assert check_safe("current_date > 1", form="expression", columns=["Current_Date"]) == ()


def test_all_faults_are_told_in_the_order_of_the_text() -> None:
    found = check_safe("select random(), now() from 'a.csv'")
    assert [fault.offset_chars for fault in found] == [7, 17, 28]


def test_every_unstable_function_of_this_duckdb_is_refused() -> None:
    """But for those that only depend on the session's time zone, which is UTC wherever we connect."""
    with duckdb.connect() as connection:
        unstable = connection.execute(
            "select distinct function_name from duckdb_functions() "
            "where function_type = 'scalar' and stability <> 'CONSISTENT' "
            "and not (stability = 'CONSISTENT_WITHIN_QUERY' and len(parameter_types) > 0 "
            "and regexp_matches(parameter_types::varchar || return_type, 'TIMESTAMPTZ|TIME ZONE'))"
        ).fetchall()
        macros = connection.execute(
            "select function_name from duckdb_functions() where function_type = 'macro' "
            "and regexp_matches(macro_definition, '(random|uuid|now|sleep_ms|current_timestamp)')"
        ).fetchall()
    refused = CLOCK | CHANCE | SURROUNDINGS | EFFECTS
    assert {name for [name] in unstable + macros} <= refused


FRAGMENTS = [
    *(
        "select",
        "from",
        "flights",
        "a",
        "b",
        "(",
        ")",
        ",",
        ";",
        "'",
        '"',
        "--",
        "/*",
        "*/",
        "*",
        "1",
        "drop table",
    ),
    *(
        "flights;",
        "copy",
        "to",
        "'canary'",
        "with x as",
        "delete from",
        "returning",
        "union",
        "where",
        "é",
        "\n",
        "=>",
    ),
    *(
        "read_csv('canary')",
        "insert into canary values (1)",
        "::",
        "$$",
        "$1",
        "?",
        "#1",
        "lambda x:",
        "[",
        "]",
        "{",
    ),
]
TEXTS = st.one_of(st.text(max_size=40), st.lists(st.sampled_from(FRAGMENTS), max_size=12).map(" ".join))


def test_no_text_crashes_the_binder_or_runs(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.chdir(tmp_path)
    with Binder() as binder:
        binder.add_table("flights", {"a": "INTEGER", "b": "VARCHAR"})
        binder.add_table("canary", {"n": "INTEGER"})

        @settings(max_examples=250, deadline=None, database=None)
        @given(TEXTS)
        def run(sql: str) -> None:
            for found in (binder.bind_expression(sql, "flights"), binder.bind_query(sql, ["flights"])):
                if isinstance(found, Bound | BoundQuery):
                    continue
                assert found
                for fault in found:
                    assert 0 <= fault.offset_chars <= fault.offset_chars + fault.length_chars <= len(sql)

        run()
        for sql in [*UNSAFE_QUERIES, *UNSAFE_EXPRESSIONS]:
            assert isinstance(binder.bind_query(sql, ["flights"]), list)
            assert isinstance(binder.bind_expression(sql, "flights"), list)
        canary = binder.bind_query("select n from canary")
        assert isinstance(canary, BoundQuery)
        assert binder._duckdb.execute("select count(*) from canary").fetchone() == (1,)
        assert binder._duckdb.execute("select count(*) from flights").fetchone() == (1,)
    assert list(tmp_path.iterdir()) == []


@pytest.mark.parametrize("sql", ["\ud800", "a\0b", "(" * 3000 + "1" + ")" * 3000, "+".join(["1"] * 3000)])
def test_texts_that_no_parser_likes_are_faults(sql: str) -> None:
    [found] = check_safe(sql, form="expression")
    assert found.kind == "syntax"
