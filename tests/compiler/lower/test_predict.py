"""Lowering of predictions: a pipeline for each registered model."""

from pathlib import Path

from tests.specs import FLIGHTS, compiled, merged


def test_a_model_has_a_pipeline_that_does_to_a_file_what_training_does_to_entities(tmp_path: Path) -> None:
    change = """
    datasets: {flights: {timezone: America/New_York}}
    training: {late_arrival: {entities: {where: distance > 0}}}
    """
    pipeline = compiled(tmp_path, merged(FLIGHTS, change)).require().pipeline("predict_late_arrival")
    assert [step.name for step in pipeline.steps] == [
        *("load_weather", "validate_weather", "model_late_arrival", "predict_late_arrival"),
    ]
    predict = pipeline.step("predict_late_arrival")
    assert predict.after == ("validate_weather",)
    found = predict.configuration
    assert (found["where"], found["timezone"]) == ("distance > 0", "America/New_York")
    assert found["primary_key"] == ["time_hour", "carrier", "flight"]
    assert found["columns"] == {"origin": {"type": "string"}, "distance": {"type": "float64"}}
    assert not {"label", "until"} & found.keys()
    assert pipeline.step("model_late_arrival").configuration["version"] == "${params.version}"


def test_the_input_has_no_default_and_the_version_is_that_of_the_last_stage(tmp_path: Path) -> None:
    change = """
    parameters: {least: {type: int, default: 3}, trees: {type: int, default: 5}}
    training: {late_arrival: {entities: {where: "distance > ${params.least}"}, params: {max_iter: "${params.trees}"}}}
    """
    pipeline = compiled(tmp_path, merged(FLIGHTS, change)).require().pipeline("predict_late_arrival")
    assert {name: parameter.default for name, parameter in pipeline.parameters.items()} == {
        "input": None,
        "version": "production",
        "least": 3,
    }


TEXT = """\
apiVersion: mlopsc/v1
project: {name: small}
datasets:
  texts: {source: {type: csv, path: data/text.csv, nulls: [NA], encoding: latin-1}}
training:
  late:
    entities: {dataset: texts, label: t <> 'x'}
    features: [n]
    estimator: sklearn.linear_model.LogisticRegression
    metrics: [roc_auc]
registry:
  late: {training: late, stages: {production: {}}}
"""


def test_the_dialect_of_the_entities_csv_goes_along_with_the_path_of_the_input(tmp_path: Path) -> None:
    predict = compiled(tmp_path, TEXT).require().pipeline("predict_late").step("predict_late")
    assert predict.configuration["source"] == {
        "type": "csv",
        "path": "${params.input}",
        "nulls": ["NA"],
        "encoding": "latin-1",
    }
