"""Lowering of the train pipeline."""

import json
from pathlib import Path
from typing import Any

import pytest

from mlopsc.plan.plan import Pipeline, Plan
from mlopsc.vocabulary.operations import Register, read_operation
from tests.specs import FLIGHTS, SMALL, compiled, merged

GOLDEN = Path(__file__).parents[1] / "golden" / "flights.json"
SECOND = """
training:
  early:
    entities: {dataset: flights, label: arr_delay < 0}
    features: [origin_weather, distance]
    estimator: sklearn.linear_model.LogisticRegression
    metrics: [roc_auc]
"""


def plan(folder: Path, text: str, **options: Any) -> Plan:
    found = compiled(folder, text, **options)
    assert [fault.message for fault in found.diagnostics if fault.severity == "error"] == []
    return found.require()


def train(folder: Path, text: str, **options: Any) -> Pipeline:
    return plan(folder, text, **options).pipeline("train")


def configuration(pipeline: Pipeline, name: str) -> dict[str, Any]:
    return pipeline.step(name).configuration


def readable(value: Any, depth: int = 5, indent: str = "") -> str:
    """Return JSON in which each key of a step is a line."""
    if depth == 0 or not value or not isinstance(value, dict | list):
        return json.dumps(value)
    inner = indent + "  "
    if isinstance(value, dict):
        lines = [
            f"{inner}{json.dumps(key)}: {readable(item, depth - 1, inner)}" for key, item in value.items()
        ]
        return "{\n" + ",\n".join(lines) + f"\n{indent}}}"
    return "[\n" + ",\n".join(inner + readable(item, depth - 1, inner) for item in value) + f"\n{indent}]"


def test_the_flagship_lowers_to_exactly_this_plan(tmp_path: Path) -> None:
    made = plan(tmp_path, FLIGHTS)
    assert readable(made.model_dump(mode="json", exclude_defaults=True)) + "\n" == GOLDEN.read_text()
    assert Plan.model_validate_json(made.model_dump_json()) == made


def test_two_compiles_are_equal(tmp_path: Path) -> None:
    assert plan(tmp_path, FLIGHTS) == plan(tmp_path, FLIGHTS)


def test_a_comment_and_the_order_of_keys_change_no_configuration(tmp_path: Path) -> None:
    parts = FLIGHTS.split("gates:\n")
    shuffled = merged("", "gates:\n" + parts[1]) + merged("", "# why\n\n" + parts[0])
    before, after = plan(tmp_path, FLIGHTS), plan(tmp_path, shuffled)
    for pipeline in before.pipelines:
        again = {step.name: step.configuration for step in after.pipeline(pipeline.name).steps}
        assert again == {step.name: step.configuration for step in pipeline.steps}


def test_trainings_share_the_steps_of_their_datasets(tmp_path: Path) -> None:
    names = [step.name for step in train(tmp_path, merged(FLIGHTS, SECOND)).steps]
    assert names.count("load_flights") == names.count("load_weather") == 1
    assert {"train_early", "train_late_arrival"} <= set(names)
    assert len(names) == len(set(names))


def test_one_training_alone_is_lowered_with_what_it_needs(tmp_path: Path) -> None:
    names = {step.name for step in train(tmp_path, merged(FLIGHTS, SECOND), training="early").steps}
    assert names == {
        *("load_flights", "validate_flights", "load_weather", "validate_weather"),
        *("features_early", "split_early", "train_early", "evaluate_early", "profile_early"),
    }


