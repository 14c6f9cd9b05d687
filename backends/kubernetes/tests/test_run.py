"""The very command of each manifest, as a process: every pod begins with an empty state, and they share the rest."""

import json
import os
import shutil
import subprocess
import sys
from pathlib import Path

import pytest
import yaml
from mlopsc_kubernetes.jobs import FINAL

ROOT = Path(__file__).parents[3]
BIN = Path(sys.executable).parent


class Cluster:
    """Runs containers of manifests one after the other, each in an image of its own: a fresh copy of the project."""

    def __init__(self, folder, registry):
        self.folder, self.project = folder, folder / "laptop"
        self.secrets = {
            ("mlopsc", "registry-url"): registry,
            ("mlopsc", "store-url"): f"{folder}/store",
        }
        self.copy(ROOT / "examples/penguins", self.project)

    def copy(self, source, place):
        shutil.copytree(source, place, ignore=shutil.ignore_patterns(".mlopsc", "manifests"))
        return place

    def call(self, *command, cwd, env=None):
        clean = {name: value for name, value in os.environ.items() if not name.startswith("MLOPSC_")}
        line = [BIN / command[0], *command[1:]]
        return subprocess.run(line, cwd=cwd, env={**clean, **(env or {})}, capture_output=True, text=True)

    def compile(self):
        out = ("--target", "kubernetes", "--out", "manifests")
        done = self.call("mlopsc", "compile", *out, cwd=self.project)
        assert done.returncode == 0, done.stderr

    def run(self, name, pod, **given):
        """Run the pod of a manifest, and return its exit status with all that it said.

        `given` are variables as `kubectl set env` adds them.
        """
        document = yaml.safe_load((self.project / f"manifests/{name}.yaml").read_text("utf-8"))
        (container,) = document["spec"]["template"]["spec"]["containers"]
        env = {one["name"]: self._value(one, pod) for one in container["env"]} | given
        done = self.call(
            *container["command"],
            *(env.get(word[2:-1], word) if word.startswith("$(") else word for word in container["args"]),
            cwd=self.copy(self.project, self.folder / pod),
            env=env,
        )
        return done.returncode, done.stdout + done.stderr

    def _value(self, variable, pod):
        match variable:
            case {"value": text}:
                return text.replace("$$", "$")
            case {"valueFrom": {"secretKeyRef": {"name": name, "key": key}}}:
                return self.secrets[name, key]
            case {"valueFrom": {"fieldRef": {"fieldPath": "metadata.name"}}}:
                return pod
        raise AssertionError(variable)

    def ledger(self):
        """What the registry keeps, as the laptop sees it."""
        shared = {
            "MLOPSC_REGISTRY_URL": self.secrets["mlopsc", "registry-url"],
            "MLOPSC_STORE_URL": self.secrets["mlopsc", "store-url"],
        }
        done = self.call("mlopsc", "registry", "history", "species", "--json", cwd=self.project, env=shared)
        assert done.returncode == 0, done.stderr
        return json.loads(done.stdout)


pytestmark = pytest.mark.slow


@pytest.fixture
def cluster(tmp_path):
    """The smallest example, compiled."""
    found = Cluster(tmp_path, f"sqlite:///{tmp_path}/registry.db")
    found.compile()
    return found


def test_pods_share_what_the_laptop_sees(cluster):
    """They train and register; the next one finds what was done; the monitor finds the model that it watches."""
    status, said = cluster.run("train", "penguins-train-x7k2p")
    assert status == 0, said
    assert "penguins-train-x7k2p" in json.dumps(cluster.ledger())
    status, said = cluster.run("train", "penguins-train-b4c9d")
    assert (status, "cached" in said) == (0, True), said
    status, said = cluster.run("drift", "penguins-drift-q5w8z")
    assert status == 0, said
    rows = {"MLOPSC_PARAM_input": "data/penguins.csv"}
    status, said = cluster.run("predict_species", "penguins-predict-species-m2n7k", **rows)
    assert status == 0, said
    status, said = cluster.run("predict_species", "penguins-predict-species-t6r3s")
    assert (status, status in FINAL, "MLOPSC_PARAM_input" in said) == (2, True, True), said


def test_a_rule_that_says_no_is_a_status_that_no_other_pod_repeats(cluster):
    spec = cluster.project / "mlops.yaml"
    text = spec.read_text("utf-8")
    assert "min: 0.95" in text
    spec.write_text(text.replace("min: 0.95", "min: 1.5"), "utf-8")
    status, said = cluster.run("train", "penguins-train-x7k2p")
    assert (status, status in FINAL) == (5, True), said
