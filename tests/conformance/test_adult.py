"""Error rates on the census data known as Adult, on its own split, beside those that came with it.

`adult.names` (UCI; Kohavi and Becker 1996) lists error rates "after removal of unknowns from train/test sets". Its
learners are not scikit-learn's: a tree by entropy stands for C4.5, one pruned by cost and complexity for C4.5 with its
parameters searched for (C4.5-auto).
"""

import shutil
from pathlib import Path

import pytest

import mlopsc

ADULT = Path(__file__).parents[3] / "shared" / "data"
FEATURES = (
    "age, workclass, fnlwgt, education, education_num, marital_status, occupation, relationship, race, sex, "
    "capital_gain, capital_loss, hours_per_week, native_country"
)
SPEC = """\
apiVersion: mlopsc/v1
project: {{name: adult, owner: o}}
datasets:
  learned: {{source: {{type: parquet, path: adult_train.parquet}}}}
  held: {{source: {{type: parquet, path: adult_test.parquet}}}}
features:
  adult:
    sql: |
      select *, 'train' as part from learned
      union all by name select *, 'test' as part from held
training:
  income:
    entities:
      view: adult
      label: income
      where: workclass is not null and occupation is not null and native_country is not null
    features: [{features}]
    split: {{type: column, by: part, test: test}}
    estimator: {estimator}
    params: {params}
    preprocess: {preprocess}
    metrics: [accuracy]
"""
TREE = "sklearn.tree.DecisionTreeClassifier"


@pytest.mark.skipif(not (ADULT / "adult_test.parquet").is_file(), reason="Adult is not there")
@pytest.mark.parametrize(
    ("estimator", "params", "preprocess", "published", "within"),
    [
        pytest.param(
            TREE,
            "{criterion: entropy, min_samples_leaf: 25}",
            "{categorical: {encode: ordinal}}",
            0.1554,
            0.005,
            id="C4.5",
        ),
        pytest.param(
            TREE,
            "{criterion: entropy, ccp_alpha: 0.0002}",
            "{categorical: {encode: onehot}}",
            0.1446,
            0.005,
            id="C4.5-auto",
        ),
        pytest.param(
            "sklearn.neighbors.KNeighborsClassifier",
            "{n_neighbors: 1}",
            "{numeric: {scale: minmax}}",
            0.2142,
            0.005,
            id="nearest neighbour",
            marks=pytest.mark.slow,
        ),
    ],
)
def test_error_rates_are_near_those_published(estimator, params, preprocess, published, within, tmp_path):
    for name in ("adult_train.parquet", "adult_test.parquet"):
        shutil.copyfile(ADULT / name, tmp_path / name)
    spec = SPEC.format(features=FEATURES, estimator=estimator, params=params, preprocess=preprocess)
    (tmp_path / "mlops.yaml").write_text(spec)
    summary = mlopsc.run_local(tmp_path / "mlops.yaml")
    summary.require()
    assert summary.splits["income"]["rows"] == {"train": 30162, "test": 15060}
    assert abs(1 - summary.metrics["income"]["accuracy"] - published) <= within
