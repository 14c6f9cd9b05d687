"""One model of several: rows find the model of their segment, and the whole is saved without pickle."""

from pathlib import Path
from typing import Any

import numpy as np
import pandas as pd
import pytest
from sklearn.base import is_classifier, is_regressor
from sklearn.dummy import DummyClassifier, DummyRegressor
from sklearn.linear_model import LogisticRegression

from mlopsc.diagnostics.errors import MlopscError, StepFailed
from mlopsc.runtime.learning.segment_places import places_of
from mlopsc.runtime.learning.segmented import SegmentedModel
from mlopsc.runtime.models.archive import load_model_file, save_model
from mlopsc.runtime.models.canonical import dump_estimator, load_estimator

SIGNATURE: dict[str, Any] = {
    "features": [], "label": "y", "task": "", "classes": None, "estimator": "", "params": {}
}  # fmt: skip


def frame(segments: list[Any], dtype: Any = object) -> pd.DataFrame:
    return pd.DataFrame({"at": pd.Series(segments, dtype=dtype), "x": np.arange(len(segments), dtype=float)})


def says(label: Any) -> Any:
    return DummyClassifier(strategy="constant", constant=label).fit([[0]] * 3, ["a", "b", label])


def test_each_row_is_answered_by_the_model_of_its_segment():
    whole = SegmentedModel("at", ["north", "south"], [says("a"), says("c")])
    rows = frame(["south", "north", "south"])
    assert whole.predict(rows).tolist() == ["c", "a", "c"]
    assert whole.classes_.tolist() == ["a", "b", "c"]
    assert whole.predict_proba(rows).tolist() == [[0, 0, 1], [1, 0, 0], [0, 0, 1]]
    assert is_classifier(whole)
    assert not hasattr(whole, "decision_function")


def test_models_of_segments_do_not_see_the_column_and_the_pooled_one_does():
    chance = np.random.default_rng(0)
    rows = frame(chance.integers(0, 2, 60).tolist(), np.float64)
    label = chance.random(60) + rows["x"] / 60 > 1
    known = LogisticRegression().fit(rows[["x"]], label)
    pooled = LogisticRegression().fit(rows, label)
    whole = SegmentedModel("at", [1], [known], pooled)
    of_one = (rows["at"] == 1).to_numpy()
    for ask in ("predict", "predict_proba", "decision_function"):
        found = getattr(whole, ask)(rows)
        assert (found[of_one] == getattr(known, ask)(rows.loc[of_one, ["x"]])).all()
        assert (found[~of_one] == getattr(pooled, ask)(rows[~of_one])).all()


def test_a_regression_has_no_classes():
    models = [DummyRegressor(strategy="constant", constant=value).fit([[0]], [value]) for value in (1.5, 2.5)]
    whole = SegmentedModel("at", [True, False], models)
    assert whole.predict(frame([0.0, 1.0], np.float64)).tolist() == [2.5, 1.5]
    assert is_regressor(whole)
    assert not hasattr(whole, "classes_")
    assert not hasattr(whole, "predict_proba")


def test_rows_of_other_segments_are_told_by_row():
    whole = SegmentedModel("at", ["north", "south"], [says("a"), says("b")])
    with pytest.raises(StepFailed) as caught:
        whole.predict(frame(["north", "wset", np.nan]))
    assert str(caught.value) == (
        "the table does not suit the model: 2 rows are of a segment that has no model; "
        "row 2: column 'at' holds 'wset', for which there is no model: expected 'north' or 'south'\n"
        "row 3: column 'at' holds null, for which there is no model: expected 'north' or 'south'"
    )


@pytest.mark.parametrize(
    ("column", "values", "expected"),
    [
        (pd.Series(["1", "2", None], dtype=object), ["2"], [-1, 0, -1]),
        (pd.Series([1.0, 2.0, np.nan]), [2, 1], [1, 0, -1]),
        (pd.Series([0.0, 1.0]), [True], [-1, 0]),
        (pd.Series([1.0, 2.0]), ["1"], [-1, -1]),
        (pd.Series(["1"], dtype=object), [1], [-1]),
    ],
)
def test_text_is_no_number(column, values, expected):
    assert places_of(column, values).tolist() == expected


def test_it_is_saved_in_canonical_bytes_and_loaded_under_the_rules_of_trust(tmp_path: Path):
    whole = SegmentedModel("at", ("north", "south"), [says("a"), says("b")], says("c"))
    data = dump_estimator(whole)
    loaded = load_estimator(data)
    assert dump_estimator(loaded) == data
    rows = frame(["south", "east", "north"])
    assert loaded.predict(rows).tolist() == ["b", "c", "a"]
    assert loaded.classes_.tolist() == ["a", "b", "c"]
    save_model(tmp_path / "model", whole, SIGNATURE, [1, 2])
    assert load_model_file(tmp_path / "model").estimator.predict(rows).tolist() == ["b", "c", "a"]


class Foreign(DummyClassifier):
    """A class that nobody has declared."""


def test_a_model_within_is_trusted_no_more_than_one_alone():
    inner = Foreign(strategy="constant", constant="a").fit([[0]], ["a"])
    with pytest.raises(MlopscError, match="Foreign"):
        dump_estimator(SegmentedModel("at", ["north"], [inner]))