def test_views_of_views_and_python_views_are_steps_after_their_tables_validations(tmp_path: Path) -> None:
    views = """
    features:
      top: {sql: "select * from Second where distance > 0", event_time: time_hour, primary_key: [flight]}
      second: {sql: select * from made, event_time: time_hour}
      made:
        python: models:winsorized
        tables: [flights]
        columns: {time_hour: timestamp, flight: int32, distance: float64, arr_delay: float64, hour: int32}
        args: {limit: 3}
    training: {late: {entities: {dataset: null, view: top}}}
    """
    pipeline = train(tmp_path, merged(SMALL, views))
    made, second, top = (pipeline.step(f"view_{name}") for name in ("made", "second", "top"))
    assert made.inputs["flights"].step == "load_flights"
    assert made.after == ("validate_flights",)
    assert made.configuration["args"] == {"limit": 3}
    assert (second.inputs["made"].step, second.after) == ("view_made", ())
    assert top.inputs["second"].step == "view_second"
    assert top.configuration["tables"] == ["second"]
    assert top.configuration["order"] == ["flight"]
    assert pipeline.step("features_late").inputs["entities"].step == "view_top"
    order = [step.name for step in pipeline.steps]
    assert order.index("view_made") < order.index("view_second") < order.index("view_top")


def test_policies_stay_with_the_steps_of_their_entry(tmp_path: Path) -> None:
    policy = "datasets: {weather: {policy: {cpu: 4, env: {GREETING: 'a $${b}'}}}}"
    pipeline = train(tmp_path, merged(FLIGHTS, policy))
    weather, late = pipeline.step("load_weather").policy, pipeline.step("train_late_arrival").policy
    assert (weather.cpu, weather.env, weather.memory) == (4, {"GREETING": "a ${b}"}, None)
    assert (late.cpu, late.memory, late.retries) == (2, "4Gi", 1)
    assert pipeline.step("load_flights").policy.cpu is None
    default = late.model_copy(update={"cpu": 1.0, "image": "x"})
    merged_policy = pipeline.step("train_late_arrival").effective_policy(default)
    assert (merged_policy.cpu, merged_policy.image) == (2, "x")


def test_a_step_knows_the_line_that_it_comes_from(tmp_path: Path) -> None:
    lines = FLIGHTS.split("\n")
    for pipeline in plan(tmp_path, FLIGHTS).pipelines:
        for step in pipeline.steps:
            line = lines[step.source.line - 1]
            assert step.source.file == "mlops.yaml"
            assert line[step.source.column - 1 :].startswith(f"{step.origin[-1]}:")


@pytest.mark.parametrize(
    "change",
    [
        "gates: {good_enough: {min: 0.7}}",
        "registry: {late_arrival: {stages: {staging: {gates: [good_enough, beats_champion]}, production: null}}}",
        "training: {late_arrival: {seed: 8}}",
        "training: {late_arrival: {metrics: [roc_auc, f1]}}",
        "datasets: {weather: {checks: [{expect: table_row_count_to_equal, value: 1}]}}",
        "features: {origin_weather: {ttl: 4h}}",
        "vars: {late_after: {default: 30}}",
    ],
)
def test_what_makes_or_judges_a_version_is_in_its_digest(change: str, tmp_path: Path) -> None:
    change = change.replace("production: null", "production: {gates: [good_enough]}")
    before, after = (
        configuration(train(tmp_path, text), "register_late_arrival")["spec_digest"]
        for text in (FLIGHTS, merged(FLIGHTS, change))
    )
    assert before != after


@pytest.mark.parametrize(
    "change",
    [
        "project: {description: other}",
        "monitors: {weather_drift: {current: {window: 7d}}}",
        "training: {late_arrival: {policy: {cpu: 8}}}",
        SECOND,
    ],
)
def test_what_does_not_is_not(change: str, tmp_path: Path) -> None:
    before, after = (
        configuration(train(tmp_path, text), "register_late_arrival")["spec_digest"]
        for text in (FLIGHTS, merged(FLIGHTS, change))
    )
    assert before == after


def test_the_lock_is_no_part_of_a_versions_digest(tmp_path: Path) -> None:
    before, after = (train(tmp_path, FLIGHTS, locked=locked) for locked in (False, True))
    name = "register_late_arrival"
    assert configuration(before, name)["spec_digest"] == configuration(after, name)["spec_digest"]
    assert configuration(after, "validate_flights")["locked"] is True


