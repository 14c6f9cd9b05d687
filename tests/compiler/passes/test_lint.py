# ruff: noqa: E501 - one diagnostic is one line
from pathlib import Path

import pytest

from tests.specs import SMALL, merged, told


@pytest.mark.parametrize(
    ("fragment", "expected"),
    [
        pytest.param(
            "registry: {m: {training: late, stages: {s: {}, t: {}}}}",
            [
                "MLC406? «t» any version of 'm' may enter 't' | name the gates that guard it: `gates: [...]`",
            ],
            id="an open stage",
        ),
        pytest.param(
            """\
infrastructure: {store: 's3://me:hunter2@host/b'}
datasets: {o: {source: {type: parquet, path: 'ftp://me:hunter2@host/f.parquet'}, columns: {a: {type: int64}}}}
""",
            [
                "MLC403? «o» dataset 'o' is not used | remove it, or use it",
                "MLC404 «hunter2» a password in a URL: the spec is copied into generated files, logs and the ledger | take it out of the URL, and pass it by `storage_options: {…: {secret: name}}`",
                "MLC404 «hunter2» a password in a URL: the spec is copied into generated files, logs and the ledger | leave `store` out and set MLOPSC_STORE_URL where the steps run",
            ],
            id="passwords in URLs",
        ),
        pytest.param(
            "datasets: {o: {source: {type: parquet, path: 's3://b/f.parquet', storage_options: {key: abc, anon: true}}, columns: {a: {type: int64}}}}",
            [
                "MLC403? «o» dataset 'o' is not used | remove it, or use it",
                "MLC117 «abc» option `key` looks like a secret | declare it under `secrets` and write `{secret: name}` here",
            ],
            id="secrets in options",
        ),
        pytest.param(
            "datasets: {flights: {source: {path: ../flights.parquet}, columns: {time_hour: {type: timestamp}}}}",
            [
                "MLC405? «../flights.parquet» '../flights.parquet' leads out of the project | put the file below the folder of the spec, or name it by a `file://` URL",
                "MLC603? «../flights.parquet» no such file: '../flights.parquet'",
            ],
            id="paths out of the project",
        ),
        pytest.param(
            """\
datasets: {mixed: {source: {type: parquet, path: data/mixed.parquet}}}
vars: {x: {type: int, default: 1}}
secrets: {s: {env: S}}
parameters: {p: {type: int}}
features: {v: {sql: select * from flights}}
""",
            [
                "MLC403? «mixed» dataset 'mixed' is not used | remove it, or use it",
                "MLC403? «x» variable 'x' is not used | remove it, or use it",
                "MLC403? «s» secret 's' is not used | remove it, or use it",
                "MLC403? «p» parameter 'p' is not used | remove it, or use it",
                "MLC403? «v» view 'v' is not used | remove it, or use it",
            ],
            id="what nothing uses",
        ),
        pytest.param(
            """\
datasets: {mixed: {source: {type: parquet, path: data/mixed.parquet}}}
features: {v: 5}
""",
            [
                "MLC103 «5» expected a map, found the number 5 | its keys are aggregates, available_after, "
                "columns, created, dataset, description, entity, event_time, known_at, tie_break, ttl, view, where",
            ],
            id="nothing is unused as long as an entry is faulty",
        ),
        pytest.param(
            """\
vars: {x: {type: string, default: a}}
environments: {prod: {project: {owner: '${vars.x}'}}}
""",
            [],
            id="a variable that another environment uses",
        ),
    ],
)
def test_what_would_run_and_be_wrong_is_told(fragment: str, expected: list[str], tmp_path: Path) -> None:
    assert told(tmp_path, merged(SMALL, fragment)) == expected
