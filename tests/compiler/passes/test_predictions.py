"""Names that predict pipelines take, and nothing else may have."""

from pathlib import Path

from tests.specs import FLIGHTS, merged, told


def test_a_monitor_cannot_be_called_as_what_predicts(tmp_path: Path) -> None:
    text = FLIGHTS.replace("  weather_drift:", "  predict_late_arrival:")
    assert told(tmp_path, text) == [
        "MLC208 «predict_late_arrival» 'predict_late_arrival' is already the name of the pipeline that predicts with "
        "'late_arrival' | give the monitor another name"
    ]


def test_a_parameter_that_predictions_take_cannot_be_called_as_one_of_their_own(tmp_path: Path) -> None:
    change = """
    parameters: {version: {type: string, default: weather}}
    datasets: {weather: {source: {path: "data/${params.version}.parquet"}}}
    """
    (found,) = [line for line in told(tmp_path, merged(FLIGHTS, change)) if "MLC208" in line]
    assert found == (
        "MLC208 «version» 'version' is already a parameter of the pipeline 'predict_late_arrival' | give the parameter "
        "another name"
    )


def test_one_that_only_training_takes_may_have_any_name(tmp_path: Path) -> None:
    change = """
    parameters: {input: {type: int, default: 15}}
    vars: {late_after: null}
    training: {late_arrival: {entities: {label: "arr_delay > ${params.input}"}}}
    """
    assert not [line for line in told(tmp_path, merged(FLIGHTS, change)) if "MLC208" in line]
