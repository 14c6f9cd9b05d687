# ruff: noqa: E501 - one diagnostic is one line
from pathlib import Path

import pytest

from tests.specs import SMALL, merged, told


@pytest.mark.parametrize(
    ("fragment", "expected"),
    [
        pytest.param(
            "datasets: {flights: {columns: {carrier: {min: 3}, hour: {pattern: x}, ghost: {nullable: false}}}}",
            [
                "MLC302 «carrier» column 'carrier' is string: `min` is for numbers, dates and times; this column is string",
                "MLC302 «hour» column 'hour' is int32: `pattern` is for string columns; this one is int32",
                "MLC301 «ghost» 'flights' has no column 'ghost' | its columns: arr_delay, carrier, dep_delay, distance, flight, hour, origin, time_hour",
            ],
            id="constraints",
        ),
        pytest.param(
            "datasets: {flights: {checks: [{expect: column_values_to_be_unique, column: flite}, {expect: compound_columns_to_be_unique, column_list: [flight, x]}, {expect: column_to_exist, column: ghost}]}}",
            [
                "MLC301 «flite» 'flights' has no column 'flite' | its columns: arr_delay, carrier, dep_delay, distance, flight, hour, origin, time_hour",
                "MLC301 «x» 'flights' has no column 'x' | its columns: arr_delay, carrier, dep_delay, distance, flight, hour, origin, time_hour",
            ],
            id="unknown columns",
        ),
        pytest.param(
            "datasets: {flights: {checks: [{expect: column_sum_to_be_between, column: carrier, min_value: 0}, {expect: column_value_lengths_to_be_between, column: hour, max_value: 3}, {expect: column_values_to_be_between, column: carrier, min_value: 3}, {expect: column_values_to_be_between, column: time_hour, min_value: noon}, {expect: column_values_to_be_in_set, column: hour, value_set: [1, a]}]}}",
            [
                "MLC302 «carrier» `column_sum_to_be_between` needs numbers, column 'carrier' is string",
                "MLC302 «hour» `column_value_lengths_to_be_between` needs text, column 'hour' is int32",
                "MLC302 «carrier» `column_values_to_be_between` needs numbers, column 'carrier' is string",
                "MLC302 «time_hour» `column_values_to_be_between` needs timestamps as bounds, column 'time_hour' is timestamp",
                "MLC302 «hour» `column_values_to_be_in_set` needs values of its column's type, 'a' is none, column 'hour' is int32",
            ],
            id="types",
        ),
        pytest.param(
            "datasets: {flights: {checks: [{expect: column_sum_to_be_between, column: hour, min_value: 0}, {expect: column_values_to_be_between, column: time_hour, min_value: 2013-01-01}, {expect: column_values_to_be_between, column: hour, max_value: 23.5}, {expect: column_values_to_match_regex, column: hour, regex: '^[0-9]'}]}}",
            [],
            id="fitting types",
        ),
        pytest.param(
            "datasets: {flights: {checks: [{expect: unexpected_rows, unexpected_rows_query: 'select * from {batch} where distanc < 0'}]}}",
            [
                "MLC304 «distanc» unknown column 'distanc' | did you mean 'distance'?",
            ],
            id="SQL of unexpected rows",
        ),
        pytest.param(
            "datasets: {flights: {checks: [{expect: column_to_exist, column: hour, severity: warn}]}}",
            ["MLC101 «severity» unknown key 'severity' | did you mean `on_failure: warn`?"],
            id="the key of an earlier version",
        ),
        pytest.param(
            "datasets: {flights: {checks: [{expect: column_sum_to_be_between, column: hour, min_value: 0, on_failure: quarantine}]}}",
            [
                "MLC109 «quarantine» `column_sum_to_be_between` finds no rows that could be put aside: expected block or warn",
            ],
            id="no rows to put aside",
        ),
        pytest.param(
            "datasets: {weather: {source: {type: parquet, path: data/weather.parquet}}, flights: {checks: [{expect: foreign_key, column_list: [origin], dataset: wether}, {expect: foreign_key, column_list: [flight], dataset: weather}, {expect: table_row_count_to_equal_other_table, other_table_name: x}]}}",
            [
                "MLC201 «wether» unknown dataset 'wether' | did you mean 'weather'?",
                "MLC301 «flight» 'weather' has no column 'flight' | its columns: origin, precip, time_hour, visib, wind_speed",
                "MLC201 «x» unknown dataset 'x' | declared: flights, weather",
            ],
            id="other datasets",
        ),
        pytest.param(
            "{parameters: {as_of: {type: timestamp}, n: {type: int, default: 3}}, datasets: {flights: {checks: [{expect: freshness, column: hour, max_age: 1d, at: '${params.n}'}, {expect: freshness, column: time_hour, max_age: 1d, at: '${params.as_of}'}]}}}",
            [
                "MLC302 «hour» `freshness` needs a timestamp or date, column 'hour' is int32",
                "MLC606 «${params.n}» 'at' takes a timestamp, parameter 'n' is a int",
            ],
            id="freshness",
        ),
        pytest.param(
            "datasets: {flights: {on_failure: stop}}",
            ["MLC104 «stop» expected one of block, warn, quarantine, found text 'stop'"],
            id="another effect",
        ),
    ],
)
def test_a_check_suits_its_column(fragment: str, expected: list[str], tmp_path: Path) -> None:
    assert told(tmp_path, merged(SMALL, fragment)) == expected


