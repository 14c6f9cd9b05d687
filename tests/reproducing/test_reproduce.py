"""A registered version made again: the same to the byte, or what differs is said."""

import json

import pytest

from mlopsc.api import run_local
from mlopsc.building import check_spec
from mlopsc.diagnostics.errors import MlopscError, StoreError
from mlopsc.reproducing.compare import Difference, _environments, reproduce
from mlopsc.running import carry_out, make_request
from mlopsc.runtime.context import Context
from mlopsc.runtime.environment import captured
from tests.cli.conftest import SPEC, _write_rows
from tests.reproducing.conftest import OWN, lay_out


@pytest.fixture
def project(tmp_path, monkeypatch):
    for variable in ("MLOPSC_REGISTRY_URL", "MLOPSC_STORE_URL", "MLOPSC_PARAM_as_of"):
        monkeypatch.delenv(variable, raising=False)
    return lay_out(tmp_path / "project")


def train(project, **options):
    return run_local(project / "mlops.yaml", **options).require()


def different(found):
    return [(one.kind, one.name) for one in found.differences]


def test_a_version_is_made_again_to_the_byte(project):
    train(project, parameters={"as_of": "2024-01-15T00:00:00Z"}, variables={"least": "0.55"})
    steps = []
    found = reproduce("lateness/1", Context(project), on_step=steps.append)
    assert found.equal
    assert {one.name for one in found.compared} == {
        "model", "metrics", "curves", "profile", "test", "report_rows", "decision good", "decision better",
    }  # fmt: skip
    assert found.differences == ()
    assert steps[0] == "load_rows"
    assert "train_lateness" in steps  # nothing is taken from the cache
    with Context(project).registry() as registry:
        assert len(registry.versions("lateness")) == 1


def test_other_data_are_told_with_both_digests_and_stored_ones_can_be_taken(project):
    first = train(project)
    _write_rows(project / "rows.csv", larger=3.0)
    found = reproduce("lateness/1", Context(project))
    assert not found.equal
    (data,) = [one for one in found.differences if one.kind == "data"]
    recorded = next(step.outputs["data"] for step in first.steps if step.name == "load_rows")
    assert (data.name, data.recorded) == ("rows", recorded)
    assert data.now.startswith("sha256:")
    assert data.now != recorded
    assert reproduce("lateness/1", Context(project), data="stored").equal
    (project / "rows.csv").unlink()
    assert reproduce("lateness/1", Context(project), data="stored").equal
    with pytest.raises(MlopscError) as gone:
        reproduce("lateness/1", Context(project))
    assert "--data stored" in str(gone.value.help)


@pytest.mark.kfp
def test_what_was_trained_on_kfp_is_made_again_from_its_stored_data(project):
    pytest.importorskip("kfp", reason="running needs the kfp SDK: pip install 'mlopsc[kfp]'")
    spec = project / "mlops.yaml"
    plan = check_spec(spec).require()
    assert carry_out(make_request(plan, spec, "train", {}), "kfp").status == "succeeded"
    assert reproduce("lateness/1", Context(project)).equal
    (project / "rows.csv").unlink()
    assert reproduce("lateness/1", Context(project), data="stored").equal


def test_stored_data_that_are_not_in_the_store_are_named(project):
    """As after a run on a cluster, whose pods keep tables elsewhere."""
    digest = next(step.outputs["data"] for step in train(project).steps if step.name == "load_rows")
    (blob,) = (project / ".mlopsc/store").rglob(digest.removeprefix("sha256:"))
    blob.unlink()
    with pytest.raises(StoreError) as lost:
        reproduce("lateness/1", Context(project), data="stored")
    assert f"dataset 'rows', {digest}" in str(lost.value)
    assert "without `--data stored`" in lost.value.help
    assert reproduce("lateness/1", Context(project)).equal


def test_the_code_that_made_it_is_used_when_the_project_has_moved_on(project):
    train(project)
    (project / "steps.py").write_text("def prepare(features):\n    raise RuntimeError\n")
    (project / "mlops.yaml").unlink()
    found = reproduce("lateness/1", Context(project))
    assert found.equal
    assert different(found) == [("file", "mlops.yaml"), ("file", "steps.py")]
    assert {one.now for one in found.differences if one.name == "mlops.yaml"} == {"gone"}
    assert not any(one.matters for one in found.differences)


LEARNER = """\
import json


def train(table, label, params, seed, folder):
    halves = [[float(size) for size, late in zip(table["size"], label) if late == one] for one in (False, True)]
    middle = sum(sum(half) / len(half) for half in halves) / 2
    (folder / "limit.json").write_text(json.dumps(middle))


class Limit:
    def __init__(self, limit):
        self.limit = limit

    def predict(self, table):
        return (table["size"] > self.limit).to_numpy()


def open_model(folder):
    return Limit(json.loads((folder / "limit.json").read_text()))
"""
CV = "cv: {type: stratified, folds: 2}"
TPE = f"search: tpe, trials: 3, parallel: 2, {CV}, space: {{C: {{loguniform: [0.01, 10]}}}}"
GROWN = f"search: halving, trials: 2, factor: 2, {CV}, space: {{C: {{loguniform: [0.01, 10]}}}}"
PARTS = "{column: colour, values: [red, blue, green]}"


