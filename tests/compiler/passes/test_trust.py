# ruff: noqa: E501 - one diagnostic is one line
import sys
from pathlib import Path

import pytest

from tests import third_party_package
from tests.specs import SMALL, merged, told

LOADER = "save such a model by a function with a loader: `estimator: {python: …, loader: …, task: …}`"


@pytest.mark.parametrize(
    ("name", "expected"),
    [
        pytest.param("cleansing._clip.Clip", [], id="sound"),
        pytest.param(
            "cleansing._clip.Anything", [], id="a module that makes names"
        ),  # the step that saves finds out
        pytest.param(
            "cleansing:clip",
            [
                "MLC122 «cleansing:clip» 'cleansing:clip' names no class | write its module, a dot and its name, such as imblearn.pipeline.Pipeline"
            ],
            id="a function",
        ),
        pytest.param(
            "cleansing.*",
            [
                "MLC122 «cleansing.*» 'cleansing.*' names no class | write its module, a dot and its name, such as imblearn.pipeline.Pipeline"
            ],
            id="a pattern",
        ),
        pytest.param(
            "sklearn.linear_model.Ridge",
            [
                "MLC123? «sklearn.linear_model.Ridge» 'sklearn.linear_model.Ridge' is of scikit-learn, whose types are trusted anyway | leave it out"
            ],
            id="scikit-learn's",
        ),
        pytest.param(
            "models.Own",
            [
                "MLC123? «models.Own» 'models.Own' is of the project, whose modules are trusted where the model's functions import them | leave it out"
            ],
            id="the project's",
        ),
        pytest.param(
            "clensing._clip.Clip",
            [
                "MLC321? «clensing._clip.Clip» no module 'clensing._clip' is installed here | install what has 'clensing', here and where steps run, or correct the name"
            ],
            id="not installed",
        ),
        pytest.param(
            "cleansing.clip.Clip",
            [
                "MLC321? «cleansing.clip.Clip» no module 'cleansing.clip' is installed here | install what has 'cleansing', here and where steps run, or correct the name"
            ],
            id="no such module",
        ),
        pytest.param(
            "cleansing.Clip",
            [
                "MLC322 «cleansing.Clip» 'cleansing.Clip' is defined elsewhere, and a model tells where | trust cleansing._clip.Clip"
            ],
            id="imported",
        ),
        pytest.param(
            "cleansing.Clib",
            ["MLC322 «cleansing.Clib» 'cleansing' has no class 'Clib'"],
            id="no such class",
        ),
        pytest.param(
            "cleansing._clip.call",
            [
                "MLC322 «cleansing._clip.call» 'cleansing._clip.call' is no class | functions cannot be trusted"
            ],
            id="a function's path",
        ),
        pytest.param(
            "cleansing._clip.Plain",
            [
                f"MLC322 «cleansing._clip.Plain» 'cleansing._clip.Plain' is no estimator: it derives from nothing | {LOADER}"
            ],
            id="no estimator",
        ),
        pytest.param(
            "cleansing._clip.Restored",
            [
                f"MLC322 «cleansing._clip.Restored» 'cleansing._clip.Restored' defines __setstate__: opening a file would run it on what the file says | {LOADER}"
            ],
            id="what a file could misuse",
        ),
    ],
)
def test_trusted_types_are_looked_up_without_importing_them(
    name: str, expected: list[str], tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.syspath_prepend(third_party_package.install(tmp_path / "site"))
    fragment = f"training: {{late: {{trust: ['{name}']}}}}"
    assert told(tmp_path, merged(SMALL, fragment)) == expected
    assert "cleansing" not in sys.modules
