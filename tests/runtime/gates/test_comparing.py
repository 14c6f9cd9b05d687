import numpy as np
import pyarrow as pa
import pyarrow.parquet as pq
import pytest

from mlopsc.runtime.gates.baseline import judge_baseline
from mlopsc.runtime.gates.groups import Groups, read_groups
from mlopsc.runtime.gates.judging import settled
from mlopsc.runtime.gates.size import judge_size
from mlopsc.runtime.gates.slices import judge_slices
from mlopsc.runtime.learning.scored import Scored
from mlopsc.vocabulary.evaluation import Slice
from mlopsc.vocabulary.gates import BaselineGate, SizeGate, SliceGate
from mlopsc.vocabulary.operations.judging import judge_of

NAIVE = {"majority": {"accuracy": 0.7}, "previous_value": {"accuracy": 0.85}}


def beats(value, baselines=NAIVE, greater_is_better=True, **more):
    gate = BaselineGate.model_validate({"type": "baseline", "training": "t", "metric": "accuracy"} | more)
    found = {"metrics": {"accuracy": value}, "baselines": baselines}
    return judge_baseline("g", gate, found, greater_is_better=greater_is_better)


@pytest.mark.parametrize(
    ("found", "verdict", "reason"),
    [
        (beats(0.9), "pass", "accuracy 0.9 is 0.05 better than previous value's 0.85"),
        (beats(0.8), "fail", "accuracy 0.8 is 0.05 worse than previous value's 0.85"),
        (beats(0.8, over="majority"), "pass", "accuracy 0.8 is 0.1 better than majority's 0.7"),
        (beats(0.85), "fail", "accuracy 0.85 is 0 better than previous value's 0.85"),
        (beats(0.75, over="majority", margin=0.25), "fail", "0.2 short of the margin 0.25"),
        (beats(0.6, over="majority", greater_is_better=False), "pass", "0.1 better than majority's 0.7"),
        (beats(None), "fail", "accuracy of the model has no value (NaN)"),
        (beats(0.9, {"majority": {"accuracy": None}}), "fail", "accuracy of majority has no value (NaN)"),
        (beats(0.9, over="mean"), "fail", "the evaluation scored no mean, only majority, previous_value"),
        (beats(0.9, {}), "fail", "the evaluation scored no naive forecast, only none"),
    ],
)
def test_a_model_has_to_beat_the_naive_forecasts(found, verdict, reason):
    assert found["verdict"] == verdict
    assert reason in found["reason"]


def sliced(tmp_path, wrong, **more):
    """Judge 40 rows of each of the groups a and b, of which so many are wrong, and 2 of c."""
    truth = np.array([True, False] * 41)
    said, codes = truth.copy(), np.array([0] * 40 + [1] * 40 + [2] * 2)
    for group, count in enumerate(wrong):
        said[40 * group : 40 * group + count] ^= True
    scored = Scored(np.arange(82, dtype=np.uint64), truth, {"predict": said}, np.array([False, True]))
    gate = SliceGate.model_validate(
        {"type": "slice", "training": "t", "metric": "accuracy", "by": ["carrier"]} | more
    )
    return judge_slices("g", gate, "accuracy", scored, [Groups(("a", "b", "c"), codes, "carrier")], tmp_path)


def test_every_slice_large_enough_is_judged(tmp_path):
    found = sliced(tmp_path, (4, 8), min=0.75, max_gap=0.2)
    assert (found["verdict"], found["too_small"]) == ("pass", {"c": 2})
    assert found["reason"] == (
        "accuracy of 2 slices by carrier lies from 0.8 (b) to 0.9 (a): at least 0.75 and at most 0.2 apart; "
        "too small to be judged: c"
    )


def test_the_worst_slice_and_the_gap_fail_by_name(tmp_path):
    found = sliced(tmp_path, (0, 20), min=0.75, max_gap=0.2)
    assert found["verdict"] == "fail"
    assert found["reason"].startswith(
        "accuracy of b 0.5 is 0.25 below the minimum 0.75; the gap 0.5 between b (0.5) and a (1) is 0.3 above"
    )


def test_without_a_slice_that_is_large_enough_it_fails(tmp_path):
    found = sliced(tmp_path, (0, 0), min=0.75, min_group=41)
    assert found["verdict"] == "fail"
    assert found["reason"] == "none of 3 slices by carrier has the 41 rows that it needs to be judged"


def test_slices_that_the_training_declares_are_judged_name_by_name(tmp_path):
    carrier, hour = ["UA"] * 40 + ["AA"] * 40 + [None] * 2, [5.0, 20.0] * 41
    columns = {"carrier": carrier, "hour": hour, "__row__": pa.array(range(82), pa.uint64())}
    pq.write_table(pa.table(columns), tmp_path / "test")
    truth = np.array([True, False] * 41)
    said = truth.copy()
    said[:40:2] ^= True  # the early ones of UA
    scored = Scored(np.arange(82, dtype=np.uint64), truth, {"predict": said}, np.array([False, True]))
    declared = [
        Slice(column="carrier"),
        Slice(name="late", column="hour", bins=(12,)),
        Slice(name="few", column="carrier", min_rows=41),
    ]

    def judged(named, **more):
        gate = SliceGate(type="slice", training="t", metric="accuracy", slices=named, min=0.5, **more)
        config = judge_of("g", gate, ["accuracy"], (), declared)
        divisions = read_groups(tmp_path / "test", (), config.divisions, scored.rows)
        return judge_slices("g", gate, "accuracy", scored, divisions, tmp_path)

    found = judged(("carrier", "late"), max_gap=0.5)
    assert found["verdict"] == "pass"
    assert {name: one["rows"] for name, one in found["groups"].items()} == {
        "carrier AA": 40,
        "carrier UA": 40,
        "late < 12": 41,
        "late ≥ 12": 41,
    }
    assert (found["too_small"], found["gap"]) == ({"carrier null": 2}, 0.5)
    assert "accuracy of 4 slices by carrier and late lies from 0.5 (carrier UA) to 1" in found["reason"]
    found = judged(("carrier", "late"), max_gap=0.49)
    assert found["verdict"] == "fail"
    assert found["reason"].startswith("the gap 0.5 between carrier UA (0.5) and carrier AA (1) is 0.01 above")
    found = judged(("few",))
    assert found["reason"] == "none of 3 slices by few has the 41 rows that it needs to be judged"


@pytest.mark.parametrize(("most", "verdict"), [(1000, "pass"), (999, "fail")])
def test_a_model_may_be_so_large(tmp_path, most, verdict):
    (tmp_path / "model").write_bytes(b"x" * 1000)
    found = judge_size("g", SizeGate(type="size", training="t", max_bytes=most), tmp_path / "model")
    assert (found["verdict"], found["observed"]) == (verdict, 1000)


def test_a_gate_that_only_warns_says_so(tmp_path):
    (tmp_path / "model").write_bytes(b"x" * 1000)
    gate = SizeGate(type="size", training="t", max_bytes=999, severity="warn")
    found = settled(judge_size("g", gate, tmp_path / "model"), gate)
    assert (found["verdict"], found["reason"]) == (
        "warn",
        "the model's 1,000 bytes are 1 above the maximum 999",
    )
