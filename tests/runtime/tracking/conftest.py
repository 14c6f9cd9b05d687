"""A tiny project whose runs are tracked, with a preprocessing of the user's own."""

from collections.abc import Callable
from pathlib import Path

import pytest

SPEC = """\
apiVersion: mlopsc/v1
project: {name: tiny, owner: ops, description: Which parcels come late}
vars:
  least: {type: float, default: 0.6}
parameters:
  as_of: {type: timestamp, default: 2024-01-18T00:00:00Z}
datasets:
  rows:
    source: {type: csv, path: rows.csv}
    primary_key: [id]
    event_time: seen
training:
  lateness:
    entities: {dataset: rows, label: late, until: "${params.as_of}"}
    features: [size, colour]
    split: {type: random, test: 0.3}
    estimator: sklearn.linear_model.LogisticRegression
    params: {C: 0.5}
    preprocess: {python: "steps:prepare"}
    metrics: [roc_auc, accuracy]
    seed: 1
gates:
  good: {type: metric, training: lateness, metric: roc_auc, min: "${vars.least}"}
registry:
  lateness:
    training: lateness
    stages: {staging: {gates: [good]}}
infrastructure:
  tracking: {mlflow: URL}
targets:
  kfp: {image: "registry.example.com/tiny:1.0"}
"""
CODE = '''\
"""Preprocessing of the project's own."""

from sklearn.base import BaseEstimator, TransformerMixin


class Sizes(BaseEstimator, TransformerMixin):
    """Keeps the size, and tells whether the colour is red."""

    def fit(self, table, label=None):
        self.fitted_ = True
        return self

    def transform(self, table):
        return table[["size"]].assign(red=(table["colour"] == "red").astype(float)).to_numpy()


def prepare(features):
    return Sizes()
'''


def rows() -> str:
    lines = ["id,seen,size,colour,late"]
    for number in range(400):
        size = (number * 37 % 101) / 5
        late = size + (number * 17 % 7) > 13
        day, hour = 1 + number // 24, number % 24
        colour = ("red", "blue", "green")[number % 3]
        lines.append(f"{number},2024-01-{day:02}T{hour:02}:00:00Z,{size},{colour},{str(late).lower()}")
    return "\n".join(lines) + "\n"


@pytest.fixture
def make_project(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Callable[..., Path]:
    """Make a project, the working directory from then on, that tracks its runs at `url` as `name`."""

    def make(url: str, name: str = "tiny") -> Path:
        for variable in ("MLOPSC_REGISTRY_URL", "MLOPSC_STORE_URL", "MLOPSC_TRACKING_URL"):
            monkeypatch.delenv(variable, raising=False)
        monkeypatch.setenv("MLOPSC_ACTOR", "tester")
        folder = tmp_path / name
        folder.mkdir()
        text = SPEC.replace("mlflow: URL", f'mlflow: "{url}"').replace("name: tiny", f"name: {name}")
        (folder / "mlops.yaml").write_text(text)
        (folder / "steps.py").write_text(CODE)
        (folder / "rows.csv").write_text(rows())
        monkeypatch.chdir(folder)
        return folder

    return make
