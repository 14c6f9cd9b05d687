import time

import numpy as np
import pandas as pd
import pytest
from sklearn.ensemble import RandomForestClassifier
from sklearn.pipeline import make_pipeline

from mlopsc.parity import TargetRuns, compare
from mlopsc.runtime.gates.judging import judge
from mlopsc.runtime.gates.timing import one_job, percentiles, timed
from mlopsc.vocabulary.operations import JudgeLatency
from tests.specs import SMALL, compiled, merged


class Slow:
    """Predicts after a while that depends on the number of rows; keeps what it was asked."""

    def __init__(self):
        self.asked = []

    def predict(self, table):
        self.asked.append(tuple(table["a"]))
        time.sleep(0.001 * len(table))
        return np.zeros(len(table))


@pytest.fixture
def quick(workbench):
    """Judge a model on 40 test rows."""
    model = workbench.train(workbench.sample("train", 200))

    def judged(rows=40, **limits):
        gate = {"type": "latency", "training": "t", "warm_up": 1} | limits
        test = workbench.sample("test", rows, 1000)
        config = JudgeLatency.model_validate({"name": "g", "gate": gate})
        return judge(config, {"model": model, "test": test}, workbench.folder)

    return judged


def test_a_model_that_is_fast_enough_passes_with_its_numbers(quick):
    found = quick(single={"p50": "60s", "p95": "60s", "repeats": 20}, batch={"p50": "60s", "rows": 100})
    assert found["verdict"] == "pass"
    assert found["reason"].startswith("p50 of predicting one row is ")
    assert found["reason"].endswith("s, at most 1m")
    assert "; p50 of predicting 100 rows is " in found["reason"]
    single = found["measured"]["single"]
    assert 0 < single["p50"] <= single["p95"] <= single["p99"]
    assert found["threads"] == 1
    assert found["threshold"] == {"single p50": "1m", "single p95": "1m", "batch p50": "1m"}
    assert 0 < found["observed"] < 1


def test_one_that_is_too_slow_fails_by_so_much(quick):
    limits = {"p50": "1us", "repeats": 10}
    found = quick(single=limits)
    assert found["verdict"] == "fail"
    assert found["reason"].endswith(" above the maximum 1us")
    assert found["observed"] > 1
    assert quick(single=limits, severity="warn")["verdict"] == "warn"


def test_without_a_row_it_fails(quick):
    found = quick(rows=0, single={"p50": "60s"})
    assert (found["verdict"], found["reason"]) == ("fail", "the test part has no row to predict for")


def test_predictions_are_timed_one_by_one_for_rows_in_turn():
    table, model = pd.DataFrame({"a": [1, 2, 3, 4, 5]}), Slow()
    found = timed(model, table, 2, repeats=4, warm_up=1)
    assert model.asked == [(1, 2), (1, 2), (3, 4), (5, 1), (1, 2)]
    assert len(found) == 4
    assert min(found) >= 0.002
    assert percentiles([3.0, 1.0, 2.0, 4.0]) == {"p50": 2.0, "p95": 4.0, "p99": 4.0}


def test_a_model_has_one_job_also_inside():
    model = make_pipeline(RandomForestClassifier(n_jobs=-1))
    one_job(model)
    assert model.get_params()["randomforestclassifier__n_jobs"] == 1


def test_of_measured_times_parity_compares_the_verdicts(tmp_path):
    quick, small = (
        "type: latency, training: late, single: {p50: 5ms}",
        "type: size, training: late, max_bytes: 9",
    )
    gates = f"{{quick: {{{quick}}}, small: {{{small}}}}}"
    registry = "{m: {training: late, stages: {live: {gates: [quick]}}}}"
    plan = compiled(tmp_path, merged(SMALL, f"gates: {gates}\nregistry: {registry}")).require()
    places = [("train", name, "decision") for name in ("gate_quick", "register_m", "gate_small")]

    def ran(target, quick):
        digests = {place: f"{target} {place[1]}" for place in places}
        return TargetRuns(target, (), digests, dict.fromkeys(places, "pass") | {places[0]: quick})

    def equal(quick):
        found = {one.place: one.equal for one in compare(plan, [ran("a", "pass"), ran("b", quick)])}
        return [found[place] for place in places]

    assert equal("pass") == [True, True, False]
    assert equal("fail") == [False, True, False]
