"""Which values a run's parameters get: what it is given, the environment's, the defaults; now is when it begins."""

from datetime import UTC, datetime, timedelta

import pytest

from mlopsc.diagnostics.errors import UsageError
from mlopsc.plan.plan import Pipeline
from mlopsc.running import resolve_parameters
from mlopsc.vocabulary.parameters import Parameter
from mlopsc.vocabulary.time import parse_timestamp

PIPELINE = Pipeline(
    name="train",
    kind="train",
    title="Train",
    steps=(),
    parameters={
        "as_of": Parameter(type="timestamp"),
        "least": Parameter(type="int", default=3),
        "tag": Parameter(type="string", default="now"),
    },
)


def test_what_a_run_is_given_comes_before_the_environment_and_that_before_defaults(monkeypatch):
    monkeypatch.setenv("MLOPSC_PARAM_as_of", "2020-01-01")
    monkeypatch.setenv("MLOPSC_PARAM_least", "4")
    monkeypatch.setenv("MLOPSC_PARAM_other", "of another pipeline")
    expected = {"as_of": "2020-01-01T00:00:00Z", "least": 4, "tag": "now"}
    assert resolve_parameters(PIPELINE, {}) == expected
    assert resolve_parameters(PIPELINE, {"least": "5"}) == {**expected, "least": 5}


def test_now_is_the_instant_at_which_a_run_begins_in_whole_seconds():
    before = datetime.now(UTC).replace(microsecond=0)
    values = resolve_parameters(PIPELINE, {"as_of": "now"})
    after = datetime.now(UTC)
    assert values["tag"] == "now"
    assert before <= parse_timestamp(values["as_of"]) <= after
    assert parse_timestamp(values["as_of"]).microsecond == 0


def test_a_value_of_the_environment_is_checked_as_one_that_is_given(monkeypatch):
    monkeypatch.setenv("MLOPSC_PARAM_least", "many")
    with pytest.raises(UsageError, match="parameter 'least': expected a whole number, found text 'many'"):
        resolve_parameters(PIPELINE, {"as_of": datetime.now(UTC)})
    with pytest.raises(UsageError, match="parameter 'least'"):
        resolve_parameters(PIPELINE, {"as_of": "now", "least": timedelta(hours=1)})
    with pytest.raises(UsageError, match="parameter 'least'"):
        resolve_parameters(PIPELINE, {"as_of": "now", "least": "now"})
    monkeypatch.delenv("MLOPSC_PARAM_least")
    with pytest.raises(UsageError, match="parameter 'as_of' has no value"):
        resolve_parameters(PIPELINE, {})
