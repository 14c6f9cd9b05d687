# ruff: noqa: E501 - one diagnostic is one line
from pathlib import Path

import pytest

from tests.specs import SMALL, merged, told


@pytest.mark.parametrize(
    ("fragment", "expected"),
    [
        pytest.param(
            "training: {late: {entities: {dataset: fligths}}}",
            [
                "MLC201 «fligths» unknown dataset 'fligths' | did you mean 'flights'?",
            ],
            id="dataset",
        ),
        pytest.param(
            """\
datasets: {mixed: {source: {type: parquet, path: data/mixed.parquet}}}
features: {v: {sql: select * from flights}}
training: {late: {entities: {dataset: v}, split: {type: random, test: 0.2}}}
""",
            [
                "MLC403? «mixed» dataset 'mixed' is not used | remove it, or use it",
                "MLC201 «v» unknown dataset 'v' | 'v' is a view: write `view: v`",
            ],
            id="a view where a dataset belongs",
        ),
        pytest.param(
            "training: {late: {entities: {dataset: null, view: flights}}}",
            [
                "MLC202 «flights» unknown view 'flights' | 'flights' is a dataset: write `dataset: flights`",
            ],
            id="a dataset where a view belongs",
        ),
        pytest.param(
            """\
features: {j: {dataset: flights, entity: [flight], columns: [hour]}}
training: {late: {entities: {dataset: null, view: j}, features: [distance, j]}}
""",
            [
                "MLC202 «j» unknown view 'j' | a view joined at a point in time makes no table of its own: name an `sql` or `python` view",
            ],
            id="a joined view as a table",
        ),
        pytest.param(
            "features: {p: {python: 'models:winsorized', tables: [flihgts, flights, flights], columns: {a: int64}}}",
            [
                "MLC201 «flihgts» unknown dataset or view 'flihgts' | did you mean 'flights'?",
                "MLC208 «flights» table 'flights' comes twice | leave one out",
            ],
            id="a table of a Python view",
        ),
        pytest.param(
            "gates: {g: {type: metric, training: lat, metric: roc_auc, min: 0.5}}",
            [
                "MLC203 «lat» unknown training 'lat' | did you mean 'late'?",
            ],
            id="training of a gate",
        ),
        pytest.param(
            "registry: {m: {training: lat, stages: {s: {}}}}",
            [
                "MLC203 «lat» unknown training 'lat' | did you mean 'late'?",
            ],
            id="training of a model",
        ),
        pytest.param(
            """\
gates: {g: {type: metric, training: late, metric: roc_auc, min: 0.5}}
registry: {m: {training: late, stages: {s: {gates: [h, g, g]}}}}
""",
            [
                "MLC204 «h» unknown gate 'h' | declared: g",
                "MLC208 «g» gate 'g' comes twice | leave one out",
            ],
            id="gate of a stage",
        ),
        pytest.param(
            """\
gates: {g: {type: metric, training: late, metric: roc_auc, min: 0.5}}
training: {other: {entities: {dataset: flights, label: dep_delay > 5}, features: [hour], estimator: sklearn.linear_model.LogisticRegression, metrics: [f1]}}
registry: {m: {training: other, stages: {s: {gates: [g]}}}}
""",
            [
                "MLC210 «g» gate 'g' judges the training 'late', this model comes from 'other' | gates of 'other': none",
            ],
            id="gate of another training",
        ),
        pytest.param(
            "gates: {g: {type: metric, training: late, metric: roc_au, min: 0.5}}",
            [
                "MLC211 «roc_au» training 'late' does not compute the metric 'roc_au' | did you mean 'roc_auc'?",
            ],
            id="metric of a gate",
        ),
        pytest.param(
            "gates: {g: {type: champion, training: late, metric: roc_auc}}",
            [
                "MLC206 «g» champion gate 'g' guards no stage | the champion is the version that holds the stage which requires the gate: name it under a stage's `gates`",
            ],
            id="champion gate without a stage",
        ),
        pytest.param(
            """\
gates: {g: {type: champion, training: late, metric: roc_auc}}
registry: {m: {training: late, stages: {s: {gates: [g]}, t: {gates: [g]}}}}
""",
            [
                "MLC209 «g» champion gate 'g' guards several stages: m@s, m@t | the champion is the version that holds the stage which requires the gate: declare one gate for each stage",
            ],
            id="champion gate of two stages",
        ),
        pytest.param(
            """\
gates: {g: {type: champion, training: late, metric: roc_auc}}
registry: {m: {training: late, stages: {s: {gates: [g]}}, x: 1}}
""",
            [
                "MLC101 «x» unknown key 'x' | keys here are card, description, stages, training",
            ],
            id="a faulty model may guard the champion gate",
        ),
        pytest.param(
            """\
registry: {m: {training: late, stages: {s: {}}}}
monitors: {a: {model: n, stage: s, current: {dataset: flights}}, b: {model: m, stage: t, current: {dataset: flights}}, c: {model: m, stage: s, current: {view: w}}}
""",
            [
                "MLC205 «n» unknown model 'n' | declared: m",
                "MLC206 «t» model 'm' has no stage 't' | its stages: s",
                "MLC202 «w» unknown view 'w' | declare it under `features`, with `sql`",
            ],
            id="model and stage of monitors",
        ),
        pytest.param(
            """\
registry: {m: {training: late, stages: {s: {}}}}
monitors: {train: {model: m, stage: s, current: {dataset: flights}}}
""",
            [
                "MLC208 «train» 'train' is already the name of the pipeline that trains | give the monitor another name",
            ],
            id="the name of the training pipeline",
        ),
        pytest.param(
            "registry: {m: {training: late, stages: {s_t: {}}}, m_s: {training: late, stages: {t: {}}}}",
            [
                "MLC209 «t» 'm_s_t' could mean two stages: 't' of 'm_s', and 's_t' of 'm' | rename one of the models or stages",
            ],
            id="models and stages that run together",
        ),
        pytest.param(
            "features: {Flights: {sql: select * from flights}}",
            [
                "MLC208 «Flights» 'Flights' is already the name of a dataset | give one of them another name; SQL does not tell upper from lower case",
                "MLC403? «Flights» view 'Flights' is not used | remove it, or use it",
            ],
            id="datasets and views are tables alike",
        ),
        pytest.param(
            """\
secrets: {key: {env: KEY}}
datasets: {o: {source: {python: 'loaders:load_orders', args: {deep: [{secret: kee}]}}, columns: {a: {type: int64}}}, f: {source: {type: parquet, path: 's3://b/f.parquet', storage_options: {key: {secret: key}}}, columns: {a: {type: int64}}}}
""",
            [
                "MLC403? «o» dataset 'o' is not used | remove it, or use it",
                "MLC207 «kee» unknown secret 'kee' | did you mean 'key'?",
                "MLC403? «f» dataset 'f' is not used | remove it, or use it",
            ],
            id="secrets",
        ),
    ],
)
def test_a_name_is_declared_once_and_of_the_right_kind(
    fragment: str, expected: list[str], tmp_path: Path
) -> None:
    assert told(tmp_path, merged(SMALL, fragment)) == expected
