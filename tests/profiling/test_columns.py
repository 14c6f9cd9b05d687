"""What the profiler finds in columns, and what contract it proposes of that."""

import pytest

from mlopsc.profiling.contract import least_rows, propose
from mlopsc.profiling.keys import find_key
from mlopsc.profiling.names import names_identifier, time_rank, words
from mlopsc.profiling.times import find_event_time, find_hour


def proposed(column, **more):
    return propose(column, **more).model_dump(exclude_defaults=True)


def test_a_column_is_counted(profiled):
    _, columns = profiled("n,c", ["1,a", "2,b", ",a", "2,a"])
    n, c = columns["n"], columns["c"]
    assert (n.type, n.nulls, n.distinct, n.low, n.high, n.values) == ("int64", 1, 2, 1, 2, ((2, 2), (1, 1)))
    assert (c.type, c.nulls, c.values, c.longest) == ("string", 0, (("a", 3), ("b", 1)), 1)


def test_text_that_is_nearly_numbers_is_told_with_the_odd_one(profiled):
    _, columns = profiled("n", [*(str(n) for n in range(20)), "about 7"])
    assert (columns["n"].type, columns["n"].numbers, columns["n"].odd) == ("string", 20, "about 7")


def test_infinite_values_get_no_range(profiled):
    _, columns = profiled("x", ["1.5", "inf", *["2.5"] * 10])
    assert columns["x"].infinite == 1
    assert proposed(columns["x"]) == {"type": "float64"}


@pytest.mark.parametrize(
    ("values", "low", "high"),
    [
        (range(17, 91), 0, 110),  # an age
        (range(2700, 6301), 0, 7500),
        (range(172, 232), 155, 250),  # far from 0: no jump down to it
        ([n / 10 for n in range(-300, 401)], -50, 60),
        ([n / 100 for n in range(101)], 0, 1),  # a share
    ],
)
def test_ranges_have_slack_and_round_bounds(profiled, values, low, high):
    _, columns = profiled("x", [str(value) for value in values] * 2)
    contract = propose(columns["x"])
    assert (contract.min, contract.max) == (low, high)


def test_a_range_that_is_used_up_is_kept(profiled):
    _, columns = profiled("hour", [str(n % 24) for n in range(24 * 20)])
    assert proposed(columns["hour"]) == {"type": "int64", "nullable": False, "min": 0, "max": 23}


def test_a_year_has_no_end(profiled):
    _, columns = profiled("year", [str(2007 + n % 3) for n in range(300)])
    assert proposed(columns["year"]) == {"type": "int64", "nullable": False, "min": 2000}


def test_degrees_of_the_globe_are_known_by_name(profiled):
    _, columns = profiled("latitude", [str(32.5 + n / 100) for n in range(300)])
    assert (propose(columns["latitude"]).min, propose(columns["latitude"]).max) == (-90, 90)


def test_a_set_is_closed_only_when_each_value_is_frequent(profiled):
    _, columns = profiled("a,b", [f"{'xyz'[n % 3]},{'p' if n else 'q'}" for n in range(30)])
    assert proposed(columns["a"])["allowed"] == ("x", "y", "z")
    assert "allowed" not in proposed(columns["b"])
    assert "allowed" not in proposed(columns["a"], growing=True)


def test_few_rows_do_not_say_that_nothing_is_ever_null(profiled):
    _, columns = profiled("a", ["x", "y"] * 20)
    assert "nullable" not in proposed(columns["a"])
    assert proposed(columns["a"], required=True)["nullable"] is False


def test_whatever_is_proposed_holds_of_the_file(profiled):
    rows = [f"{n % 7},{n * 13 % 1000 / 7},{'abc'[n % 3]},{'' if n % 9 else n}" for n in range(500)]
    _, columns = profiled("a,b,c,d", rows)
    for column in columns.values():
        contract = propose(column)
        assert contract.min is None or contract.min <= column.low
        assert contract.max is None or contract.max >= column.high
        assert contract.nullable or not column.nulls


@pytest.mark.parametrize(("rows", "least"), [(7043, 3500), (344, 150), (21, 10), (5, 1), (32561, 15000)])
def test_about_half_of_the_rows_must_come(rows, least):
    assert least_rows(rows) == least


def test_names_say_what_a_column_is():
    assert words("customerID") == ["customer", "id"]
    assert words("HTTPCode_v2") == ["http", "code", "v", "2"]
    assert all(map(names_identifier, ("customerID", "order_key", "Unnamed: 0")))
    assert not any(map(names_identifier, ("idle", "valid", "paid")))
    assert time_rank("event_time") < time_rank("day") < time_rank("created_at") + 1 < time_rank("birth_date")


def test_the_key_is_what_its_name_says_before_what_counts_rows(profiled):
    table, columns = profiled("row,customer_id", [f"{n},c{n * 7 % 1000}" for n in range(300)])
    assert find_key(table, columns) == ("row",) or find_key(table, columns) == ("customer_id",)
    table, columns = profiled("count,customer_id", [f"{n},c{n * 7 % 1000}" for n in range(300)])
    assert find_key(table, columns) == ("customer_id",)


def test_measurements_are_no_key_however_different(profiled):
    table, columns = profiled("x,y", [f"{n * 1.37},{n * 9973 + 12}" for n in range(300)])
    assert find_key(table, columns) is None


def test_the_label_is_no_key(profiled):
    table, columns = profiled("id,x", [f"{n},{n % 3}" for n in range(300)])
    assert find_key(table, columns, label="id") is None


def test_a_time_and_a_name_are_a_key_together(profiled):
    rows = [f"2024-01-{1 + n // 10:02},station{n % 10},{n % 4}" for n in range(250)]
    table, columns = profiled("day,station,x", rows)
    assert find_key(table, columns) == ("day", "station")


def test_a_pair_with_one_double_is_no_key(profiled):
    rows = [f"2024-01-{1 + n // 10:02},station{n % 10}" for n in range(250)]
    table, columns = profiled("day,station", [*rows, rows[7]])
    assert find_key(table, columns) is None


def test_the_event_time_is_when_a_row_began(profiled):
    days = [(1 + n // 24, n % 24, 1 + n % 28) for n in range(400)]
    rows = [f"2024-01-{d:02} {h:02}:00:00,2024-02-{d:02} 00:00:00,1990-01-{b:02}" for d, h, b in days]
    table, columns = profiled("pickup,dropoff,birth_date", rows)
    found = find_event_time(table, columns)
    assert found.name == "pickup"
    assert found.latest == pytest.approx(0.2, abs=0.01)


def test_few_different_dates_are_no_event_time(profiled):
    table, columns = profiled("loaded,x", [f"2024-01-0{1 + n % 2},{n}" for n in range(100)])
    assert find_event_time(table, columns) is None


def test_the_hour_of_a_day_is_found(profiled):
    _, columns = profiled("hr,hours", [f"{n % 24},{n}" for n in range(100)])
    assert find_hour(columns) == "hr"
