# ruff: noqa: E501 - one diagnostic is one line
from importlib import import_module

import pytest

from mlopsc.compiler.catalogue import Catalogue
from mlopsc.compiler.passes.exports import WITHOUT_CONVERTER
from tests.specs import SMALL, merged, told


@pytest.mark.parametrize(
    ("fragment", "expected"),
    [
        pytest.param("{export: {onnx: true}}", [], id="sound"),
        pytest.param("{export: {onnx: {tolerance: 0.001, beyond: 0.01}}}", [], id="with tolerances"),
        pytest.param("{export: {onnx: false}, calibrate: {method: sigmoid}}", [], id="off"),
        pytest.param("{export: {onnx: true}, threshold: {value: 0.3}}", [], id="with a threshold"),
        pytest.param("{export: {onnx: true}, estimator: xgboost.XGBClassifier, params: {max_depth: 3}}", [], id="boosted"),
        pytest.param(
            "{export: {onnx: true}, calibrate: {method: sigmoid}}",
            ["MLC352 «onnx» ONNX's converter gets calibrated models wrong | train what is to be exported without `calibrate`"],
            id="calibrated",
        ),
        pytest.param(
            "{export: {onnx: {}}, for_each: {column: hour, values: [5, 6]}}",
            ["MLC352 «onnx» ONNX cannot hold a model for each segment | train what is to be exported without `for_each`; its column can be a feature like others"],
            id="segments",
        ),
        pytest.param(
            "{export: {onnx: true}, estimator: sklearn.semi_supervised.LabelSpreading}",
            ["MLC352 «onnx» LabelSpreading has no converter to ONNX | use another estimator, or leave `export` out"],
            id="without a converter",
        ),
        pytest.param(
            "{export: {onnx: true}, estimator: lightgbm.LGBMClassifier, params: {linear_tree: true}}",
            ["MLC352 «onnx» ONNX's converter does not know LGBMClassifier with `linear_tree: true`, or gets it wrong | leave it out, or leave `export` out"],
            id="a booster's setting",
        ),
        pytest.param(
            "{export: {onnx: true}, estimator: {python: 'own:train', loader: 'own:open_model', task: classification}}",
            ["MLC352 «onnx» 'own:train' saves its model by itself, in a form that has no converter | export it where it is trained, with the library that made it"],
            id="saved by itself",
        ),
        pytest.param(
            "{export: {onnx: true}, estimator: sklearn.ensemble.HistGradientBoostingClassifier, features: [distance, carrier, origin]}",
            ["MLC352 «onnx» ONNX's converter gets native categories of HistGradientBoostingClassifier wrong, which 'carrier', 'origin' would be | say `preprocess: {categorical: {encode: ordinal}}`"],
            id="native categories",
        ),
        pytest.param(
            "{export: {onnx: true}, estimator: sklearn.ensemble.HistGradientBoostingClassifier, features: [distance, carrier, origin, hour], preprocess: {categorical: {encode: onehot}, categorical_columns: [hour], columns: {carrier: {encode: auto}}}}",
            ["MLC352 «onnx» ONNX's converter gets native categories of HistGradientBoostingClassifier wrong, which 'carrier' would be | say `preprocess: {categorical: {encode: ordinal}}`"],
            id="native categories by name",
        ),
        pytest.param("{export: {onnx: true}, estimator: sklearn.ensemble.HistGradientBoostingClassifier, features: [distance, carrier], preprocess: {categorical: {encode: ordinal}}}", [], id="ordinal codes"),
        pytest.param("{export: {onnx: true}, estimator: sklearn.ensemble.HistGradientBoostingClassifier, features: [distance, hour]}", [], id="numbers alone"),
        pytest.param("{export: {onxx: true}}", ["MLC101 «onxx» unknown key 'onxx' | did you mean 'onnx'?"], id="misspelt"),
        pytest.param("{export: {onnx: {beyond: 2}}}", ["MLC105 «2» must be less than or equal to 1, found the number 2"], id="no share"),
    ],
)  # fmt: skip
def test_exports_that_cannot_be_are_told_at_their_line(fragment, expected, tmp_path):
    assert told(tmp_path, merged(SMALL, f"training: {{late: {fragment}}}")) == expected


def test_what_has_no_converter_is_as_skl2onnx_says():
    """Of the catalogue's public names, those whose classes its converters do not know."""
    operators = pytest.importorskip("skl2onnx._supported_operators").sklearn_operator_name_map
    known = Catalogue.load()
    found = [one for path in known.estimators() if (one := known.estimator(path)) is not None]
    learners = [one.path for one in found if one.kind in ("classifier", "regressor")]
    assert len(learners) > 80
    parts = {path: path.rpartition(".") for path in learners}
    classes = {path: getattr(import_module(module), name) for path, (module, _, name) in parts.items()}
    assert {path for path, made in classes.items() if made not in operators} == WITHOUT_CONVERTER
