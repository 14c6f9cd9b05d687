"""The page of a run, whatever became of it: complete, self-contained, harmless."""

from dataclasses import replace

import pytest

from mlopsc.runtime.context import Context
from mlopsc.runtime.journal import Journal
from tests.plans import flights_plan, monitor_pipeline, step, train_pipeline, trial_steps
from tests.reporting.reading import read
from tests.reporting.runs import (
    BINARY,
    CHAMPION,
    DRIFT,
    DRIFT_REPORT,
    GOOD,
    HOSTILE,
    METRICS,
    MONITORED,
    MULTICLASS,
    REGISTRATION,
    REGRESSION,
    TRAINED,
    drift_column,
    page,
    record,
    result,
    validation,
)

TAGS = {
    *(
        "html",
        "head",
        "meta",
        "title",
        "style",
        "body",
        "a",
        "header",
        "nav",
        "main",
        "footer",
        "section",
        "article",
    ),
    *(
        "h1",
        "h2",
        "h3",
        "h4",
        "h5",
        "p",
        "div",
        "span",
        "ul",
        "li",
        "dl",
        "dt",
        "dd",
        "bdi",
        "code",
        "pre",
        "details",
    ),
    *("summary", "table", "caption", "thead", "tbody", "tr", "th", "td", "figure", "figcaption"),
    *("svg", "desc", "g", "path", "rect", "circle", "line", "text"),
}


@pytest.fixture(autouse=True)
def _surroundings(monkeypatch):
    for name in ("MLOPSC_REGISTRY_URL", "MLOPSC_STORE_URL"):
        monkeypatch.delenv(name, raising=False)


def test_a_run_that_trained_shows_every_section(tmp_path):
    record(
        tmp_path, train_pipeline(), TRAINED, statuses={"verdict": "refused"}, errors={"verdict": "blocked"}
    )
    found = read(page(tmp_path))
    assert found.unclosed == []
    assert list(found.sections) == ["trouble", "graph", "data", "metrics", "gates", "registry", "steps"]
    assert "verdict ⊘ refused blocked declared at mlops.yaml:50:3" in found.sections["trouble"]
    assert "1 of 1 check passed on 1,000 rows" in found.sections["data"]
    assert "roc_auc 0.75" in found.sections["metrics"]
    assert "average_precision no value (NaN)" in found.sections["metrics"]
    assert "average_precision: the value is nan" in found.sections["metrics"]
    assert (
        "Area 0.75: the chance that a row labelled true is scored above another." in found.sections["metrics"]
    )
    assert "800 of 1,000 rows (80.0%) are taken for what they are" in found.sections["metrics"]
    assert (
        "good_enough ✓ pass roc_auc of late_arrival roc_auc 0.75 is at least 0.65" in found.sections["gates"]
    )
    assert "beats_champion ✕ fail roc_auc of late_arrival against the champion" in found.sections["gates"]
    assert "late_arrival ⊘ blocked gate 'beats_champion' failed: worse" in found.sections["registry"]
    assert "evaluate_late_arrival evaluate ✓ run" in found.sections["steps"]
    for said in ("flights", "as_of 2013-12-31T00:00:00Z", "trees 200", str(tmp_path / "mlops.yaml")):
        assert said in found.text


def test_the_page_is_the_same_twice(tmp_path):
    record(tmp_path, train_pipeline(), TRAINED)
    assert page(tmp_path) == page(tmp_path)


def test_a_monitor_shows_drift_and_the_distributions(tmp_path):
    record(tmp_path, monitor_pipeline(), MONITORED)
    text = page(tmp_path)
    drift = read(text).sections["drift"]
    assert "weather_drift ✕ drift 1 of 4 features drift: visib (psi 0.4)" in drift
    assert drift.index("visib") < drift.index("precip") < drift.index("hour")
    assert "0.4 alarm ≥ 0.2, p 0.5" in drift
    assert "alarm: PSI" in drift
    assert "no values in the current table" in drift
    assert text.count("Distribution of ") == 4  # title and description of two charts
    assert "5 of those now lie beyond the axis" in text


