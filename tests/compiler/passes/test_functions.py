# ruff: noqa: E501 - one diagnostic is one line
from pathlib import Path

import pytest

from tests.specs import SMALL, merged, told


@pytest.mark.parametrize(
    ("fragment", "expected"),
    [
        pytest.param(
            "training: {late: {estimator: {python: 'models:winsorised'}}}",
            [
                "MLC213 «models:winsorised» models.py does not define 'winsorised' | did you mean 'winsorized'?",
            ],
            id="another name",
        ),
        pytest.param(
            "datasets: {flights: {checks: [{python: 'loaders:load_order'}]}}",
            [
                "MLC213 «loaders:load_order» loaders.py does not define 'load_order' | did you mean 'load_orders'?",
            ],
            id="of a check",
        ),
        pytest.param(
            "training: {late: {estimator: {python: 'models:lost'}}}",
            [
                "MLC213 «models:lost» models.py does not define 'lost' | one of SETTINGS, winsorized",
            ],
            id="a local of a function",
        ),
        pytest.param(
            "training: {late: {estimator: {python: 'own:train', loader: 'own:opn_model', task: regression}}}",
            ["MLC213 «own:opn_model» own.py does not define 'opn_model' | did you mean 'open_model'?"],
            id="a loader",
        ),
        pytest.param(
            "training: {late: {estimator: {python: 'own:old', loader: 'own:train', task: regression}}}",
            [
                "MLC319 «own:old» 'old' wants params by name, and is called with 5: table, label, params, seed, folder | define it as `def old(table, label, params, seed, folder)`",
                "MLC319 «own:train» 'train' takes 5 arguments, and is called with 1: folder | define it as `def train(folder)`",
            ],
            id="other arguments",
        ),
        pytest.param(
            "training: {late: {estimator: {python: 'own:train', loader: 'own:open_model'}}}",
            [
                "MLC121 «estimator» `loader` without `task` | say what the model is for: `task: classification` or `task: regression`"
            ],
            id="a loader without a task",
        ),
        pytest.param(
            "training: {late: {class_weight: balanced, estimator: {python: 'own:train', loader: 'own:open_model', task: regression}}}",
            [
                "MLC320 «class_weight» `class_weight` does not go with a loader: 'own:train' gets the features as they are | leave it out, and do it in train"
            ],
            id="weights beside a loader",
        ),
        pytest.param(
            "training: {late: {metrics: [roc_auc, {name: own, python: 'modls:f'}]}}",
            [
                "MLC213 «modls:f» no module 'modls' | did you mean 'models'?",
            ],
            id="another module",
        ),
        pytest.param(
            "training: {late: {preprocess: {python: 'nowhere.at_all:f'}}}",
            [
                "MLC213 «nowhere.at_all:f» no module 'nowhere.at_all' | one of loaders, models, own, rules",
            ],
            id="no module",
        ),
        pytest.param(
            "training: {late: {metrics: [roc_auc, {name: own, python: 'models:SETTINGS'}]}}",
            [
                "MLC214 «models:SETTINGS» 'SETTINGS' of models.py is no function | name a function or a class",
            ],
            id="data",
        ),
        pytest.param(
            "training: {late: {metrics: [roc_auc, {name: own, python: 'sklearn.metrics:max_error'}]}}",
            [],
            id="an installed package",
        ),
        pytest.param(
            """\
datasets: {o: {source: {python: 'loaders:load_order'}, columns: {a: {type: int64}}}}
features: {p: {python: 'loaders:transform', tables: [flights], columns: {a: int64}}}
""",
            [
                "MLC403? «o» dataset 'o' is not used | remove it, or use it",
                "MLC213 «loaders:load_order» loaders.py does not define 'load_order' | did you mean 'load_orders'?",
                "MLC403? «p» view 'p' is not used | remove it, or use it",
                "MLC213 «loaders:transform» loaders.py does not define 'transform' | one of load_orders",
            ],
            id="source and transform",
        ),
    ],
)
def test_user_code_is_found_without_importing_it(fragment: str, expected: list[str], tmp_path: Path) -> None:
    assert told(tmp_path, merged(SMALL, fragment)) == expected
