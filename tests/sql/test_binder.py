import subprocess
import sys
from collections.abc import Iterator

import pytest

from mlopsc.diagnostics.errors import SpecError
from mlopsc.sql import Binder, Bound, BoundQuery, SqlFault


@pytest.fixture(scope="module")
def binder() -> Iterator[Binder]:
    with Binder() as binder:
        binder.add_table(
            "flights",
            {
                "origin": "VARCHAR",
                "arr_delay": "DOUBLE",
                "distance": "INTEGER",
                "time_hour": "TIMESTAMP",
                "user": "VARCHAR",
                "größe": "DOUBLE",
            },
        )
        binder.add_table("weather", {"origin": "VARCHAR", "visib": "DOUBLE", "time_hour": "TIMESTAMP"})
        yield binder


def fault(found: Bound | BoundQuery | list[SqlFault]) -> SqlFault:
    assert isinstance(found, list), found
    assert len(found) == 1
    return found[0]


def marked(sql: str, found: SqlFault) -> str:
    return sql[found.offset_chars : found.offset_chars + found.length_chars]


@pytest.mark.parametrize(
    ("sql", "kind"),
    [
        ("arr_delay > 15", "BOOLEAN"),
        ("distance * 2", "INTEGER"),
        ("arr_delay > 15 -- minutes", "BOOLEAN"),
        ("FLIGHTS.ORIGIN", "VARCHAR"),
        ('"user"', "VARCHAR"),
        ("user", "VARCHAR"),
        ("case when arr_delay > 60 then 'late' else 'fine' end", "VARCHAR"),
        ("date_trunc('hour', time_hour)", "TIMESTAMP"),
        ("ln(coalesce(distance, 0))", "DOUBLE"),
        ("cast(coalesce(origin, '') as integer)", "INTEGER"),
    ],
)
def test_a_sound_expression_has_a_type(binder: Binder, sql: str, kind: str) -> None:
    found = binder.bind_expression(sql, "flights")
    assert isinstance(found, Bound)
    assert found.type == kind


def test_columns_are_found_in_order_with_their_place_in_characters(binder: Binder) -> None:
    sql = "'é' = Origin and flights.größe > 1"
    found = binder.bind_expression(sql, "flights")
    assert isinstance(found, Bound)
    assert [use.column for use in found.columns] == ["origin", "größe"]
    places = [sql[use.offset_chars : use.offset_chars + use.length_chars] for use in found.columns]
    assert places == ["Origin", "flights.größe"]


@pytest.mark.parametrize(
    ("sql", "kind", "message", "token", "candidates"),
    [
        ("'é' = origin or arr_dely > 1", "binder", "unknown column 'arr_dely'", "arr_dely", ("arr_delay",)),
        ("flights.orign", "binder", "'flights' has no column 'orign'", "flights.orign", ("origin",)),
        ("weather.visib", "binder", "unknown table 'weather'", "weather.visib", ()),
        ("uper(origin)", "binder", "unknown function 'uper'", "uper(origin)", ("upper",)),
        ("rowid", "binder", "unknown column 'rowid'", "rowid", ()),
        ("distance = 'far'", "type", "could not convert string 'far' to INTEGER", "'far'", ()),
        ("distance in (1, 'b')", "type", "could not convert string 'b' to INTEGER", "'b'", ()),
        (
            "distance > 1 and time_hour < '2013-02-30'",
            "type",
            'timestamp field value out of range: "2013-02-30"',
            "'2013-02-30'",
            (),
        ),
        ("abs(origin)", "type", "no function takes these arguments: abs(VARCHAR)", "abs(origin)", ()),
        ("regexp_matches(origin, '[')", "type", "missing ]: [", "regexp_matches(origin, '[')", ()),
        ("arr_delay >", "syntax", "syntax error: the SQL ends too early", "", ()),
        ("(arr_delay", "syntax", "syntax error: the SQL ends too early", "", ()),
        ("arr_delay)", "syntax", "syntax error at ')'", ")", ()),
        ("arr_delay as late", "syntax", "syntax error at 'as'", "as", ()),
        ("  ", "syntax", "the SQL is empty", "  ", ()),
        ("arr_delay, origin", "shape", "expected one expression, found 2", "arr_delay, origin", ()),
        ("unnest([1])", "shape", "unnest cannot stand here: it makes several rows of one", "unnest([1])", ()),
    ],
)
def test_a_fault_has_its_words_and_its_place(
    binder: Binder, sql: str, kind: str, message: str, token: str, candidates: tuple[str, ...]
) -> None:
    found = fault(binder.bind_expression(sql, "flights"))
    assert (found.kind, found.message, marked(sql, found)) == (kind, message, token)
    assert found.candidates == candidates


@pytest.mark.parametrize(
    "sql", ["sum(arr_delay) > 1", "row_number() over () > 1", "arr_delay > (select 1)", "*"]
)
def test_an_expression_sees_one_row(binder: Binder, sql: str) -> None:
    assert fault(binder.bind_expression(sql, "flights")).kind == "shape"


def test_a_filter_is_boolean(binder: Binder) -> None:
    assert isinstance(binder.bind_where("arr_delay is not null", "flights"), Bound)
    assert fault(binder.bind_where("distance", "flights")).message == "expected a BOOLEAN, found an INTEGER"


