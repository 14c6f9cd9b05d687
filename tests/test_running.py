"""Which values a run's parameters get: what it is given, the environment's, the defaults; now is when it begins."""

from datetime import UTC, datetime, timedelta

import pytest

from mlopsc.building import check_spec
from mlopsc.diagnostics.errors import UsageError
from mlopsc.plan.plan import Pipeline
from mlopsc.running import make_request, resolve_parameters
from mlopsc.vocabulary.parameters import Parameter
from mlopsc.vocabulary.time import parse_timestamp
from tests.cli.conftest import SPEC, _write_rows

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


BOUNDED = SPEC.replace(
    "parameters:", "parameters:\n  most: {type: int, default: 9}\n  least: {type: float, default: 0}"
)
BOUNDED = BOUNDED.replace(
    "gates:\n",
    """gates:
  small: {type: size, training: lateness, max_bytes: "${params.most}"}
  everywhere: {type: slice, training: lateness, metric: roc_auc, by: [colour], min: "${params.least}", max: 0.9}
""",
    1,
).replace("[good]", "[good, small, everywhere]")


@pytest.mark.parametrize(
    ("given", "message", "help"),
    [
        (
            {"most": "0"},
            "mlops.yaml:29:43: max_bytes of gates.small must be greater than or equal to 1, found the number 0, "
            "the value of parameter 'most'",
            "give another value: --set most=…",
        ),
        (
            {"least": "0.95"},
            "mlops.yaml:30:3: gates.everywhere: `min` 0.95 is above `max` 0.9: nothing can pass (least is 0.95)",
            "give another value: --set least=…",
        ),
    ],
)
def test_a_value_that_a_gate_cannot_take_is_refused_at_its_place_before_anything_runs(
    tmp_path, given, message, help
):
    spec = tmp_path / "mlops.yaml"
    spec.write_text(BOUNDED)
    _write_rows(tmp_path / "rows.csv")
    plan = check_spec(spec).require()
    with pytest.raises(UsageError) as refused:
        make_request(plan, spec, "train", given)
    assert (str(refused.value), refused.value.help) == (message, help)
    assert make_request(plan, spec, "train", {"most": "1"}).parameters["most"] == 1
