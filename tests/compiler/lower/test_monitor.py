"""Lowering of monitors: each a pipeline of its own."""

from pathlib import Path

from tests.specs import FLIGHTS, compiled, merged


def test_a_monitor_makes_the_models_features_of_the_rows_of_today(tmp_path: Path) -> None:
    where = "training: {late_arrival: {entities: {where: distance > 0}}}"
    pipeline = compiled(tmp_path, merged(FLIGHTS, where)).require().pipeline("weather_drift")
    features = pipeline.step("features_weather_drift").configuration
    assert (features["where"], features["window"], features["until"]) == (
        "distance > 0",
        "30d",
        "${params.as_of}",
    )
    assert "label" not in features
    assert [step.name for step in pipeline.steps] == [
        *("load_flights", "validate_flights", "load_weather", "validate_weather"),
        *("features_weather_drift", "reference_weather_drift", "drift_weather_drift", "verdict"),
    ]


def test_a_monitor_takes_its_schedule_tests_policy_and_the_parameters_that_it_uses(tmp_path: Path) -> None:
    change = """
    parameters: {trees: {type: int, default: 5}}
    training: {late_arrival: {params: {max_iter: "${params.trees}"}}}
    monitors: {weather_drift: {tests: {numeric: [ks]}, policy: {cpu: 3}, schedule: {timezone: Europe/Berlin}}}
    """
    pipeline = compiled(tmp_path, merged(FLIGHTS, change)).require().pipeline("weather_drift")
    assert pipeline.schedule is not None
    assert (pipeline.schedule.cron, pipeline.schedule.timezone) == ("0 3 * * 1", "Europe/Berlin")
    assert list(pipeline.parameters) == ["as_of"]
    drift = pipeline.step("drift_weather_drift")
    assert (drift.configuration["tests"], drift.policy.cpu) == ({"numeric": ["ks"]}, 3)