def test_each_check_says_what_was_wanted_and_which_rows_fail(tmp_path):
    failed = result(
        check="column_values_to_be_in_set",
        wanted="value set EWR, JFK, LGA",
        passed=False,
        observed=0.998,
        unexpected_count=2,
        unexpected_sample=["XYZ", None],
        unexpected_rows=[7, 1234],
    )
    warned = result(
        passed=False, on_failure="warn", column="arr_delay", wanted="in at least 95 %", observed=0.9,
        unexpected_count=100,
    )  # fmt: skip
    counted = result(
        check="table_row_count_to_be_between",
        column=None,
        wanted="≥ 100000",
        observed=1000,
        unexpected_count=None,
    )
    fine = result(column="distance")
    # In the order of the declaration: origin of type, not null, in set; distance of type, at least; the key; checks.
    keys = [result(column=name) for name in ("time_hour", "carrier", "flight")]
    report = validation(
        *(result(check="column_values_to_be_of_type"), result(), failed, fine, fine, *keys),
        *(result(column="time_hour, carrier, flight"), counted, warned),
        schema=dict.fromkeys(("origin", "distance", "time_hour", "carrier", "flight", "arr_delay"), "string"),
    )
    record(tmp_path, train_pipeline(), {"validate_flights.report": report})
    data = read(page(tmp_path)).sections["data"]
    assert "flights ✕ failed 9 of 11 checks passed on 1,000 rows" in data
    assert "column values to be in set origin ✕ failed value set EWR, JFK, LGA 99.8 % pass 2" in data
    assert "row 7 XYZ row 1,234 null" in data
    assert "column values to not be null arr_delay ! warning in at least 95 % 90 % pass 100" in data
    assert "table row count to be between ✓ passed ≥ 100000 1000" in data
    assert data.index("in set") < data.index("of type")  # what failed stands first


@pytest.mark.parametrize(
    "curves", [BINARY, MULTICLASS, REGRESSION], ids=["binary", "multiclass", "regression"]
)
def test_each_task_has_its_figures(tmp_path, curves):
    record(
        tmp_path,
        train_pipeline(),
        {"evaluate_late_arrival.metrics": METRICS, "evaluate_late_arrival.curves": curves},
    )
    text = page(tmp_path)
    found = read(text)
    headings = {
        "binary": (
            *("ROC curve", "Precision and recall", "Cumulative gain", "Lift"),
            *("Calibration", "Scores by class", "Confusion"),
        ),
        "multiclass": ("Confusion", "ROC curve of each class"),
        "regression": ("Predicted against actual", "Residuals", "Residuals by prediction"),
    }[curves["task"]]
    assert text.count('<svg viewBox="0 0 380 270" class="chart"') + text.count("Confusion matrix") == len(
        headings
    )
    for heading in headings:
        assert heading in found.sections["metrics"]
    for tag, name, value in found.attributes:
        assert "nan" not in value.lower() or name in ("title", "href", "class", "id"), (tag, name, value)


def test_a_chart_that_could_not_be_drawn_says_why(tmp_path):
    curves = {**BINARY, "calibration": {"unavailable": "the estimator gives scores, no probabilities"}}
    documents = {"evaluate_late_arrival.metrics": METRICS, "evaluate_late_arrival.curves": curves}
    record(tmp_path, train_pipeline(), documents)
    said = read(page(tmp_path)).sections["metrics"]
    assert "Calibration Not drawn: the estimator gives scores, no probabilities." in said


def test_metrics_stand_beside_naive_forecasts_their_intervals_and_slices(tmp_path):
    one = {"low": 0.7, "high": 0.8, "undefined": 0}
    none = {"low": None, "high": None, "undefined": 1000}
    both = {"roc_auc": one, "average_precision": none}
    slices = [
        {
            "slice": "EWR",
            "rows": 600,
            "metrics": {"roc_auc": 0.81, "average_precision": None},
            "intervals": both,
        },
        {
            "slice": "<b>JFK",
            "rows": 390,
            "metrics": {"roc_auc": 0.62, "average_precision": None},
            "intervals": both,
        },
        {"slice": "null", "rows": 10, "too_few": True},
    ]
    beside = {
        "baselines": {
            "majority": {"roc_auc": 0.5, "average_precision": 0.2},
            "previous_value": {"roc_auc": 0.6},
        },
        "intervals": both,
        "slices": {"origin": slices},
    }
    record(tmp_path, train_pipeline(), {"evaluate_late_arrival.metrics": METRICS | beside})
    text = page(tmp_path)
    said = read(text).sections["metrics"]
    assert "metric model interval majority previous value" in said
    assert "roc_auc 0.75 0.7 to 0.8 0.5 0.6" in said
    assert "average_precision no value none 0.2 no value" in said
    assert said.index("<b>JFK") < said.index("EWR")  # the lowest first
    assert "<b>JFK" not in text
    assert "Dashed: all rows, 0.75. Too few rows to measure: null (10 rows)." in said
    assert (
        "average_precision by origin Too few rows to measure: null (10 rows). Without a value: 2 slices."
        in said
    )


