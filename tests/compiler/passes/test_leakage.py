# ruff: noqa: E501 - one diagnostic is one line
"""Leakage that the spec shows, each at the feature that it comes in by."""

from pathlib import Path

import pytest

from tests.specs import SMALL, compiled, merged, told

SPLIT = merged(SMALL, "training: {late: {split: {type: time, test: 0.2}}}")


def view(sql: str, *features: str, more: str = "") -> str:
    """Return a fragment in which the entities are an SQL view over flights."""
    return f"""
features: {{v: {{sql: "{sql}", event_time: time_hour}}}}
training: {{late: {{entities: {{dataset: null, view: v}}, features: [{", ".join(features)}]{more}}}}}
"""


def joined(view: str, more: str = "") -> str:
    return f"features: {{j: {{{view}}}{more}}}\ntraining: {{late: {{features: [j, distance]}}}}"


DELAY = "say when it is known: `available_after: DURATION` or `known_at: COLUMN`"
BACK = "look back instead: `lag`, or rows PRECEDING; a label may look ahead, a feature not"
TRAIN = "let `preprocess` learn it from the train part, or order the window by time"


@pytest.mark.parametrize(
    ("fragment", "expected"),
    [
        pytest.param(
            "training: {late: {features: [distance, arr_delay]}}",
            [
                "MLC401 «arr_delay» feature 'arr_delay' is what the label is made of | leave it out: in use, nobody will know it yet",
            ],
            id="the label as a feature",
        ),
        pytest.param(
            """\
features: {v: {sql: 'select *, arr_delay * 2 as twice from flights', primary_key: [flight], event_time: time_hour}}
training: {late: {entities: {dataset: null, view: v}, features: [twice, flight, distance]}}
""",
            [
                "MLC402 «twice» feature 'twice' is computed from 'flights.arr_delay', like the label | leave it out, or compute it from earlier rows alone, in a view joined at a point in time",
                "MLC407? «flight» feature 'flight' is the primary key of 'v' | leave it out: a model can only learn it by heart",
            ],
            id="a feature computed like the label",
        ),
        pytest.param(
            """\
features:
  w: {sql: 'select *, arr_delay * 2 as twice from flights', event_time: time_hour}
  v: {sql: 'select flight, time_hour, distance, arr_delay, twice + 1 as more from w', event_time: time_hour}
training: {late: {entities: {dataset: null, view: v}, features: [more, distance]}}
""",
            [
                "MLC402 «more» feature 'more' is computed from 'flights.arr_delay', like the label | leave it out, or compute it from earlier rows alone, in a view joined at a point in time",
            ],
            id="a feature computed like the label, over two views",
        ),
        pytest.param(
            joined("dataset: flights, entity: [flight], columns: [arr_delay]"),
            [
                "MLC402 «j» view 'j' joins each row of 'flights' to itself: 'arr_delay' holds the label | take the column out, or "
                + DELAY,
            ],
            id="a table joined to itself",
        ),
        pytest.param(
            joined(
                "dataset: flights, entity: [carrier], aggregates: {m: {function: mean, column: arr_delay, window: 7d}}"
            ),
            [
                "MLC402 «j» view 'j' joins each row of 'flights' to itself: 'arr_delay' holds the label | take the column out, or "
                + DELAY,
            ],
            id="an aggregate of the label",
        ),
        pytest.param(
            joined(
                "dataset: flights, entity: [carrier], aggregates: {m: {function: count, window: 7d, where: arr_delay > 15}}"
            ),
            [
                "MLC402 «j» view 'j' joins each row of 'flights' to itself: 'arr_delay' holds the label | take the column out, or "
                + DELAY,
            ],
            id="an aggregate of rows chosen by the label",
        ),
        pytest.param(
            joined(
                "dataset: flights, entity: [carrier], where: arr_delay > 15, aggregates: {m: {function: count, window: 7d}}, available_after: 6h"
            ),
            [],
            id="an aggregate of rows chosen by the label, known later",
        ),
        pytest.param(
            joined("dataset: flights, entity: [carrier], columns: [dep_delay]"),
            [
                "MLC410? «j» view 'j' joins each row of 'flights' to itself, and to rows of the same instant | say when a row is known, for earlier ones alone: `available_after: DURATION` or `known_at: COLUMN`",
            ],
            id="the label's own table without a delay",
        ),
        pytest.param(
            joined("dataset: flights, entity: [carrier], columns: [dep_delay], available_after: 0s"),
            [
                "MLC410? «j» view 'j' joins each row of 'flights' to itself, and to rows of the same instant | say when a row is known, for earlier ones alone: `available_after: DURATION` or `known_at: COLUMN`",
            ],
            id="no delay at all",
        ),
        pytest.param(
            joined(
                "dataset: flights, entity: [carrier], columns: [arr_delay, dep_delay], available_after: 6h"
            ),
            [],
            id="the label's own table with a delay",
        ),
        pytest.param(
            joined("dataset: flights, entity: [carrier], columns: [arr_delay], known_at: time_hour"),
            [
                "MLC402 «j» view 'j' joins each row of 'flights' to itself: 'arr_delay' holds the label | take the column out, or "
                + DELAY,
            ],
            id="the label's own table, known at its own time",
        ),
        pytest.param(
            joined(
                "view: w, entity: [carrier], columns: [arr_delay], known_at: landed",
                ", w: {sql: 'select *, time_hour + interval 9 hour as landed from flights', event_time: time_hour}",
            ),
            [],
            id="the label's own table by what was known",
        ),
        pytest.param(
            joined(
                "view: lag, entity: [carrier], columns: [m]",
                ", lag: {sql: 'select carrier, time_hour, avg(arr_delay) as m from flights group by all', event_time: time_hour}",
            ),
            [
                "MLC402? «j» column 'm' of view 'j' is computed from what the label is made of, and rows of the label's own instant join too | "
                + DELAY,
            ],
            id="a table made of the label",
        ),
        pytest.param(
            joined(
                "view: p, entity: [carrier], columns: [x]",
                ", p: {python: 'loaders:load_orders', tables: [flights], columns: {carrier: string, time_hour: timestamp, x: int64}, event_time: time_hour}",
            ),
            [
                "MLC410? «j» view 'j' is made by Python of 'flights', which holds the label | make sure that the function reads no later rows and not the label, and accept it; or, in a view joined at a point in time, say when a row is known",
            ],
            id="a table that Python made of the label's",
        ),
        pytest.param(
            """\
features:
  p: {python: 'loaders:load_orders', tables: [flights], columns: {flight: int64, x: int64}, event_time: null}
  v: {sql: 'select f.*, p.x as y from flights f join p using (flight)', event_time: time_hour}
training: {late: {entities: {dataset: null, view: v}, features: [y, distance]}}
""",
            [
                "MLC410? «y» feature 'y' is made by Python of 'flights', which holds the label | make sure that the function reads no later rows and not the label, and accept it; or, in a view joined at a point in time, say when a row is known",
                "MLC415? «y» feature 'y' comes of 'p', which has no event time: its values are today's, not those of the label's time | declare the `event_time` of 'p' and join it in a view with `entity`; or accept it",
            ],
            id="a feature that Python made of the label's table",
        ),
        pytest.param(
            view("select *, lead(dep_delay) over (order by time_hour, flight) as n from flights", "n"),
            ["MLC411 «n» feature 'n' looks at later rows: lead() | " + BACK],
            id="lead",
        ),
        pytest.param(
            view(
                "select *, lag(dep_delay) over (order by time_hour desc, flight) as n, lag(dep_delay) over (order by time_hour, flight) as p from flights",
                "n",
                "p",
            ),
            ["MLC411 «n» feature 'n' looks at later rows: lag() over a descending order | " + BACK],
            id="lag, backwards",
        ),
        pytest.param(
            view(
                "select *, avg(dep_delay) over (order by time_hour range between interval 1 hour preceding and interval 1 hour following) as n from flights",
                "n",
            ),
            ["MLC411 «n» feature 'n' looks at later rows: avg() over rows that follow | " + BACK],
            id="a frame that follows",
        ),
        pytest.param(
            view(
                "select *, avg(dep_delay) over (partition by carrier order by time_hour, flight rows between 9 preceding and current row) as n, row_number() over (order by time_hour, flight) as r from flights",
                "n",
                "r",
            ),
            [],
            id="windows that look back",
        ),
        pytest.param(
            view("select *, lead(dep_delay) over (order by distance, flight) as n from flights", "n"),
            [],
            id="an order that is no time",
        ),
        pytest.param(
            view(
                "select *, lead(arr_delay) over (partition by carrier order by time_hour, flight) > 15 as later from flights",
                "arr_delay",
                "carrier",
            ).replace("view: v}", "view: v, label: later}"),
            [],
            id="a label that looks ahead",
        ),
        pytest.param(
            """\
features:
  w: {sql: 'select *, lead(dep_delay) over (order by time_hour, flight) as n from flights', event_time: time_hour}
  v: {sql: 'select *, n * 2 as m from w', event_time: time_hour}
training: {late: {entities: {dataset: null, view: v}, features: [m]}}
""",
            ["MLC411 «m» feature 'm' looks at later rows: lead() | " + BACK],
            id="lead in a view below",
        ),
        pytest.param(
            joined(
                "view: w, entity: [carrier], columns: [n], available_after: 2h",
                ", w: {sql: 'select carrier, time_hour, avg(dep_delay) over (order by time_hour range between current row and interval 2 hours following) as n from flights', event_time: time_hour}",
            ),
            [],
            id="a frame that follows, known when it is over",
        ),
        pytest.param(
            joined(
                "view: w, entity: [carrier], columns: [n], available_after: 1h",
                ", w: {sql: 'select carrier, time_hour, avg(dep_delay) over (order by time_hour range between current row and interval 2 hours following) as n from flights', event_time: time_hour}",
            ),
            ["MLC411? «j» 'n' of view 'j' looks at later rows: avg() over rows that follow | " + BACK],
            id="a frame that follows, known before it is over",
        ),
        pytest.param(
            view("select *, distance - avg(distance) over () as n from flights", "n"),
            [
                "MLC412 «n» feature 'n' is computed over all rows, later ones and those of the test part too: avg() OVER () | "
                + TRAIN
            ],
            id="a mean over all rows",
        ),
        pytest.param(
            view("select *, distance / (select max(distance) from flights) as n from flights", "n"),
            [
                "MLC412 «n» feature 'n' is computed over all rows, later ones and those of the test part too: max() over a whole table | "
                + TRAIN
            ],
            id="a maximum of the whole table",
        ),
        pytest.param(
            view(
                "select *, avg(dep_delay) over (partition by carrier) as n, count(*) over (partition by time_hour) as m from flights",
                "n",
                "m",
            ),
            [
                "MLC412? «n» feature 'n' is computed over all rows of a partition, later ones and those of the test part too: avg() OVER (PARTITION BY …) | "
                + TRAIN
            ],
            id="a mean over a partition, and one over rows of one time",
        ),
        pytest.param(
            """\
datasets: {weather: {source: {type: parquet, path: data/weather.parquet}, event_time: time_hour}}
features:
  d: {sql: "select origin, date_trunc('day', time_hour) as day, avg(visib) as clear from weather group by all", event_time: day}
  j: {view: d, entity: [origin], columns: [clear]}
training: {late: {features: [j, distance]}}
""",
            [
                "MLC413? «j» a row of 'd' sums up what happens after its time 'day', where a stretch only begins | `available_after: 1d` on 'j', when the stretch is over",
            ],
            id="a day that stands at its beginning",
        ),
        pytest.param(
            """\
datasets: {weather: {source: {type: parquet, path: data/weather.parquet}, event_time: time_hour}}
features: {j: {dataset: weather, entity: [origin], created: time_hour, columns: [visib]}}
training: {late: {features: [j, distance]}}
""",
            [
                "MLC414? «j» rows of view 'j' whose 'time_hour' is after the label's time join all the same | `known_at: time_hour` on 'j' joins them when they are known",
            ],
            id="created but not known",
        ),
        pytest.param(
            """\
datasets: {weather: {source: {type: parquet, path: data/weather.parquet}}}
features: {v: {sql: 'select f.*, w.visib as clear from flights f join weather w using (origin)', event_time: time_hour}}
training: {late: {entities: {dataset: null, view: v}, features: [clear, distance]}}
""",
            [
                "MLC415? «clear» feature 'clear' comes of 'weather', which has no event time: its values are today's, not those of the label's time | declare the `event_time` of 'weather' and join it in a view with `entity`; or accept it",
            ],
            id="values of today",
        ),
        pytest.param(
            """\
datasets: {weather: {source: {type: parquet, path: data/weather.parquet}, event_time: time_hour}}
features: {j: {dataset: weather, entity: [origin], columns: [visib]}}
training: {late: {features: [j, distance], split: {type: stratified}}}
""",
            [
                "MLC416? «split» a stratified split puts rows of one 'origin' into both parts, and trains on rows later than those it tests | split by `time`, or `{type: group, by: origin}`",
            ],
            id="entities in both parts",
        ),
        pytest.param(
            "training: {late: {leakage: {allow: [distanse]}}}",
            [
                "MLC202 «distanse» 'distanse' is no feature of training 'late' | did you mean 'distance'?",
            ],
            id="an exception that is no feature",
        ),
    ],
)
def test_a_leak_is_told_at_its_feature(fragment: str, expected: list[str], tmp_path: Path) -> None:
    assert told(tmp_path, merged(SPLIT, fragment)) == expected


