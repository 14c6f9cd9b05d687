# ruff: noqa: E501 - one diagnostic is one line
from pathlib import Path

import pytest

from tests.specs import SMALL, merged, told


@pytest.mark.parametrize(
    ("fragment", "expected"),
    [
        pytest.param(
            "datasets: {flights: {event_time: carrier, primary_key: [flight, flight, x]}}",
            [
                "MLC302 «carrier» column 'carrier' of 'flights' is string, an event time is a timestamp or date | if it holds times, declare `columns: {carrier: {type: timestamp}}`",
                "MLC208 «flight» column 'flight' comes twice | leave one out",
                "MLC301 «x» 'flights' has no column 'x' | its columns: arr_delay, carrier, dep_delay, distance, flight, hour, origin, time_hour",
            ],
            id="event time and keys",
        ),
        pytest.param(
            "features: {v: {sql: select carrier from flights, event_time: carrier, primary_key: [x]}}",
            [
                "MLC403? «v» view 'v' is not used | remove it, or use it",
                "MLC302 «carrier» column 'carrier' of 'v' is string, an event time is a timestamp or date | if it holds times, cast it: `cast(… as timestamp)`",
                "MLC301 «x» 'v' has no column 'x' | its columns: carrier",
            ],
            id="event time of a view",
        ),
        pytest.param(
            """\
features: {j: {dataset: flights, entity: {flight: flite}, columns: [hour, hour, x], created: made, event_time: hour, available_after: 1h}}
training: {late: {features: [j, distance]}}
""",
            [
                "MLC301 «flite» 'flights' has no column 'flite' | its columns: arr_delay, carrier, dep_delay, distance, flight, hour, origin, time_hour",
                "MLC208 «hour» column 'hour' comes twice | leave one out",
                "MLC301 «x» 'flights' has no column 'x' | its columns: arr_delay, carrier, dep_delay, distance, flight, hour, origin, time_hour",
                "MLC301 «made» 'flights' has no column 'made' | its columns: arr_delay, carrier, dep_delay, distance, flight, hour, origin, time_hour",
                "MLC302 «hour» column 'hour' of 'flights' is int32, an event time is a timestamp or date | name a column of timestamps or dates",
            ],
            id="a joined view",
        ),
        pytest.param(
            """\
features: {j: {dataset: flights, entity: [flight], columns: [hour], created: hour, known_at: carrier, tie_break: [dep_delai]}}
training: {late: {features: [j, distance]}}
""",
            [
                "MLC302 «hour» column 'hour' of 'flights' is int32, `created` is a timestamp or date | name a column of timestamps or dates",
                "MLC302 «carrier» column 'carrier' of 'flights' is string, `known_at` is a timestamp or date | if it holds times, declare `columns: {carrier: {type: timestamp}}`",
                "MLC301 «dep_delai» 'flights' has no column 'dep_delai' | did you mean 'dep_delay'?",
            ],
            id="what tells when a row of a joined view was known",
        ),
        pytest.param(
            """\
datasets: {mixed: {source: {type: parquet, path: data/mixed.parquet}}}
features: {j: {dataset: mixed, entity: {flight: id}, columns: [number]}}
training: {late: {features: [j, distance]}}
""",
            [
                "MLC315 «j» 'mixed' has no event time, so 'j' cannot be joined at a point in time | declare `event_time` here or on 'mixed'",
            ],
            id="a join of a table without event time",
        ),
        pytest.param(
            """\
datasets: {mixed: {source: {type: parquet, path: data/mixed.parquet}}}
registry: {m: {training: late, stages: {s: {}}}}
monitors: {w: {model: m, stage: s, current: {dataset: mixed, window: 3d, until: 2013-01-01}}}
training: {late: {entities: {where: distance > 3}, features: [distance]}}
""",
            [
                "MLC301 «mixed» 'mixed' has no column 'distance', which the features of 'm' need | monitor a table with the columns that the model was trained on",
                "MLC315 «until» 'mixed' has no event time, so `until` means nothing | declare `event_time` on 'mixed', or leave out `until` and `window`",
            ],
            id="monitors of another table",
        ),
    ],
)
def test_a_column_exists_and_suits_its_use(fragment: str, expected: list[str], tmp_path: Path) -> None:
    assert told(tmp_path, merged(SMALL, fragment)) == expected