def test_a_search_shows_its_trials_and_the_chosen_one(tmp_path):
    def trial(index, score, **more):
        scores = {"scores": [score, score], "mean": score, "std": 0.0, "status": "ok", "message": None}
        return {"index": index, "params": {"C": 0.5 * (index + 1)}, **scores} | more

    failed = {"scores": [], "mean": None, "std": None, "status": "failed", "message": "<b>no"}
    trials = [trial(0, 0.7), trial(1, 0.9), trial(2, 0, **failed)]
    found = {"training": "t", "metric": "roc_auc", "trials": trials, "best": 1}
    searching = train_pipeline().model_copy(update={"steps": trial_steps(3)})
    reports = {f"trial_t_{index}.report": one for index, one in enumerate(trials)}
    record(tmp_path, searching, {**reports, "trials_t.trials": found}, statuses={"trial_t_0": "cached"})
    text = page(tmp_path)
    said = read(text).sections["tuning"]
    assert "3 trials, roc_auc on 2 folds of the train part" in said
    assert "0 ✓ ok 0.5 0.7 0 0.7, 0.7 1" in said  # its result was there: no time is told
    assert "1 ★ chosen 1 0.9 0 0.9, 0.9 1.5 s" in said
    assert "2 ✕ failed <b>no 1.5" in said
    assert "<b>no" not in text
    assert "reports" not in read(text).sections  # nothing of it is told twice


def test_trials_are_one_line_of_the_steps_and_stay_within_reach(tmp_path):
    def trial(index, score):
        scores = {"scores": [score], "mean": score, "std": 0.0, "status": "ok", "message": None}
        return {"index": index, "params": {"C": index}, **scores}

    trials = [trial(0, 0.7), trial(1, 0.9), trial(2, 0.8)]
    found = {"training": "t", "metric": "roc_auc", "trials": trials, "best": 1}
    searching = train_pipeline().model_copy(update={"steps": trial_steps(3)})
    reports = {f"trial_t_{index}.report": one for index, one in enumerate(trials)}
    given = {**reports, "trials_t.trials": found}
    record(tmp_path, searching, given, statuses={"trial_t_0": "cached"})
    text = page(tmp_path)
    assert read(text).unclosed == []
    said = read(text).sections["steps"]
    assert "trial_t ×3 trial ✓ run 1 cached, 2 run; best is trial_t_1, roc_auc 0.9" in said
    assert " 4.5 s" in said  # of all of them
    folded = text[text.index('<details class="members">') : text.index("</details>", text.index('members">'))]
    assert [f"<bdi>trial_t_{index}</bdi>" in folded for index in range(3)] == [True] * 3
    assert text.count("<bdi>trial_t_1</bdi><span") == 1  # nowhere else in the table

    failed = {"trial_t_2": "failed"}
    record(tmp_path, searching, given, statuses=failed, errors={"trial_t_2": "no"}, ended="failed")
    text = page(tmp_path)
    assert '<details class="members" open>' in text
    anchor = text.partition('<h3><a href="#')[2].partition('"')[0]
    assert f'<tr id="{anchor}">\n<th scope="row"><bdi>trial_t_2</bdi>' in text


def test_a_failed_step_stands_first_with_its_place_and_the_end_of_its_log(tmp_path):
    log = "\n".join(f"line {number}" for number in range(5000)) + "\nZeroDivisionError: no\n"
    record(
        tmp_path,
        train_pipeline(),
        {},
        statuses={"train_late_arrival": "failed"},
        errors={"train_late_arrival": "could not be fitted\nand more of it"},
        logs={"train_late_arrival": log},
        ended="failed",
    )
    said = read(page(tmp_path)).sections["trouble"]
    assert (
        "train_late_arrival ✕ failed could not be fitted and more of it declared at mlops.yaml:34:3" in said
    )
    assert "line 4999 ZeroDivisionError: no" in said
    assert "line 4900" not in said


