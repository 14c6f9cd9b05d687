# ruff: noqa: E501 - one diagnostic is one line
from pathlib import Path

import pytest

from mlopsc.vocabulary.lock import LOCK_FILE, Lock, LockedDataset, format_lock
from tests.specs import SMALL, merged, told


@pytest.mark.parametrize(
    ("fragment", "expected"),
    [
        pytest.param(
            "datasets: {flights: {source: {path: data/flight.parquet}}}",
            [
                "MLC603 «data/flight.parquet» no such file: 'data/flight.parquet' | did you mean 'data/flights.parquet'?",
            ],
            id="a missing file",
        ),
        pytest.param(
            "datasets: {flights: {source: {path: data/flight.parquet}, columns: {time_hour: {type: timestamp}}}}",
            [
                "MLC603? «data/flight.parquet» no such file: 'data/flight.parquet' | did you mean 'data/flights.parquet'?",
            ],
            id="a missing file with declared columns",
        ),
        pytest.param(
            "datasets: {mixed: {source: {type: parquet, path: data/mixed.parquet}, columns: {tags: {type: int64}}}}",
            [
                "MLC403? «mixed» dataset 'mixed' is not used | remove it, or use it",
                "MLC302 «int64» data/mixed.parquet: column 'tags' is nested, declared int64",
            ],
            id="a column that cannot be of the declared type",
        ),
        pytest.param(
            """\
datasets: {o: {source: {python: 'loaders:load_orders'}}}
features: {o_view: {sql: select nothing from o}}
""",
            [
                "MLC307? «o» no schema of dataset 'o' can be known before the run | declare its `columns`, or record them with `mlopsc lock`",
                "MLC403? «o_view» view 'o_view' is not used | remove it, or use it",
            ],
            id="a function",
        ),
        pytest.param(
            "features: {a: {sql: select * from b}, b: {sql: select * from a}, c: {sql: select * from c}}",
            [
                "MLC212 «a» views depend on each other in a circle: a → b → a | let one of them read datasets instead",
                "MLC212 «c» views depend on each other in a circle: c → c | let one of them read datasets instead",
            ],
            id="circles",
        ),
        pytest.param(
            "features: {e: {sql: 'select 1 as flihgts, x from flihgts'}}",
            [
                "MLC201 «flihgts» unknown dataset or view 'flihgts' | did you mean 'flights'?",
            ],
            id="an unknown table in SQL",
        ),
        pytest.param(
            """\
features: {j: {dataset: flights, entity: [flight], available_after: 1h, columns: [hour]}, e: {sql: select * from j}}
training: {late: {features: [j, distance]}}
""",
            [
                "MLC201 «j» unknown dataset or view 'j' | a view joined at a point in time makes no table: read the table that it takes its columns from",
            ],
            id="a joined view in SQL",
        ),
        pytest.param(
            "features: {a: {sql: select orign from flights}}",
            [
                "MLC403? «a» view 'a' is not used | remove it, or use it",
                "MLC304 «orign» unknown column 'orign' | did you mean 'origin'?",
            ],
            id="an unknown column in SQL",
        ),
        pytest.param(
            "features: {a: {sql: select origin from flights}, b: {sql: select hour from a}}",
            [
                "MLC403? «b» view 'b' is not used | remove it, or use it",
                "MLC304 «hour» unknown column 'hour'",
            ],
            id="a view of a view",
        ),
        pytest.param(
            "features: {p: {python: 'models:winsorized', tables: [flights], columns: {a: int64}}, b: {sql: select b from p}}",
            [
                "MLC403? «b» view 'b' is not used | remove it, or use it",
                "MLC304 «b» unknown column 'b'",
            ],
            id="a view of a Python view",
        ),
        pytest.param(
            "features: {a: {sql: select from where}}",
            [
                "MLC303 «where» syntax error at 'where'",
            ],
            id="SQL that cannot be parsed",
        ),
        pytest.param(
            "features: {a: {sql: drop table flights}}",
            [
                "MLC304 «drop table flights» only a SELECT can stand here",
            ],
            id="SQL that changes data",
        ),
        pytest.param(
            "features: {a: {sql: \"select * from read_csv('/etc/passwd')\"}}",
            [
                "MLC403? «a» view 'a' is not used | remove it, or use it",
                "MLC304 «read_csv('/etc/passwd')» read_csv() cannot be read from: name a declared dataset or view",
            ],
            id="SQL that reads files",
        ),
        pytest.param(
            "features: {b: {sql: 'select origin, first(carrier) as f from flights group by all'}}",
            [
                "MLC403? «b» view 'b' is not used | remove it, or use it",
                "MLC408? «sql» view 'b' depends on the order of rows: first() without ORDER BY inside it | add an ORDER BY on a total order, so that each run gives the same rows",
            ],
            id="SQL that depends on the order of rows",
        ),
        pytest.param(
            """\
datasets: {mixed: {source: {type: parquet, path: data/mixed.parquet}}}
features: {a: {sql: 'select tags.x, day from mixed'}}
""",
            [
                "MLC403? «a» view 'a' is not used | remove it, or use it",
            ],
            id="nested columns are not judged",
        ),
    ],
)
def test_what_a_table_holds_is_read_or_told_to_be_unknown(
    fragment: str, expected: list[str], tmp_path: Path
) -> None:
    assert told(tmp_path, merged(SMALL, fragment)) == expected


def test_a_glob_that_matches_nothing_is_an_error(tmp_path: Path) -> None:
    (fault,) = told(tmp_path, merged(SMALL, "datasets: {flights: {source: {path: data/*.pq}}}"))
    assert fault.startswith("MLC603 «data/*.pq» no file matches 'data/*.pq'")


def test_a_file_of_another_format_is_an_error(tmp_path: Path) -> None:
    (fault,) = told(tmp_path, merged(SMALL, "datasets: {flights: {source: {path: data/notes.txt}}}"))
    assert fault.startswith("MLC607 «data/notes.txt» data/notes.txt is no readable Parquet file")


@pytest.mark.parametrize("locked", [False, True])
def test_columns_that_differ_from_the_lock_are_told_and_with_locked_refused(
    locked: bool, tmp_path: Path
) -> None:
    columns = {"time_hour": "timestamp", "hour": "int64", "tailnum": "string"}
    dataset = LockedDataset(digest="sha256:0", writer="pyarrow 26", rows=3, columns=columns)
    (tmp_path / LOCK_FILE).write_text(format_lock(Lock(datasets={"flights": dataset})))
    (fault,) = told(tmp_path, SMALL, locked=locked)
    assert fault == (
        f"MLC602{'' if locked else '?'} «flights» dataset 'flights' differs from mlops.lock: "
        "column 'tailnum' is gone, column 'carrier' is new, column 'flight' is new, column 'origin' is new, "
        "column 'distance' is new, column 'dep_delay' is new, column 'arr_delay' is new, "
        "column 'hour' was int64, now it is int32 | if that is meant, record it with `mlopsc lock`"
    )


def test_the_lock_gives_the_schema_of_a_file_that_is_not_there_yet(tmp_path: Path) -> None:
    columns = {"time_hour": "timestamp", "distance": "float64", "arr_delay": "float64"}
    dataset = LockedDataset(digest="sha256:0", writer="pyarrow 26", rows=3, columns=columns)
    (tmp_path / LOCK_FILE).write_text(format_lock(Lock(datasets={"flights": dataset})))
    later = merged(SMALL, "datasets: {flights: {source: {path: data/later.parquet}}}")
    assert [fault[:16] for fault in told(tmp_path, later)] == ["MLC603? «data/la", "MLC202 «hour» un"]
