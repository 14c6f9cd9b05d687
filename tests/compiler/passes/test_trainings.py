# ruff: noqa: E501 - one diagnostic is one line
from pathlib import Path

import pytest

from tests.specs import SMALL, merged, told


@pytest.mark.parametrize(
    ("fragment", "expected"),
    [
        pytest.param(
            """\
datasets: {flights: {event_time: null}, weather: {source: {type: parquet, path: data/weather.parquet}, event_time: time_hour}}
features: {j: {dataset: weather, entity: [origin], columns: [visib]}}
training: {late: {features: [j, distance], split: {type: random, test: 0.2}}}
""",
            [
                "MLC315 «j» 'flights' has no event time, so 'j' cannot be joined to it at a point in time | declare `event_time` on 'flights'",
            ],
            id="a join to entities without event time",
        ),
        pytest.param(
            """\
datasets: {weather: {source: {type: parquet, path: data/weather.parquet}, event_time: time_hour}}
features: {j: {dataset: weather, entity: {flight: origin}, columns: [visib]}, k: {dataset: weather, entity: {orign: origin}, columns: [precip]}}
training: {late: {features: [j, k, distance]}}
""",
            [
                "MLC302 «j» 'flight' is int32 in 'flights' but 'origin' is string in 'weather' | join keys need one type: declare it under `columns`, or cast in an SQL view",
                "MLC301 «k» 'flights' has no column 'orign' to join 'k' by | did you mean 'origin'?",
            ],
            id="keys of a join",
        ),
        pytest.param(
            "training: {late: {features: [distance, distance, time_hour, ghost], preprocess: {categorical_columns: [hour]}}}",
            [
                "MLC208 «distance» feature column 'distance' comes twice | leave one out, or rename it in an SQL view",
                "MLC302 «time_hour» feature 'time_hour' is a timestamp: no estimator takes that | derive numbers or text from it in an SQL view, such as `hour(t)` or `dayofweek(t)`",
                "MLC202 «ghost» unknown feature 'ghost': neither a view nor a column of 'flights' | one of arr_delay, carrier, dep_delay, distance, flight, hour, origin, time_hour",
                "MLC202 «hour» 'hour' is not a feature of 'late' | one of distance, time_hour",
            ],
            id="features",
        ),
        pytest.param(
            """\
features: {v: {sql: select * from flights}}
training: {late: {features: [v]}}
""",
            [
                "MLC202 «v» view 'v' makes a table, not features | use it as the training's `entities: {view: …}`, or in a view with `entity` and `columns`",
            ],
            id="a view that makes a table as a feature",
        ),
        pytest.param(
            "training: {late: {entities: {label: arr_dely > 15}}}",
            [
                "MLC304 «arr_dely» unknown column 'arr_dely' | did you mean 'arr_delay'?",
            ],
            id="a label with an unknown column",
        ),
        pytest.param(
            "training: {late: {entities: {label: 'distance, hour'}}}",
            [
                "MLC305 «distance, hour» expected one expression, found 2",
            ],
            id="a label that is no expression",
        ),
        pytest.param(
            "training: {late: {entities: {label: 'distance > > 1'}}}",
            [
                "MLC303 «>» syntax error at '>'",
            ],
            id="a label that does not parse",
        ),
        pytest.param(
            "training: {late: {entities: {label: 'sum(distance)'}}}",
            [
                "MLC305 «sum(distance)» an aggregate cannot stand here: the expression sees one row at a time",
            ],
            id="a label over several rows",
        ),
        pytest.param(
            "training: {late: {entities: {label: '1 = 1'}}}",
            [
                "MLC305 «1 = 1» the label is the same for every row: it uses no column | name a column, or an expression over columns",
            ],
            id="a label without a column",
        ),
        pytest.param(
            "training: {late: {entities: {where: distance + 1}}}",
            [
                "MLC306 «distance + 1» expected a BOOLEAN, found a DOUBLE",
            ],
            id="a filter that is no condition",
        ),
        pytest.param(
            "training: {late: {entities: {where: distance > 'far'}}}",
            [
                "MLC304 «'far'» could not convert string 'far' to DOUBLE",
            ],
            id="an impossible constant",
        ),
        pytest.param(
            """\
datasets: {flights: {event_time: null}}
training: {late: {split: {type: time, test: 0.2}, entities: {until: 2013-01-01}}}
""",
            [
                "MLC315 «until» 'flights' has no event time, so `until` means nothing | declare `event_time` on 'flights', or leave out `until`",
                "MLC315 «split» 'flights' has no event time to split by | declare `event_time` on 'flights', or split `random`",
            ],
            id="times that are not there",
        ),
        pytest.param(
            "training: {late: {split: {type: column, by: carier, test: AA}}}",
            ["MLC301 «carier» 'flights' has no column 'carier' | did you mean 'carrier'?"],
            id="a split by a column that is not there",
        ),
        pytest.param(
            "training: {late: {split: {type: column, by: carrier, test: 7}}}",
            [
                "MLC302 «7» 'carrier' is string, and the test part's value 7 is not | give a value of type string, or make a column of text, a number or a truth value in an SQL view",
            ],
            id="a split by a value of another type",
        ),
        pytest.param(
            "training: {late: {split: {type: group, by: carier}}}",
            [
                "MLC301 «carier» 'flights' has no column 'carier' | did you mean 'carrier'?",
            ],
            id="groups",
        ),
    ],
)
def test_a_training_finds_in_its_table_what_it_asks_for(
    fragment: str, expected: list[str], tmp_path: Path
) -> None:
    assert told(tmp_path, merged(SMALL, fragment)) == expected
