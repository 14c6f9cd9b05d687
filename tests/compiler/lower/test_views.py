from pathlib import Path

from tests.specs import SMALL, compiled, merged, told

VIEWS = """
features:
  halves:
    sql: select carrier, flight, time_hour, distance / 2 as half from flights
    event_time: time_hour
    primary_key: [flight]
  quarters: {sql: "select carrier, time_hour, half / 2 as quarter from halves", event_time: time_hour}
  latest: {view: quarters, entity: [carrier], available_after: 1h, columns: [quarter]}
  ratio: {python: "loaders:load_orders", rows: [quarter, distance], columns: {ratio: float64}}
training:
  late: {features: [latest, ratio, distance]}
  later: {entities: {dataset: flights, label: dep_delay > 15}, features: [latest, hour],
          estimator: sklearn.linear_model.LogisticRegression, metrics: [roc_auc]}
registry: {late: {training: late, stages: {s: {}}}}
"""


def test_a_view_that_several_trainings_share_is_computed_once(tmp_path: Path) -> None:
    plan = compiled(tmp_path, merged(SMALL, VIEWS)).require()
    train = next(one for one in plan.pipelines if one.name == "train")
    names = [step.name for step in train.steps]
    assert len(set(names)) == len(names)
    assert [name for name in names if name.startswith(("view_", "load_"))] == [
        "load_flights",
        "view_halves",
        "view_quarters",
    ]
    readers = [step.name for step in train.steps if "latest" in step.inputs]
    assert sorted(readers) == ["features_late", "features_later"]


def test_a_function_of_rows_goes_into_training_and_prediction(tmp_path: Path) -> None:
    plan = compiled(tmp_path, merged(SMALL, VIEWS)).require()
    steps = {step.name: step for pipeline in plan.pipelines for step in pipeline.steps}
    wanted = [
        {
            "view": "ratio",
            "python": "loaders:load_orders",
            "inputs": ["quarter", "distance"],
            "columns": {"ratio": "float64"},
        }
    ]
    assert steps["features_late"].configuration["rows"] == wanted
    assert steps["predict_late"].configuration["rows"] == wanted
    assert steps["features_late"].configuration["features"] == ["quarter", "ratio", "distance"]
    assert steps["register_late"].configuration["lineage_code"] == ["loaders:load_orders"]


def test_the_types_of_an_sql_view_are_those_of_predictions(tmp_path: Path) -> None:
    views = merged(merged(SMALL, VIEWS), "training: {}")
    training = """training: {late: {entities: {view: halves, label: half > 3}, features: [flight],
      estimator: sklearn.linear_model.LogisticRegression, metrics: [roc_auc]}}"""
    plan = compiled(tmp_path, merged(views, training)).require()
    steps = {step.name: step for pipeline in plan.pipelines for step in pipeline.steps}
    assert steps["predict_late"].configuration["columns"] == {
        "carrier": {"type": "string"},
        "flight": {"type": "int32"},
        "time_hour": {"type": "timestamp"},
        "half": {"type": "float64"},
    }


def test_what_a_function_of_rows_wants_must_be_there(tmp_path: Path) -> None:
    found = told(
        tmp_path, merged(SMALL, VIEWS.replace("[latest, ratio, distance]", "[ratio, latest, distance]"))
    )
    assert [one for one in found if one.startswith("MLC301")] == [
        "MLC301 «ratio» 'ratio' wants 'quarter', which is no column of 'flights' and no feature named before"
        " | name the view that makes it before this one"
    ]


def test_a_function_of_rows_makes_no_table(tmp_path: Path) -> None:
    more = "features: {t: {python: 'loaders:load_orders', tables: [latest, ratio], columns: {x: int64}}}"
    found = told(tmp_path, merged(merged(SMALL, VIEWS), more))
    assert len([one for one in found if one.startswith("MLC201")]) == 2


def test_a_function_of_rows_that_gets_the_label_leaks(tmp_path: Path) -> None:
    leak = VIEWS.replace("rows: [quarter, distance]", "rows: [quarter, arr_delay]")
    found = told(tmp_path, merged(SMALL, leak))
    assert any(one.startswith("MLC401 «ratio» feature 'arr_delay'") for one in found), found
