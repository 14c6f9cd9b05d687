"""Lowering of what fills the online store: there when the spec names a store, with a step for each timed view."""

from pathlib import Path

from mlopsc.vocabulary.online import MATERIALIZE, UNTIL
from tests.specs import FLIGHTS, compiled, merged


def faults(folder: Path, change: str) -> list[tuple[str, str]]:
    return [(one.code, one.message) for one in compiled(folder, merged(FLIGHTS, change)).diagnostics]


def test_without_an_online_store_the_plan_is_what_it_was(tmp_path: Path) -> None:
    plan = compiled(tmp_path, FLIGHTS).require()
    assert MATERIALIZE not in [pipeline.name for pipeline in plan.pipelines]


def test_each_timed_view_is_a_step_that_knows_what_is_served(tmp_path: Path) -> None:
    change = "infrastructure: {online_store: 'redis://cache.example.com/0'}"
    pipeline = compiled(tmp_path, merged(FLIGHTS, change)).require().pipeline(MATERIALIZE)
    assert [step.name for step in pipeline.steps] == [
        *("load_weather", "validate_weather", "materialize_origin_weather"),
    ]
    step = pipeline.step("materialize_origin_weather")
    assert (step.kind, step.after) == ("effect", ("validate_weather",))
    found = step.configuration
    assert found["online_store"] == "redis://cache.example.com/0"
    assert found["until"] == f"${{params.{UNTIL}}}"
    assert found["types"] == {"origin": "string", "visib": "float64", "wind_speed": "float64"}
    assert [feature["name"] for feature in found["trainings"]["late_arrival"]] == [
        *("visib", "wind_speed", "distance", "carrier", "hour"),
    ]
    assert found["trainings"]["late_arrival"][2] == {"name": "distance", "type": "float64"}
    assert pipeline.parameters[UNTIL].default is None


def test_the_secret_of_the_url_must_be_declared_and_is_used(tmp_path: Path) -> None:
    store = "infrastructure: {online_store: {secret: cache}}"
    assert faults(tmp_path, store) == [("MLC207", "unknown secret 'cache'")]
    assert faults(tmp_path, store + "\nsecrets: {cache: {env: CACHE}}") == []
    configuration = (
        compiled(tmp_path, merged(FLIGHTS, store + "\nsecrets: {cache: {env: CACHE}}"))
        .require()
        .pipeline(MATERIALIZE)
        .step("materialize_origin_weather")
        .configuration
    )
    assert configuration["secrets"] == {"cache": {"env": "CACHE"}}


def test_what_is_no_online_store_is_refused(tmp_path: Path) -> None:
    assert faults(tmp_path, "infrastructure: {online_store: 'mysql://host/db'}") == [
        ("MLC109", "an online store cannot be kept in 'mysql'")
    ]
    code, message = faults(tmp_path, "infrastructure: {online_store: 'redis://u:geheim@host/0'}")[0]
    assert (code, "password" in message) == ("MLC404", True)


def test_names_of_the_pipeline_and_its_parameter_are_taken(tmp_path: Path) -> None:
    monitor = "monitors: {materialize: {model: late_arrival, stage: staging, current: {dataset: flights}}}"
    assert (
        "MLC208",
        "'materialize' is already the name of the pipeline that fills the online store",
    ) in faults(tmp_path, monitor)
    change = """
    parameters: {materialize_until: {type: string, default: weather}}
    datasets: {weather: {source: {path: "data/${params.materialize_until}.parquet"}}}
    """
    assert ("MLC208", f"'{UNTIL}' is already a parameter of the pipeline '{MATERIALIZE}'") in faults(
        tmp_path, change
    )