@pytest.mark.parametrize(
    ("check", "expected"),
    [
        pytest.param(
            "{expect: column_values_to_be_unique, column: flight, where: 'distanc > 0'}",
            ["MLC304 «distanc» unknown column 'distanc' | did you mean 'distance'?"],
            id="unknown column",
        ),
        pytest.param(
            "{expect: column_values_to_be_unique, column: flight, where: distance + 1}",
            ["MLC306 «distance + 1» expected a BOOLEAN, found a DOUBLE"],
            id="no condition",
        ),
        pytest.param(
            "{expect: column_values_to_be_unique, column: flight, row_condition: distance > 0 and @x, condition_parser: pandas}",
            [
                "MLC109 «distance > 0 and @x» 'distance > 0 and @x' names a variable with @, and there are none: write its value"
            ],
            id="a variable of pandas",
        ),
        pytest.param(
            "{expect: column_values_to_be_unique, column: flight, row_condition: distance > 0 and carrier == 'AA', condition_parser: pandas}",
            [],
            id="the syntax of pandas",
        ),
        pytest.param(
            "{expect: table_column_count_to_equal, value: 3, where: distance > 0}",
            ["MLC109 «expect» it is about columns: which rows are chosen makes no difference"],
            id="no rows to choose",
        ),
    ],
)
def test_the_rows_that_a_check_looks_at_are_chosen_by_sound_sql(
    check: str, expected: list[str], tmp_path: Path
) -> None:
    fragment = f"datasets: {{flights: {{checks: [{check}]}}}}"
    assert told(tmp_path, merged(SMALL, fragment)) == expected


@pytest.mark.parametrize(
    "dataset",
    [
        "columns: {origin: {pattern: '^[A-Z'}}",
        "checks: [{expect: column_values_to_match_regex, column: origin, regex: '^[A-Z'}]",
        "checks: [{expect: column_values_to_match_regex_list, column: origin, regex_list: [a, '^[A-Z']}]",
    ],
)
def test_a_pattern_is_compiled_before_anything_runs(dataset: str, tmp_path: Path) -> None:
    told_of = "'^[A-Z' is no regular expression of RE2: missing ]: [A-Z"
    assert told(tmp_path, merged(SMALL, f"datasets: {{flights: {{{dataset}}}}}")) == [
        f"MLC109 «^[A-Z» {told_of} | its syntax: https://github.com/google/re2/wiki/Syntax"
    ]


def test_checks_by_a_function_name_known_columns_and_keys(tmp_path):
    def said(check: str) -> list[str]:
        return told(tmp_path, merged(SMALL, f"datasets: {{flights: {{checks: [{check}]}}}}"))

    assert said("{python: 'loaders:load_orders', column_list: [distance], on_failure: quarantine}") == []
    assert said("{expect: python_function, python: 'loaders:load_orders', where: distance > 0}") == []
    (column,) = said("{python: 'loaders:load_orders', column_list: [distanse]}")
    assert column.startswith("MLC301 «distanse»")
    (key,) = said("{python: 'loaders:load_orders', arg: {a: 1}}")
    assert key.startswith("MLC101 «arg» unknown key 'arg'")
    assert "'args'" in key
    (reference,) = said("{python: loaders.load_orders}")
    assert reference.startswith(
        "MLC106 «loaders.load_orders» expected a function such as package.module:function"
    )
