"""What rounds of a search try: rungs of the best, proposals of Optuna, and nothing once the time is over."""

import json

import pytest

from mlopsc.diagnostics.errors import StepFailed
from mlopsc.runtime.decisions import read_json
from mlopsc.runtime.operations import propose
from mlopsc.vocabulary.operations import Propose

SPACE = {
    "C": {"loguniform": [1e-3, 10.0]},
    "depth": {"int": [2, 10], "step": 2},
    "kind": {"choice": [[1, 2], None, True, 1]},
    "rate": {"float": [0.1, 0.5], "step": 0.1},
}
SAID = {"training": "t", "space": SPACE, "by": "random", "metric": "roc_auc", "seed": 3}


def proposed(workbench, name, inputs=None, **more):
    config = Propose.model_validate({**SAID, **more})
    assert set(config.input_ports()) == set(inputs or {})
    outputs = {port: workbench.folder / f"{name}.{port}" for port in config.output_ports()}
    propose.run(config, inputs or {}, outputs, workbench.context)
    return outputs


def tried(workbench, outputs, scores, seconds=1.0):
    """Reports of a round whose trials came to these scores; None failed. With their timings."""
    inputs = {"so_far": outputs["candidates"]}
    for place, (candidate, score) in enumerate(
        zip(read_json(outputs["candidates"])["candidates"], scores, strict=True)
    ):
        status = "skipped" if candidate["skip"] else "failed" if score is None else "ok"
        told = {"scores": [score], "mean": score, "std": 0.0, "status": status, "message": None}
        kept = {key: value for key, value in candidate.items() if key not in ("skip", "rows")}
        path = workbench.folder / f"report_{candidate['index']}"
        path.write_text(json.dumps({**kept, **told}))
        inputs[f"trials_{place}"] = path
        if "spent" in outputs:
            timing = workbench.folder / f"timing_{candidate['index']}"
            timing.write_text(json.dumps({"seconds": seconds}))
            inputs |= {f"timings_{place}": timing, "spent": outputs["spent"]}
    return inputs


def candidates(outputs):
    return read_json(outputs["candidates"])["candidates"]


def test_the_best_of_a_rung_go_on_and_what_failed_does_not(workbench):
    first = proposed(workbench, "r0", by="halving", round=0, size=4, rows=0.25)
    begun = candidates(first)
    assert [one["candidate"] for one in begun] == [0, 1, 2, 3]
    assert {one["rows"] for one in begun} == {0.25}
    inputs = tried(workbench, first, [0.7, None, 0.9, 0.7])
    second = candidates(
        proposed(workbench, "r1", inputs, by="halving", round=1, size=2, first=4, before=4, rows=0.5)
    )
    assert [(one["index"], one["candidate"], one["resource"]) for one in second] == [(4, 2, 0.5), (5, 0, 0.5)]
    assert second[0]["params"] == begun[2]["params"]
    few = tried(workbench, first, [None, None, 0.9, None])
    third = candidates(proposed(workbench, "few", few, by="halving", round=1, size=2, first=4, before=4))
    assert [one["skip"] for one in third] == [None, "fewer candidates of the rung before came to a score"]


def test_a_parameter_that_grows_is_part_of_what_is_tried(workbench):
    first = proposed(workbench, "r0", by="halving", round=0, size=2, grown={"trees": 10})
    assert all(one["params"]["trees"] == 10 for one in candidates(first))
    inputs = tried(workbench, first, [0.1, 0.2])
    said = {"by": "halving", "round": 1, "size": 1, "first": 2, "before": 2, "grown": {"trees": 30}}
    (last,) = candidates(proposed(workbench, "r1", inputs, **said))
    assert (last["params"]["trees"], last["resource"], last["candidate"]) == (30, 30, 1)


def test_proposals_depend_on_recorded_trials_seed_and_round_alone(workbench):
    pytest.importorskip("optuna")
    first = proposed(workbench, "r0", by="tpe", round=0, size=12)
    assert (
        first["candidates"].read_bytes()
        == proposed(workbench, "again", by="tpe", round=0, size=12)["candidates"].read_bytes()
    )
    said = {"by": "tpe", "round": 1, "size": 4, "first": 12, "before": 12}
    scores = [one["params"]["C"] for one in candidates(first)]
    made = [
        candidates(proposed(workbench, name, tried(workbench, first, found), **{**said, **more}))
        for name, found, more in (
            ("one", scores, {}),
            ("same", scores, {}),
            ("worse", [-score for score in scores], {}),
            ("seed", scores, {"seed": 4}),
        )
    ]
    assert made[0] == made[1]
    assert made[0] not in made[2:]
    # Greater is better, and was for a great C: what is proposed learns from that.
    assert min(one["params"]["C"] for one in made[0]) > max(one["params"]["C"] for one in made[2])
    for one in (*candidates(first), *made[0]):
        params = one["params"]
        assert params["depth"] in (2, 4, 6, 8, 10)
        assert json.dumps(params["kind"]) in ("[1, 2]", "null", "true", "1")
        assert params["rate"] in (0.1, 0.2, 0.3, 0.4, 0.5)


def test_without_optuna_a_proposal_says_what_to_install(workbench, monkeypatch):
    monkeypatch.setitem(__import__("sys").modules, "optuna", None)
    with pytest.raises(StepFailed, match="needs Optuna") as failed:
        proposed(workbench, "r0", by="tpe", round=0, size=2)
    assert failed.value.help == "pip install 'mlopsc[tune]'"


def test_what_has_not_begun_when_the_time_is_over_is_skipped(workbench):
    said = {"by": "random", "size": 2, "time": "3s"}
    first = proposed(workbench, "r0", round=0, **said)
    inputs = tried(workbench, first, [0.5, 0.6], seconds=1.0)
    second = proposed(workbench, "r1", inputs, round=1, first=2, before=2, **said)
    assert [one["skip"] for one in candidates(second)] == [None, None]  # two of three seconds are gone
    inputs = tried(workbench, second, [0.5, 0.6], seconds=0.5)
    third = proposed(workbench, "r2", inputs, round=2, first=4, before=2, **said)
    assert read_json(third["spent"]) == {"seconds": 3.0}
    assert {one["skip"] for one in candidates(third)} == {
        "the time for trials, 3s, was over when it was to begin"
    }


def test_rounds_of_a_random_search_try_what_it_tries_without_them(workbench):
    from mlopsc.runtime.tuning.draws import drawn

    second = proposed(workbench, "r0", by="random", round=0, size=3, first=0)
    space = Propose.model_validate({**SAID, "round": 0, "size": 1}).space
    assert [one["params"] for one in candidates(second)] == [
        drawn("random", space, 3, index) for index in range(3)
    ]