@pytest.mark.parametrize(
    ("said", "step"),
    [
        pytest.param(f"tune: {{{TPE}}}\n    refit: true", "propose_lateness_r1", id="proposed in rounds"),
        pytest.param(f"tune: {{{GROWN}}}", "propose_lateness_r1", id="halved in rounds"),
        pytest.param(f"for_each: {PARTS}\n    refit: true", "assemble_lateness", id="by segments"),
        pytest.param("", "train_lateness", id="saved by a function of the user's"),
    ],
)
def test_every_way_of_training_is_made_again(project, said, step):
    spec = SPEC.replace("seed: 1", f"seed: 1\n    {said}".rstrip())
    if not said:
        (project / "own.py").write_text(LEARNER)
        ours = '{python: "own:train", loader: "own:open_model", task: classification}'
        spec = spec.replace("sklearn.linear_model.LogisticRegression", ours).replace("roc_auc", "accuracy")
    (project / "mlops.yaml").write_text(spec)
    made = train(project)
    assert made.status == "succeeded"
    steps = []
    found = reproduce("lateness/1", Context(project), on_step=steps.append)
    assert found.equal
    assert found.differences == ()
    assert step in steps
    trained = {one.name for one in made.steps if one.name.startswith(("trial_", "train_", "refit_"))}
    assert trained <= {*steps}


SLOW = """\
import time
from pathlib import Path

from sklearn.preprocessing import FunctionTransformer


def prepare(features):
    time.sleep(1.5 if Path("slow").exists() else 0)
    return FunctionTransformer(None)
"""


def test_a_search_that_ended_by_time_is_named_when_another_day_gives_it_more_trials(project):
    tune = "{search: random, trials: 3, parallel: 1, time: 1s, metric: neg_log_loss, "
    tune += f"space: {{C: {{loguniform: [0.000001, 100]}}}}, {CV}}}"
    spec = OWN.replace("seed: 1", f"seed: 1\n    tune: {tune}").replace(
        "[roc_auc]", "[roc_auc, neg_log_loss]"
    )
    (project / "mlops.yaml").write_text(spec)
    (project / "steps.py").write_text(SLOW)
    (project / "slow").touch()
    train(project, variables={"least": "0.1"})
    assert reproduce("lateness/1", Context(project)).equal
    (project / "slow").unlink()
    found = reproduce("lateness/1", Context(project))
    assert not found.equal
    assert found.differences == (Difference("search", "lateness", "trials for 1s", "3 of 3 trials in 1s"),)


def test_a_champion_gate_is_judged_against_the_champion_of_then(project):
    """The version that held the stage is fetched by digest, whoever holds it now."""
    spec = project / "mlops.yaml"
    train(project)
    with Context(project).registry() as registry:
        registry.promote("lateness", 1, "production", expected_champion=None, actor="tester", evidence={})
    spec.write_text(OWN.replace("seed: 1", "seed: 1\n    params: {C: 0.2}"))
    train(project)
    with Context(project).registry() as registry:
        champion = registry.version("lateness", 2).decisions["better"]["champion_digest"]
        assert champion == registry.version("lateness", 1).digest
    found = reproduce("lateness/2", Context(project))
    assert found.equal
    assert reproduce("lateness/1", Context(project)).equal


def test_three_trainings_with_one_and_two_threads_are_one_digest(project):
    digests = set()
    for cores, name in ((1, "sklearn.ensemble.HistGradientBoostingClassifier"),) * 2 + (
        (2, "sklearn.ensemble.HistGradientBoostingClassifier"),
    ):
        text = OWN.replace("sklearn.linear_model.LogisticRegression", name)
        (project / "mlops.yaml").write_text(text.replace("seed: 1", f"seed: 1\n    policy: {{cpu: {cores}}}"))
        made = train(project, no_cache=True)
        digests.add(next(step.outputs["model"] for step in made.steps if step.name == "train_lateness"))
    assert len(digests) == 1


def test_only_what_a_result_can_depend_on_matters():
    before = captured(("numpy",), 1)
    now = json.loads(json.dumps(before))
    now["threads"], now["python"] = 2, "3.99.0"
    now["libraries"]["numpy"] = now["packages"]["numpy"] = "9.9"
    now["packages"]["rich"] = "0.1"
    told = list(_environments(before, now))
    assert Difference("environment", "threads", "1", "2", matters=False) in told
    assert [one.name for one in told if one.matters] == ["python", "numpy"]
    assert [one.name for one in told] == ["python", "threads", "numpy", "rich"]


def test_a_version_without_its_spec_cannot_be_made_again(project):
    train(project)
    with Context(project).registry() as registry:
        version = registry.version("lateness", 1)
        from mlopsc.runtime.registry import Candidate

        artifacts = {
            role: one for role, one in version.artifacts.items() if "source" not in role and role != "recipe"
        }
        registry.register(
            "old",
            Candidate(artifacts=artifacts, stages={"staging": ()}, lineage=dict(version.lineage)),
            actor="tester",
            promote=False,
            expected_champion=None,
        )
    with pytest.raises(MlopscError, match="kept no spec with it"):
        reproduce("old/1", Context(project))
