"""Models that a user's function trains and saves by itself, opened by a declared loader."""

import json
import sys

import numpy as np
import pandas as pd
import pytest

from mlopsc.diagnostics.errors import StepFailed, StoreError
from mlopsc.runtime.learning.fitted import open_model
from mlopsc.runtime.models import own
from mlopsc.runtime.models.archive import load_model_file, read_signature
from mlopsc.runtime.operations import refit
from mlopsc.vocabulary.operations import Refit

CODE = """\
import json

import numpy as np


def train(table, label, params, seed, folder):
    assert list(table.columns) == ["a", "b", "c"] and table["c"].isna().any()
    cut = float(table["a"][label].min()) if params.get("by") == "min" else float(table["a"].mean())
    (folder / "more").mkdir()
    (folder / "more" / "cut.json").write_text(json.dumps({"cut": cut, "seed": seed}))


class Cut:
    def __init__(self, cut):
        self.cut = cut

    def predict(self, table):
        return (table["a"] > self.cut).to_numpy()

    def predict_proba(self, table):
        positive = 1 / (1 + np.exp(self.cut - table["a"].to_numpy()))
        return np.column_stack([1 - positive, positive])


def open_model(folder):
    return Cut(json.loads((folder / "more" / "cut.json").read_text())["cut"])


def saves_nothing(table, label, params, seed, folder):
    pass


def saves_a_link(table, label, params, seed, folder):
    (folder / "link").symlink_to("/etc/passwd")


def fails(*anything):
    raise LookupError("no such tower")


def opens_nothing(folder):
    return [folder]


class Odd:
    def predict(self, table):
        return ["maybe"] * len(table)


def opens_odd(folder):
    return Odd()
"""
OWN = {"python": "own_cut:train", "loader": "own_cut:open_model", "task": "classification"}
FUNCTIONS = ("own_cut:train", "own_cut:open_model")


@pytest.fixture
def bench(workbench):
    (workbench.context.project / "own_cut.py").write_text(CODE)
    yield workbench
    sys.modules.pop("own_cut", None)
    own._ADMITTED.clear()


def test_a_saved_folder_is_the_model_everywhere(bench, tmp_path):
    table = bench.sample("train", noise=0.1)
    model = bench.train(table, estimator=OWN)
    assert model.read_bytes() == bench.train(table, "again", estimator=OWN, threads=2).read_bytes()
    opened = open_model(model, FUNCTIONS, bench.context.project)
    rows = pd.DataFrame({"a": [-5.0, 5.0], "b": [1.0, 2.0], "c": ["x", None]})
    assert opened.estimator.predict(rows).tolist() == [False, True]
    assert opened.estimator.predict_proba(rows)[:, 1] == pytest.approx([0, 1], abs=0.05)
    metrics = json.loads(bench.evaluate(model, table, "accuracy", "roc_auc", code=FUNCTIONS).read_text())
    assert metrics["metrics"]["roc_auc"] > 0.99
    signature = read_signature(model)
    assert (signature["task"], signature["classes"]) == ("classification", [False, True])
    assert signature["loader"]["function"] == "own_cut:open_model"

    config = Refit(training="t", train=_config())
    inputs = {"judged": model, "train": table, "test": bench.sample("test", first_row=1000)}
    refit.run(config, inputs, {"model": tmp_path / "refitted"}, bench.context)
    assert read_signature(tmp_path / "refitted")["rows"] == 800


def _config():
    from mlopsc.vocabulary.operations import Train

    return Train.model_validate(
        {"training": "t", "estimator": OWN, "features": ["a", "b", "c"], "label": "y", "seed": 7}
    )


def test_thresholds_and_calibration_are_of_it_as_of_any_other(bench):
    table = bench.sample("train", noise=0.5)
    split = {"type": "random", "test": 0.2}
    decided = {"threshold": {"maximize": "f1"}, "calibrate": {"method": "sigmoid"}, "split": split}
    model = bench.train(table, estimator=OWN, **decided)
    opened = open_model(model, FUNCTIONS, bench.context.project)
    rows = pd.DataFrame({"a": np.linspace(-3, 3, 50), "b": 1.0, "c": "x"})
    assert np.array_equal(
        opened.estimator.predict(rows),
        opened.estimator.predict_proba(rows)[:, 1] >= read_signature(model)["threshold"],
    )


def test_another_loader_makes_another_model_and_a_changed_one_is_told(bench):
    table = bench.sample("train")
    model = bench.train(table, estimator=OWN)
    code = bench.context.project / "own_cut.py"
    code.write_text(CODE + "# another\n")
    sys.modules.pop("own_cut")
    with pytest.warns(UserWarning, match="code of own_cut:open_model has changed"):
        open_model(model, FUNCTIONS, bench.context.project)
    assert bench.train(table, "changed", estimator=OWN).read_bytes() != model.read_bytes()


def test_only_functions_that_the_caller_names_are_called(bench):
    model = bench.train(bench.sample("train"), estimator=OWN)
    own._ADMITTED.clear()
    estimator = load_model_file(model).estimator
    with pytest.raises(StoreError, match="own_cut:open_model, which is not among the functions") as refused:
        estimator.predict(pd.DataFrame({"a": [1.0], "b": [1.0], "c": ["x"]}))
    assert "code=" in str(refused.value.help)


@pytest.mark.parametrize(
    ("functions", "said"),
    [
        (("saves_nothing", "open_model"), "own_cut:saves_nothing saved nothing"),
        (("saves_a_link", "open_model"), "saved link, which is no plain file"),
        (("fails", "open_model"), "own_cut:fails raised LookupError: no such tower"),
        (("train", "fails"), "own_cut:fails raised LookupError: no such tower"),
        (("train", "opens_nothing"), "loader own_cut:opens_nothing returned a list without `predict`"),
    ],
)
def test_what_goes_wrong_in_a_function_names_it(bench, functions, said):
    made, opened = (f"own_cut:{name}" for name in functions)
    with pytest.raises(StepFailed, match=said):
        bench.train(bench.sample("train"), estimator=OWN | {"python": made, "loader": opened})


def test_a_label_that_was_never_seen_is_refused(bench):
    functions = ("own_cut:train", "own_cut:opens_odd")
    model = bench.train(bench.sample("train"), estimator=OWN | {"loader": functions[1]})
    with pytest.raises(StepFailed, match="'maybe' is no label: expected one of False, True"):
        bench.evaluate(model, bench.sample("test"), "accuracy", code=functions)