def test_a_free_gate_fails_the_run_by_itself(tmp_path: Path) -> None:
    gate = "gates: {free: {type: metric, training: late_arrival, metric: roc_auc, min: 0.5}}"
    verdict = train(tmp_path, merged(FLIGHTS, gate)).step("verdict")
    assert verdict.configuration["decisions"] == ["register_late_arrival", "gate_free"]


def test_custom_metrics_are_gated_by_name_and_frozen_with_the_version(tmp_path: Path) -> None:
    own = """
    training: {late_arrival: {metrics: [roc_auc, {name: cost, python: "models:winsorized"}]}}
    gates: {beats_champion: {metric: cost}}
    """
    pipeline = train(tmp_path, merged(FLIGHTS, own))
    metric = {"name": "cost", "python": "models:winsorized"}
    assert configuration(pipeline, "gate_beats_champion")["metric"] == metric
    register = read_operation(configuration(pipeline, "register_late_arrival") | {"parameters": {}})
    assert isinstance(register, Register)
    assert [item if isinstance(item, str) else item.name for item in register.metrics] == ["roc_auc", "cost"]


def test_slices_that_gates_name_are_judged_and_frozen_as_the_training_declares_them(tmp_path: Path) -> None:
    declared = "{name: hours, column: hour, bins: [9]}"
    change = f"""\
training: {{late_arrival: {{slices: [origin, {declared}]}}}}
gates: {{g: {{type: slice, training: late_arrival, metric: roc_auc, slices: [hours], min: 0.5}}}}
registry: {{late_arrival: {{stages: {{staging: {{gates: [g]}}}}}}}}
"""
    pipeline = train(tmp_path, merged(FLIGHTS, change))
    hours = {"name": "hours", "column": "hour", "bins": [9.0]}
    assert configuration(pipeline, "gate_g")["divisions"] == [hours]
    assert configuration(pipeline, "register_late_arrival")["slices"] == [hours]


def test_run_time_parameters_stay_in_configurations_until_a_run_fills_them_in(tmp_path: Path) -> None:
    everywhere = """
    parameters:
      trees: {type: int, default: 50}
      least: {type: float}
      far: {type: float, default: 100}
      file: {type: string, default: flights}
      scale: {type: string, default: "a $${b}"}
    datasets:
      flights: {source: {path: "data/${params.file}.parquet"}}
      made: {source: {python: "loaders:load_orders", args: {scale: "${params.scale}"}}, columns: {a: {type: int64}}}
    training:
      late_arrival:
        entities: {where: "distance > ${params.far} and origin <> '$${x}'"}
        params: {max_iter: "${params.trees}"}
    gates: {good_enough: {min: "${params.least}"}}
    """
    made = plan(tmp_path, merged(FLIGHTS, everywhere))
    pipeline = made.pipeline("train")
    assert list(pipeline.parameters) == ["as_of", "trees", "least", "far", "file"]
    values = {"as_of": "2013-06-30T00:00:00Z", "trees": 9, "least": 0.5, "far": 1.5, "file": "flights"}
    for step in pipeline.steps:
        step.resolved(values)
    filled = {step.name: step.resolved(values) for step in pipeline.steps}
    assert filled["train_late_arrival"].params == {"max_iter": 9}  # type: ignore[union-attr]
    assert filled["gate_good_enough"].gate.min == 0.5  # type: ignore[union-attr]
    assert filled["features_late_arrival"].where == "distance > 1.5 and origin <> '${x}'"  # type: ignore[union-attr]
    assert filled["load_flights"].source.path == "data/flights.parquet"  # type: ignore[union-attr]
    assert sorted(filled["register_late_arrival"].parameters) == sorted(values)  # type: ignore[union-attr]


def test_defaults_reach_the_plan_in_the_form_that_a_run_takes(tmp_path: Path) -> None:
    declared = """
    parameters:
      as_of: {type: timestamp, default: 2013-06-30}
      word: {type: string, default: "a $${b}"}
    training: {late_arrival: {entities: {where: "origin <> '${params.word}'"}}}
    """
    parameters = train(tmp_path, merged(FLIGHTS, declared)).parameters
    assert parameters["as_of"].default == "2013-06-30T00:00:00Z"
    assert parameters["word"].default == "a ${b}"


