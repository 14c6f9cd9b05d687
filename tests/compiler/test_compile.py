"""From a file to a plan: what is asked for, and what comes out."""

from pathlib import Path

import pytest

from mlopsc.compiler.compile import compile_file
from mlopsc.diagnostics.errors import SpecError, UsageError
from mlopsc.runtime.sources.peek import peek_schema
from tests.specs import FLIGHTS, SMALL, compiled, merged, told


def test_a_faulty_spec_has_no_plan_and_says_why(tmp_path: Path) -> None:
    found = compiled(tmp_path, merged(SMALL, "training: {late: {metrics: [rmse]}}"))
    assert not found.sound
    with pytest.raises(SpecError, match=r"mlops\.yaml: 1 error\(s\)") as caught:
        found.require()
    assert [fault.code for fault in caught.value.diagnostics] == ["MLC310"]


def test_a_file_that_is_not_there_is_a_diagnostic(tmp_path: Path) -> None:
    found = compile_file(tmp_path / "mlops.yaml", peek=peek_schema)
    assert [fault.code for fault in found.diagnostics] == ["MLC001"]


def test_sections_that_every_spec_has(tmp_path: Path) -> None:
    assert told(tmp_path, "apiVersion: mlopsc/v2\ntraining: {}\n") == [
        "MLC102 «apiVersion» the file lacks the key 'project' | add `project: {name: my_project}`",
        "MLC102 «apiVersion» the file lacks the key 'training' | "
        "add `training: {my_model: {entities: …, features: …, estimator: …, metrics: …}}` or, to check data alone, "
        "`datasets: {my_data: {source: {type: csv, path: data.csv}}}`",
        "MLC118 «mlopsc/v2» unknown apiVersion: expected mlopsc/v1, found text 'mlopsc/v2' | "
        "write `apiVersion: mlopsc/v1`",
    ]


DATA_ALONE = """\
apiVersion: mlopsc/v1
project: {name: data}
datasets:
  flights: {source: {type: parquet, path: data/flights.parquet}, primary_key: [time_hour, carrier, flight]}
  weather: {source: {type: parquet, path: data/weather.parquet}, event_time: time_hour}
"""


def test_a_spec_may_check_data_alone(tmp_path: Path) -> None:
    assert told(tmp_path, DATA_ALONE) == []
    plan = compiled(tmp_path, DATA_ALONE).require()
    (pipeline,) = plan.pipelines
    assert (pipeline.name, pipeline.title) == ("train", "Check flights, weather")
    steps = sorted(step.name for step in pipeline.steps)
    assert steps == ["load_flights", "load_weather", "validate_flights", "validate_weather"]


def test_without_a_training_views_that_are_tables_are_made(tmp_path: Path) -> None:
    views = """\
features:
  by_origin: {sql: "select origin, count(*) as n from flights group by origin", primary_key: [origin]}
  latest: {dataset: weather, entity: [origin], columns: [visib]}
"""
    pipeline = compiled(tmp_path, merged(DATA_ALONE, views)).require().pipeline("train")
    assert [step.name for step in pipeline.steps if step.operation not in ("load", "validate")] == [
        "view_by_origin"
    ]


def test_what_needs_a_training_is_refused_without_one(tmp_path: Path) -> None:
    gate = "gates: {good: {type: metric, training: late, metric: roc_auc, min: 0.6}}\n"
    assert [line.partition(" ")[0] for line in told(tmp_path, DATA_ALONE + gate)] == ["MLC203"]
    with pytest.raises(UsageError, match="unknown training 'late'; declared: none"):
        compiled(tmp_path, DATA_ALONE, training="late")


def test_an_environment_and_overrides_change_the_plan(tmp_path: Path) -> None:
    prod = merged(
        FLIGHTS, "environments: {prod: {vars: {late_after: 30}, training: {late_arrival: {seed: 9}}}}"
    )
    labels = [
        compiled(tmp_path, prod, **options).require().pipeline("train").step("features_late_arrival")
        for options in ({}, {"environment": "prod"}, {"overrides": {"late_after": "45"}})
    ]
    assert [step.configuration["label"] for step in labels] == [f"arr_delay > {n}" for n in (15, 30, 45)]


def test_an_unknown_training_is_a_fault_of_the_call(tmp_path: Path) -> None:
    with pytest.raises(UsageError, match="unknown training 'early'; declared: late"):
        compiled(tmp_path, SMALL, training="early")


def test_what_follows_from_a_variable_without_value_is_not_told(tmp_path: Path) -> None:
    faulty = """
    vars: {n: {type: int}}
    datasets: {flights: {source: {path: "data/${vars.n}.parquet"}}}
    training: {late: {seed: "${vars.n}", entities: {label: "arr_delay > ${vars.n}"}, features: ["${vars.m}", distance]}}
    """
    assert told(tmp_path, merged(SMALL, faulty)) == [
        "MLC110 «${vars.m}» undefined variable 'm' | declared are n",
        "MLC115 «n» variable 'n' has no value | give it a default, choose an environment that sets it (-e), "
        "or set it with --var",
    ]


def test_targets_are_read_by_their_backends(tmp_path: Path) -> None:
    assert told(tmp_path, merged(SMALL, "targets: {kubeflow: {}, local: {imag: a}}"))[0] == (
        "MLC504 «kubeflow» unknown target 'kubeflow' | installed: docker, feast, kfp, kubernetes, local, prefect"
    )
    plan = compiled(tmp_path, merged(SMALL, "targets: {kfp: {image: 'a:1', policy: {cpu: 2}}}")).require()
    assert plan.targets == {"kfp": {"image": "a:1", "policy": {"cpu": 2.0}}}


def test_a_key_that_stands_below_another_section_is_told_where(tmp_path: Path) -> None:
    wrong = "tracking: {mlflow: local}\nowner: me\ntrainin: {}\nother: 5"
    assert told(tmp_path, merged(SMALL, wrong)) == [
        "MLC101 «tracking» unknown key 'tracking' at the top level | "
        "it stands below `infrastructure`: infrastructure: {tracking: …}",
        "MLC101 «owner» unknown key 'owner' at the top level | it stands below `project`: project: {owner: …}",
        "MLC101 «trainin» unknown key 'trainin' at the top level | did you mean 'training'?",
        "MLC101 «other» unknown key 'other' at the top level | expected one of apiVersion, project, vars, "
        "environments, parameters, secrets, datasets, features, training, gates, registry, monitors, "
        "infrastructure, targets",
    ]


def test_infrastructure_is_a_database_and_a_folder_or_url(tmp_path: Path) -> None:
    assert told(tmp_path, merged(SMALL, "infrastructure: {registry: 'mysql://db/x', stor: here}")) == [
        "MLC109 «mysql://db/x» a registry cannot be kept in 'mysql' | "
        "expected a path, sqlite:///PATH or postgresql://USER@HOST/DATABASE",
        "MLC101 «stor» unknown key 'stor' | did you mean 'store'?",
    ]
    plan = compiled(tmp_path, merged(SMALL, "infrastructure: {registry: shared/registry.db}")).require()
    assert plan.infrastructure.registry == "shared/registry.db"
