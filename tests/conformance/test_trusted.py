"""A model of another maker's types, trusted by name, from training to prediction, on every backend."""

import json
import os
import shutil
import subprocess
import sys
from dataclasses import replace

import pytest

from tests import third_party_package

SPEC = """\
apiVersion: mlopsc/v1
project: {name: trusted, owner: o}
targets: {kfp: {image: 'registry.example.com/trusted:1.0'}}
datasets:
  visits:
    source: {type: csv, path: visits.csv}
    primary_key: [id]
training:
  late:
    entities: {dataset: visits, label: late}
    features: [age, stay]
    split: {type: stratified}
    estimator: {python: 'made:model'}
    params: {C: 2.0}
    trust: [cleansing._clip.Clip, cleansing._clip.Clipped]
    metrics: [accuracy]
gates:
  accurate: {type: metric, training: late, metric: accuracy, min: 0.2}
  best: {type: champion, training: late, metric: accuracy}
registry:
  late: {training: late, stages: {live: {gates: [accurate]}, main: {gates: [best]}}}
"""
MADE = """\
from cleansing import clipped


def model(params, seed):
    return clipped(**params)
"""


@pytest.fixture
def visits(tmp_path):
    """Return the folder of a small project, and where the other maker's package is installed."""
    return begin(tmp_path / "trusted"), third_party_package.install(tmp_path / "site")


@pytest.fixture(scope="module")
def reference(mlopsc, tmp_path_factory):
    """Return such a project that was run locally, and the reports of its training and of a prediction."""
    base = tmp_path_factory.mktemp("reference")
    folder, call = begin(base / "trusted"), commands(mlopsc, third_party_package.install(base / "site"))
    return folder, trained_and_asked(call, folder, "local")


def trained_and_asked(call, folder, target):
    commands = [["run"], ["predict", "late@live", "visits.csv"]]
    told = call.one_by_one([[*one, "--target", target, "--json"] for one in commands], folder)
    assert [one.status for one in told] == [0, 0], told
    return [json.loads(one.out) for one in told]


def begin(folder):
    folder.mkdir()
    (folder / "mlops.yaml").write_text(SPEC)
    (folder / "made.py").write_text(MADE)
    rows = [f"{n},{n % 83},{(n * 37) % 19},{str(n % 83 + (n * 37) % 19 > 50).lower()}" for n in range(200)]
    (folder / "visits.csv").write_text("\n".join(["id,age,stay,late", *rows]) + "\n")
    return folder


def commands(mlopsc, site, **more):
    return replace(mlopsc, surroundings={"PYTHONPATH": f"{site}{os.pathsep}{mlopsc.path}", **more})


def outputs(report):
    return {step["name"]: step["outputs"] for step in report["steps"]}


def test_a_model_of_trusted_types_is_made_judged_registered_and_asked(mlopsc, visits, reference):
    folder, site = visits
    call = commands(mlopsc, site)
    made, (told, _) = reference
    shutil.copytree(made, folder, dirs_exist_ok=True)
    assert told["status"] == "succeeded"
    call("registry", "promote", "late/1", "--to", "main", cwd=folder)
    call("predict", "late@main", "visits.csv", "--json", cwd=folder)
    opened = "import mlopsc; print(type(mlopsc.load_model('late@main').estimator.named_steps['estimator']))"
    surroundings = {**os.environ, "PYTHONPATH": str(site)}
    done = subprocess.run(
        [sys.executable, "-c", opened], cwd=folder, env=surroundings, capture_output=True, text=True
    )
    assert "cleansing._clip.Clipped" in done.stdout, done.stderr
    # The version of the package is part of what the model depends on.
    about = site / "cleansing-1.2.dist-info" / "METADATA"
    about.write_text(about.read_text().replace("1.2", "1.3"))
    again = json.loads(call("run", "--local", "--json", cwd=folder))
    before, now = (outputs(report)["train_late"] for report in (told, again))
    assert before["model"] == now["model"]
    assert before["environment"] != now["environment"]


def test_without_trust_the_training_fails_and_says_what_to_trust(mlopsc, visits):
    folder, site = visits
    text = SPEC.replace("    trust: [cleansing._clip.Clip, cleansing._clip.Clipped]\n", "")
    (folder / "mlops.yaml").write_text(text)
    told = commands(mlopsc, site)("run", "--local", "--json", cwd=folder, status=None)
    assert "not trusted: cleansing._clip.Clip, cleansing._clip.Clipped" in told
    assert "training: {late: {trust: [cleansing._clip.Clip, cleansing._clip.Clipped]}}" in told


PUBLISHED = """\
from imblearn.ensemble import BalancedRandomForestClassifier
from imblearn.over_sampling import SMOTE
from imblearn.pipeline import Pipeline


def model(params, seed):
    forest = BalancedRandomForestClassifier(
        n_estimators=5, sampling_strategy="all", replacement=True, bootstrap=False, random_state=seed
    )
    return Pipeline([("more", SMOTE(random_state=seed)), ("forest", forest)])
"""
TYPES = (
    "imblearn.ensemble._forest.BalancedRandomForestClassifier",
    "imblearn.over_sampling._smote.base.SMOTE",
    "imblearn.pipeline.Pipeline",
    "imblearn.under_sampling._prototype_selection._random_under_sampler.RandomUnderSampler",
)


def test_estimators_of_a_published_package_are_trusted_by_what_the_refusal_names(mlopsc, visits):
    """imbalanced-learn, which nobody wrote for this: refused, then trusted, opened elsewhere, made again."""
    pytest.importorskip("imblearn", reason="imbalanced-learn is not installed: pip install --group dev")
    folder, _ = visits
    (folder / "made.py").write_text(PUBLISHED)
    plain = SPEC.replace("    params: {C: 2.0}\n", "")
    declared = "    trust: [cleansing._clip.Clip, cleansing._clip.Clipped]\n"
    (folder / "mlops.yaml").write_text(plain.replace(declared, ""))
    told = json.loads(mlopsc("run", "--local", "--json", cwd=folder, status=4))
    (failed,) = [step for step in told["steps"] if step["status"] == "failed"]
    said = f"trust: [{', '.join(TYPES)}]"
    assert f"`training: {{late: {{{said}}}}}`" in failed["reason"]
    (folder / "mlops.yaml").write_text(plain.replace(declared, f"    {said}\n"))
    told = json.loads(mlopsc("run", "--local", "--json", cwd=folder))
    assert told["status"] == "succeeded"
    opened = """
import sys, mlopsc
assert "imblearn" not in sys.modules
model = mlopsc.load_model("late@live").estimator.named_steps["estimator"]
print(type(model).__module__, type(model.named_steps["forest"]).__name__)
"""
    done = subprocess.run([sys.executable, "-c", opened], cwd=folder, capture_output=True, text=True)
    assert done.stdout == "imblearn.pipeline BalancedRandomForestClassifier\n", done.stderr
    assert json.loads(mlopsc("reproduce", "late/1", "--json", cwd=folder))["equal"]


def test_trusted_types_are_equal_everywhere(mlopsc, visits, reference, running, request):
    folder, site = visits
    server = request.getfixturevalue("prefect_environment") if running == "prefect" else {}
    call = commands(mlopsc, site, **server)
    found = trained_and_asked(call, folder, running)
    for ours, theirs in zip(found, reference[1], strict=True):
        assert ours["status"] == theirs["status"] == "succeeded"
        assert outputs(ours) == outputs(theirs)