LEAD = view("select *, lead(dep_delay) over (order by time_hour, flight) as n from flights", "n")


def test_the_construct_is_shown_in_the_sql(tmp_path: Path) -> None:
    text = merged(SPLIT, LEAD)
    (found,) = compiled(tmp_path, text).diagnostics
    (label,) = found.labels
    line = text.split("\n")[label.span.line - 1]
    assert line[label.span.column - 1 :].startswith("lead(dep_delay) over")


def test_what_is_accepted_is_not_told(tmp_path: Path) -> None:
    text = merged(SPLIT, LEAD.replace("[n]", "[n], accept: {MLC411: the crew files the next delay first}"))
    assert told(tmp_path, text) == []


def test_an_acceptance_of_nothing_is_told(tmp_path: Path) -> None:
    text = merged(SPLIT, "training: {late: {accept: {MLC411: no reason}}}")
    assert told(tmp_path, text) == ["MLC403? «MLC411» nothing of training 'late' is MLC411 | remove it"]


@pytest.mark.parametrize("code", ["MLC401", "MLC404", "nonsense"])
def test_other_codes_cannot_be_accepted(code: str, tmp_path: Path) -> None:
    text = merged(SPLIT, f"training: {{late: {{features: [arr_delay], accept: {{{code}: why}}}}}}")
    assert any(
        "expected one of MLC402, MLC407, " in line and f"found text '{code}'" in line
        for line in told(tmp_path, text)
    )


def test_an_acceptance_needs_a_reason(tmp_path: Path) -> None:
    text = merged(SPLIT, "training: {late: {accept: {MLC411: ''}}}")
    (line,) = told(tmp_path, text)
    assert line.startswith("MLC1")
