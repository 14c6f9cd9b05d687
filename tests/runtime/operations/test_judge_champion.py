import hashlib

import numpy as np
import pyarrow as pa
import pytest

from mlopsc.runtime.decisions import read_json
from mlopsc.runtime.gates.champion import judge_champion as judge_files
from mlopsc.runtime.models.archive import load_model_file
from mlopsc.vocabulary.artifacts import NO_MODEL
from mlopsc.vocabulary.operations import JudgeChampion


@pytest.fixture
def models(workbench):
    """A sharp candidate and a blunt champion, trained on other rows, and a test part that overlaps both."""
    sharp = workbench.sample("train_sharp", 300, 0, noise=0.1)
    blunt = workbench.sample("train_blunt", 300, 1000, noise=5.0)
    test = workbench.sample("test", 400, 900, noise=0.3)  # rows 1000 to 1299 trained the champion
    return workbench.train(sharp, "sharp"), workbench.train(blunt, "blunt", features=["b", "c"]), test


def judge(workbench, *files, **gate):
    return read_json(workbench.judge_champion(*files, **gate))


def test_both_are_scored_on_the_rows_that_neither_was_trained_on(workbench, models):
    candidate, champion, test = models
    found = judge(workbench, candidate, champion, test)
    rows = np.arange(900, 1000, dtype="<u8")
    assert found["rows"] == 100
    assert found["rows_digest"] == f"sha256:{hashlib.sha256(rows.tobytes()).hexdigest()}"
    assert (found["verdict"], found["observed"]) == ("pass", found["candidate"] - found["champion"])
    assert found["candidate_digest"] == load_model_file(candidate).digest
    assert found["champion_digest"] == load_model_file(champion).digest
    assert "better on 100 rows" in found["reason"]


def test_the_worse_fails_by_so_much(workbench, models):
    candidate, champion, test = models
    found = judge(workbench, champion, candidate, test)
    assert found["verdict"] == "fail"
    assert found["observed"] < 0
    short = f"{-found['observed']:.6g}"
    assert found["reason"].endswith(f"is {short} worse on 100 rows, {short} short of the minimum 0")


def test_better_by_less_than_the_minimum_fails(workbench, models):
    assert judge(workbench, *models, min_delta=0.9)["verdict"] == "fail"


def test_the_same_bytes_are_unchanged(workbench, models):
    candidate, _, test = models
    found = judge(workbench, candidate, candidate, test)
    assert (found["verdict"], found["reason"]) == ("unchanged", "the candidate is the champion")


@pytest.mark.parametrize("verdict", ["pass", "fail"])
def test_without_a_champion_if_none_decides_and_is_recorded(workbench, models, verdict):
    candidate, _, test = models
    nobody = workbench.folder / "nobody"
    nobody.write_bytes(NO_MODEL)
    found = judge(workbench, candidate, nobody, test, if_none=verdict)
    assert (found["verdict"], found["champion_digest"]) == (verdict, None)
    assert found["reason"] == f"nothing holds the stage yet, and if_none says {verdict}"
    assert found["threshold"]["if_none"] == verdict


def test_too_few_rows_to_compare_on_fail(workbench, models):
    found = judge(workbench, *models, min_rows=101)
    assert found["verdict"] == "fail"
    assert found["reason"] == "100 of 400 test rows are new to both models, 1 fewer than the minimum 101"


def test_nan_fails(workbench, models):
    candidate, champion, _ = models
    test = workbench.sample("one_class", 50, 5000, __label__=[True] * 50)
    found = judge(workbench, candidate, champion, test)
    assert found["verdict"] == "fail"
    assert found["reason"] == "roc_auc of the candidate and champion has no value (NaN)"


def test_a_champion_that_wants_a_column_of_before_fails_with_the_reason(workbench, models):
    candidate, champion, _ = models
    names = {"a": np.zeros(50), "__label__": [True, False] * 25}
    found = judge(workbench, candidate, champion, workbench.write("narrow", names, 5000))
    assert found["verdict"] == "fail"
    assert "it wants feature 'b', which the candidate's table does not have" in found["reason"]


def test_a_champion_whose_column_has_another_kind_fails_with_the_reason(workbench, models):
    candidate, champion, _ = models
    test = workbench.sample("text", 50, 5000, b=pa.array(["1"] * 50))
    reason = judge(workbench, candidate, champion, test)["reason"]
    assert reason == "the champion cannot be compared with: its feature 'b' was int64 and is string now"


def test_a_champion_of_another_label_fails_with_the_reason(workbench, models):
    _, champion, test = models
    words = np.array(["no", "yes"])[np.arange(400) % 2].tolist()
    other = workbench.train(workbench.sample("words", __label__=words), "words_model")
    reason = judge(workbench, other, champion, test)["reason"]
    assert reason == "the champion cannot be compared with: its label was boolean and is string now"


def test_of_a_cost_less_is_better(workbench, models):
    (workbench.context.project / "own_costs.py").write_text(
        "def cost(y_true, y_pred, y_score):\n    return float((y_true != y_pred).mean())\n"
    )
    gate = {"type": "champion", "training": "t", "metric": "cost"}
    metric = {"name": "cost", "python": "own_costs:cost", "greater_is_better": False}
    config = JudgeChampion.model_validate({"name": "cheaper", "gate": gate, "metric": metric})
    candidate, champion, test = models
    found = judge_files(config, candidate, champion, test, workbench.context.project)
    assert found["candidate"] < found["champion"]
    assert (found["verdict"], found["observed"]) == ("pass", found["champion"] - found["candidate"])