@pytest.mark.parametrize(
    "text",
    [
        "{{ 7*7 }}",
        "{{$.x}}",
        "'); drop table x; --",
        '"\\',
        "$${params.as_of}",
        "$(touch x)",
        "\u202eabc",
        "${vars.v}",
    ],
)
def test_hostile_strings_stay_data(text: str, tmp_path: Path) -> None:
    hostile = {
        "vars": {"v": {"type": "string", "default": "$${params.as_of}"}},
        "project": {"owner": text},
        "datasets": {"flights": {"columns": {"origin": {"allowed": [text]}}}},
    }
    pipeline = train(tmp_path, merged(FLIGHTS, json.dumps(hostile)))
    said = {"$${params.as_of}": "${params.as_of}", "${vars.v}": "${params.as_of}"}.get(text, text)
    register = pipeline.step("register_late_arrival").resolved({"as_of": "2013-12-31T00:00:00Z"})
    validate = pipeline.step("validate_flights").resolved({})
    assert register.owner == said  # type: ignore[union-attr]
    assert validate.columns["origin"].allowed == (said,)  # type: ignore[union-attr]
    assert pipeline.step("validate_flights").parameters == ()


def test_a_refit_waits_for_all_gates_and_is_what_is_registered(tmp_path: Path) -> None:
    found = train(tmp_path, merged(FLIGHTS, "training: {late_arrival: {refit: true}}"))
    refit, register = found.step("refit_late_arrival"), found.step("register_late_arrival")
    assert set(refit.after) == {"gate_good_enough", "gate_beats_champion"}
    assert {port: str(artifact.step) for port, artifact in refit.inputs.items()} == {
        "judged": "train_late_arrival",
        "train": "split_late_arrival",
        "test": "split_late_arrival",
    }
    assert refit.configuration["train"] == {
        "operation": "train",
        **configuration(found, "train_late_arrival"),
    }
    assert register.inputs["model"].step == "refit_late_arrival"
    assert register.inputs["judged"].step == "train_late_arrival"
    assert found.step("gate_beats_champion").inputs["candidate"].step == "train_late_arrival"
    said = configuration(train(tmp_path, FLIGHTS), "register_late_arrival")
    assert said["spec_digest"] != register.configuration["spec_digest"]


def test_an_explanation_is_a_step_of_its_own_and_kept_with_the_version(tmp_path: Path) -> None:
    text = merged(FLIGHTS, "training: {late_arrival: {explain: {top: 3}}}")
    pipeline = train(tmp_path, text)
    step = pipeline.step("explain_late_arrival")
    assert {port: str(one) for port, one in step.inputs.items()} == {
        "model": str(pipeline.step("evaluate_late_arrival").inputs["model"]),
        "test": str(pipeline.step("evaluate_late_arrival").inputs["test"]),
    }
    assert (step.configuration["metric"], step.configuration["explanation"]) == ("roc_auc", {"top": 3})
    register = pipeline.step("register_late_arrival")
    assert register.inputs["explanation"].step == "explain_late_arrival"
    plain = train(tmp_path, FLIGHTS)
    assert "explain_late_arrival" not in {one.name for one in plain.steps}
    same = configuration(plain, "register_late_arrival")["spec_digest"]
    assert register.configuration["spec_digest"] == same  # it changes nothing of the model


def test_explain_true_means_the_defaults_and_false_nothing(tmp_path: Path) -> None:
    on = train(tmp_path, merged(FLIGHTS, "training: {late_arrival: {explain: true}}"))
    assert "explanation" not in configuration(on, "explain_late_arrival")
    off = train(tmp_path, merged(FLIGHTS, "training: {late_arrival: {explain: false}}"))
    assert [step.name for step in off.steps] == [step.name for step in train(tmp_path, FLIGHTS).steps]