def test_a_run_that_goes_on_says_so(tmp_path):
    statuses = {one.name: "pending" for one in train_pipeline().steps} | {"load_flights": "running"}
    record(tmp_path, train_pipeline(), {}, statuses=statuses, ended=None)
    found = read(page(tmp_path))
    assert "The run was still going on when this page was written" in found.text
    assert "load_flights load … running" in found.sections["steps"]
    assert "train_late_arrival train – pending" in found.sections["steps"]


def test_a_crashed_run_says_how_to_go_on(tmp_path):
    record(tmp_path, train_pipeline(), TRAINED, ended="crashed")
    assert (
        "The process that ran it is gone. What had finished is kept: `mlopsc resume`"
        in read(page(tmp_path)).text
    )


def test_a_run_without_a_plan_shows_its_steps(tmp_path):
    with Journal.of_project(tmp_path) as journal:
        run = journal.start_run("train", spec="mlops.yaml", steps=[("load_flights", "load")])
        journal.finish_run(run, "succeeded", exit_code=0)
    found = read(page(tmp_path))
    assert "The run recorded no plan" in found.text
    assert "load_flights" in found.sections["steps"]
    assert "graph" not in found.sections


def test_lost_and_damaged_artifacts_are_named(tmp_path):
    record(tmp_path, train_pipeline(), TRAINED)
    blobs = sorted((tmp_path / ".mlopsc" / "store" / "blobs").rglob("*"))
    for number, blob in enumerate(path for path in blobs if path.is_file()):
        blob.chmod(0o644)
        if number % 2:
            blob.unlink()
        else:
            blob.write_bytes(b"{damaged")
    found = read(page(tmp_path))
    assert "evaluate_late_arrival.metrics cannot be shown: sha256:" in found.text
    assert "is missing from the store" in found.text
    assert "metrics" not in found.sections
    assert "steps" in found.sections


def test_a_registry_that_cannot_be_read_is_told(tmp_path):
    record(tmp_path, train_pipeline(), TRAINED)
    (tmp_path / ".mlopsc" / "registry.db").write_bytes(
        b"this is no database at all, but long enough to be read"
    )
    assert "The registry could not be read:" in read(page(tmp_path)).sections["registry"]


def test_reports_of_other_operations_are_listed(tmp_path):
    known = train_pipeline()
    other = replace_port(known, "profile_late_arrival", "report")
    record(tmp_path, other, {"profile_late_arrival.profile": {"rows": 12, "of": {"deep": [1, 2]}}})
    said = read(page(tmp_path)).sections["reports"]
    assert "profile_late_arrival.profile rows 12 of.deep [1, 2]" in said or "of.deep [1, 2] rows 12" in said


def replace_port(pipeline, name, kind):
    steps = tuple(
        one.model_copy(update={"outputs": dict.fromkeys(one.outputs, kind)}) if one.name == name else one
        for one in pipeline.steps
    )
    return pipeline.model_copy(update={"steps": steps})