def test_a_view_has_columns_tables_and_lineage(binder: Binder) -> None:
    found = binder.bind_query(
        """with late as (select origin, arr_delay > 15 as is_late, time_hour from flights)
        select l.origin, avg(l.is_late::int) as rate, max(w.visib) + 1 as best, rate * 2 as twice
        from late l join Weather w using (origin) where w.time_hour is not null group by l.origin"""
    )
    assert isinstance(found, BoundQuery)
    assert found.columns == {"origin": "VARCHAR", "rate": "DOUBLE", "best": "DOUBLE", "twice": "DOUBLE"}
    assert found.tables == ("flights", "weather")
    assert found.lineage == {
        "origin": {("flights", "origin")},
        "rate": {("flights", "arr_delay")},
        "best": {("weather", "visib")},
        "twice": {("flights", "arr_delay")},
    }
    assert found.order_dependent == ()


def test_stars_unions_and_subqueries_keep_lineage(binder: Binder) -> None:
    found = binder.bind_query(
        "select * exclude (time_hour) replace (visib * 2 as visib), (select max(distance) from flights) far"
        " from weather union all select user, größe, 1 from flights"
    )
    assert isinstance(found, BoundQuery)
    assert found.lineage == {
        "origin": {("weather", "origin"), ("flights", "user")},
        "visib": {("weather", "visib"), ("flights", "größe")},
        "far": {("flights", "distance")},
    }


def test_unclear_lineage_is_everything_that_was_read(binder: Binder) -> None:
    found = binder.bind_query("select columns('vis.*') from weather")
    assert isinstance(found, BoundQuery)
    assert found.lineage == {"visib": {("weather", c) for c in ("origin", "visib", "time_hour")}}


@pytest.mark.parametrize(
    ("sql", "words"),
    [
        ("select visib from weather limit 3", ("LIMIT without ORDER BY",)),
        ("select visib from weather order by visib limit 3", ()),
        ("select first(visib) as v from weather", ("first() without ORDER BY inside it",)),
        ("select list(visib order by time_hour) as v from weather", ()),
        ("select row_number() over () as n from weather", ("row_number() OVER a window without ORDER BY",)),
        ("select row_number() over (order by time_hour) as n from weather", ()),
        ("select distinct on (origin) * from weather", ("DISTINCT ON without ORDER BY",)),
    ],
)
def test_what_hangs_on_row_order_is_told(binder: Binder, sql: str, words: tuple[str, ...]) -> None:
    found = binder.bind_query(sql)
    assert isinstance(found, BoundQuery)
    assert found.order_dependent == words


def test_a_view_sees_the_tables_it_is_given(binder: Binder) -> None:
    sql = "select * from wether"
    found = fault(binder.bind_query(sql, ["weather"]))
    assert (found.message, marked(sql, found), found.candidates) == (
        "unknown table 'wether'",
        "wether",
        ("weather",),
    )
    assert fault(binder.bind_query("select * from flights", ["weather"])).kind == "binder"


def test_output_columns_have_one_name_each(binder: Binder) -> None:
    found = fault(binder.bind_query("select * from flights join weather using (origin)"))
    assert (found.kind, found.message) == (
        "shape",
        "two output columns are called 'time_hour': name one with AS",
    )


def test_a_value_that_only_the_row_of_nulls_gives_is_no_fault(binder: Binder) -> None:
    assert isinstance(binder.bind_query("select sqrt(count(*) - 2) as s from weather"), BoundQuery)


def test_python_variables_are_no_tables(binder: Binder) -> None:
    pandas = pytest.importorskip("pandas")
    secret_frame = pandas.DataFrame({"a": [1]})
    assert fault(binder.bind_query("select * from secret_frame")).message == "unknown table 'secret_frame'"
    assert len(secret_frame) == 1


@pytest.mark.parametrize(
    "columns",
    [{}, {"a": "INTEGER", "A": "INTEGER"}, {"a": "NOTYPE"}, {"a": "INTEGER); drop table flights; --"}],
)
def test_columns_that_make_no_table_are_refused(binder: Binder, columns: dict[str, str]) -> None:
    with pytest.raises(SpecError):
        binder.add_table("broken", columns)
    assert isinstance(binder.bind_query("select 1 as one from flights"), BoundQuery)


def test_names_are_quoted() -> None:
    with Binder() as binder:
        binder.add_table('a "b" c', {'x "y"': "INTEGER", "select": "VARCHAR"})
        found = binder.bind_expression('"x ""y""" > 1 and "select" = \'a\'', 'a "b" c')
        assert isinstance(found, Bound)
        assert [use.column for use in found.columns] == ['x "y"', "select"]


def test_heavy_libraries_stay_unimported() -> None:
    code = (
        "import sys, mlopsc.sql as s\n"
        "assert 'duckdb' not in sys.modules\n"
        "with s.Binder() as b:\n"
        "    b.add_table('t', {'a': 'DOUBLE'})\n"
        "    b.bind_expression('a > 1', 't'), b.bind_query('select avg(a) as m from t')\n"
        "print([m for m in ('pandas', 'numpy', 'pyarrow', 'sklearn') if m in sys.modules])"
    )
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True)
    assert done.stdout.strip() == "[]"