@pytest.mark.parametrize("payload", HOSTILE, ids=range(len(HOSTILE)))
def test_nothing_in_names_data_or_messages_becomes_markup(tmp_path, payload):
    text = payload.replace("\ud800", "?")  # no artifact can hold a lone surrogate
    odd = result(
        column=text,
        passed=False,
        message=text,
        name=text,
        unexpected_sample=[text],
        unexpected_rows=[1],
        observed=text,
    )
    curves = {
        **MULTICLASS,
        "classes": [text],
        "confusion": {**MULTICLASS["confusion"], "labels": [text] * 4, "unseen": [text]},
        "roc": {
            **MULTICLASS["roc"],
            "curves": [{**one, "class": text} for one in MULTICLASS["roc"]["curves"]],
        },
    }
    documents = {
        "validate_flights.report": validation(odd, dataset=text, schema={text: text}),
        "evaluate_late_arrival.metrics": METRICS
        | {"training": text, "metrics": {text: 0.5}, "notes": [text]}
        | {
            "baselines": {text: {text: 0.4}},
            "slices": {text: [{"slice": text, "rows": 3, "metrics": {text: 0.5}}]},
        },
        "evaluate_late_arrival.curves": curves,
        "gate_good_enough.decision": GOOD | {"name": text, "reason": text, "metric": text, "further": text},
        "gate_beats_champion.decision": CHAMPION | {"threshold": {"min_delta": 0.1, text: text}},
        "register_late_arrival.decision": REGISTRATION | {"reason": text, "model": "late_arrival"},
    }
    named = [step(text, "load", {"dataset": "d", "source": {"type": "csv", "path": text}})]
    pipeline = train_pipeline()
    pipeline = pipeline.model_copy(update={"steps": (*pipeline.steps, *named), "title": text})
    plan = flights_plan(None, pipeline).model_copy(update={"project": text})
    record(
        tmp_path,
        pipeline,
        documents,
        plan=plan,
        statuses={text: "failed", "train_late_arrival": "failed"},
        errors={text: f"{text}\n{text}", "train_late_arrival": text},
        logs={"train_late_arrival": text},
        parameters={"as_of": text, text: text},
        ended="failed",
    )
    harmless(page(tmp_path))


@pytest.mark.parametrize("payload", HOSTILE, ids=range(len(HOSTILE)))
def test_nothing_in_a_drift_report_becomes_markup(tmp_path, payload):
    text = payload.replace("\ud800", "?")
    distribution = {"labels": [text, "b"], "reference": [1, 2], "current": [2, 1], "others": [1, 1]}
    odd = drift_column(kind=text, reason=text, distribution=distribution)
    report = DRIFT_REPORT | {"columns": {text: odd}}
    documents = {
        "drift_weather_drift.report": report,
        "drift_weather_drift.decision": DRIFT | {"reason": text},
    }
    record(tmp_path, monitor_pipeline(), documents)
    harmless(page(tmp_path))


def harmless(text):
    found = read(text)
    assert found.unclosed == []
    assert found.tags <= TAGS
    assert len(found.ids) == len(set(found.ids))
    policies = [value for tag, name, value in found.attributes if (tag, name) == ("meta", "content")]
    assert any(value.startswith("default-src 'none'; style-src 'unsafe-inline'") for value in policies)
    for tag, name, value in found.attributes:
        assert not name.startswith("on"), (tag, name)
        assert name not in ("src", "srcset", "action", "formaction", "xlink:href", "srcdoc", "data"), (
            tag,
            name,
        )
        if name == "href":
            assert value.startswith("#"), value
            assert value.removeprefix("#") in found.ids, value
    style = text[text.index("<style>") : text.index("</style>")]
    assert "url(" not in style
    assert "@import" not in style
    assert not any(character in text for character in "\u202e\u2066\x00\x1b")
    text.encode()


def test_addresses_of_the_page_do_not_depend_on_names(tmp_path):
    record(tmp_path, train_pipeline(), TRAINED)
    ids = read(page(tmp_path)).ids
    assert {"step-0", "trouble"} & set(ids) == {"step-0"}


def test_a_version_of_the_registry_is_shown_with_its_lineage(tmp_path):
    context = replace(Context(tmp_path), run="r", actor="ann")
    store = context.store()
    model = store.put_bytes(b"a model")
    from mlopsc.runtime.registry import Candidate

    candidate = Candidate(
        artifacts={"model": model},
        stages={"staging": ("good",)},
        gates={"good": {}},
        metrics={"roc_auc": 0.75},
        lineage={"datasets": {"flights": model}, "owner": "ops-ml", "code": None},
        run="r",
    )
    with context.registry() as registry:
        registry.register("late_arrival", candidate, actor="ann", promote=True, expected_champion=None)
    decision = REGISTRATION | {"status": "registered", "reason": "registered", "model_digest": model}
    record(tmp_path, train_pipeline(), {"register_late_arrival.decision": decision})
    said = read(page(tmp_path)).sections["registry"]
    assert "staging late_arrival/1" in said
    assert "Version late_arrival/1" in said
    assert "By ann" in said
    assert f"Datasets: flights {model[7:19]} Owner ops-ml" in said
    assert "ann promote late_arrival/1 to staging" in said
