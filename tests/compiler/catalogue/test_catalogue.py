import json
import subprocess
import sys
from importlib.metadata import PackageNotFoundError, version
from importlib.resources import files
from pathlib import Path
from typing import Any

import numpy as np
import pytest

from mlopsc.compiler.catalogue import Catalogue, boosters, generate
from mlopsc.compiler.catalogue import files as catalogue_files
from mlopsc.compiler.catalogue.generate import SCHEMA_VERSION
from mlopsc.compiler.catalogue.params import in_words

LOGISTIC = "sklearn.linear_model.LogisticRegression"
BOOSTING = "sklearn.ensemble.HistGradientBoostingClassifier"


@pytest.fixture(scope="module")
def catalogue() -> Catalogue:
    return Catalogue.load()


def test_an_estimator_is_known_by_its_public_path(catalogue: Catalogue) -> None:
    found = catalogue.estimator(BOOSTING)
    assert found is not None
    assert (found.kind, found.predict_proba, found.decision_function) == ("classifier", True, True)
    assert (found.random_state, found.n_jobs, found.handles_nan, found.handles_categorical) == (
        True,
        False,
        True,
        True,
    )
    assert found.params["max_iter"].default == "100"
    assert catalogue.estimator("sklearn.ensemble.Nothing") is None


@pytest.mark.parametrize(
    ("path", "kind", "proba", "nan"),
    [
        (LOGISTIC, "classifier", True, False),
        ("sklearn.linear_model.Ridge", "regressor", False, False),
        ("sklearn.ensemble.StackingClassifier", "classifier", True, False),
        ("sklearn.cluster.KMeans", "clusterer", False, False),
        ("sklearn.preprocessing.StandardScaler", "transformer", False, True),
        ("sklearn.feature_extraction.text.CountVectorizer", "other", False, False),
    ],
)
def test_kinds_and_abilities(catalogue: Catalogue, path: str, kind: str, proba: bool, nan: bool) -> None:
    found = catalogue.estimator(path)
    assert found is not None
    assert (found.kind, found.predict_proba, found.handles_nan) == (kind, proba, nan)


def test_paths_hold_no_private_module(catalogue: Catalogue) -> None:
    assert len(list(catalogue.estimators())) > 200
    assert not [path for path in catalogue.estimators() if "._" in path]


@pytest.mark.parametrize(
    ("written", "meant"),
    [
        ("LogisticRegresion", LOGISTIC),
        ("LogisticRegression", LOGISTIC),
        ("sklearn.linear_model.LogisticRegresion", LOGISTIC),
        ("sklearn.linear_models.LogisticRegression", LOGISTIC),
        ("sklearn.linear_model._logistic.LogisticRegression", LOGISTIC),
        ("sklearn.ensemble.histgradientboostingclassifier", BOOSTING),
        ("xgboost.XGBClassifier", None),
        ("", None),
    ],
)
def test_a_misspelt_estimator_is_understood(catalogue: Catalogue, written: str, meant: str | None) -> None:
    assert catalogue.suggest_estimator(written) == meant


@pytest.mark.parametrize(
    "params",
    [
        {},
        {"C": 1, "max_iter": 200, "class_weight": "balanced", "random_state": 7},
        {"C": 0.5, "class_weight": {"a": 1.0}, "n_jobs": None, "solver": "saga", "l1_ratio": 0},
    ],
)
def test_sound_parameters_pass(catalogue: Catalogue, params: dict[str, Any]) -> None:
    assert catalogue.check_params(LOGISTIC, params) == []


@pytest.mark.parametrize(
    ("path", "params", "message", "suggestion"),
    [
        (LOGISTIC, {"max_itre": 5}, "unknown parameter 'max_itre'", "max_iter"),
        (LOGISTIC, {"C": -1}, "C must be a number greater than 0, found -1", None),
        (LOGISTIC, {"C": "1"}, "C must be a number greater than 0, found '1'", None),
        (LOGISTIC, {"max_iter": 1.5}, "max_iter must be an integer at least 0, found 1.5", None),
        (LOGISTIC, {"max_iter": True}, "max_iter must be an integer at least 0, found True", None),
        (
            LOGISTIC,
            {"solver": "sagga"},
            "solver must be one of 'lbfgs', 'liblinear', 'newton-cg', 'newton-cholesky', 'sag', 'saga', "
            "found 'sagga'",
            "saga",
        ),
        (
            LOGISTIC,
            {"l1_ratio": 2},
            "l1_ratio must be a number at least 0 and at most 1 or null, found 2",
            None,
        ),
        (LOGISTIC, {"C": float("nan")}, "C must be a number greater than 0, found nan", None),
        (
            "sklearn.ensemble.RandomForestClassifier",
            {"max_samples": 0},
            "max_samples must be null, a float greater than 0.0 or an integer at least 1, found 0",
            None,
        ),
        ("sklearn.ensemble.VotingClassifier", {}, "parameter 'estimators' must be given", None),
    ],
)
def test_a_bad_parameter_is_told_in_words(
    catalogue: Catalogue, path: str, params: dict[str, Any], message: str, suggestion: str | None
) -> None:
    [found] = catalogue.check_params(path, params)
    assert (found.message, found.suggestion) == (message, suggestion)


def test_judgements_are_those_of_scikit_learn(catalogue: Catalogue) -> None:
    """Every visible constraint against sklearn's own judgement, for the values that YAML writes.

    Left out: true as a number, a map as `cv` and a string as `vocabulary`, which sklearn takes and nobody
    means; and a list for a tuple, which YAML cannot write.
    """
    from importlib import import_module

    from sklearn.utils._param_validation import Hidden, InvalidParameterError, validate_parameter_constraints

    infinite = float("inf")
    values = [None, -1, 0, 1, 2, 3, 0.0, 0.5, 1.0, 2.0, infinite, -infinite, "auto", "l2", "x", [1, 2]]
    wrong = []
    for path in catalogue.estimators():
        info = catalogue.estimator(path)
        assert info is not None
        module, _, name = path.rpartition(".")
        constraints = getattr(getattr(import_module(module), name), "_parameter_constraints", {})
        for param, entry in info.params.items():
            if not entry.constraints or any(isinstance(one, Hidden) for one in constraints[param]):
                continue
            tuples = any(one["is"] == "tuple" for one in entry.constraints)
            for value in values:
                ours = all(fault.name != param for fault in catalogue.check_params(path, {param: value}))
                try:
                    validate_parameter_constraints({param: constraints[param]}, {param: value}, name)
                    theirs = True
                except InvalidParameterError:
                    theirs = False
                meant = param != "vocabulary" and not (tuples and isinstance(value, list))
                if ours != theirs and meant:
                    wrong.append((path, param, value, theirs, in_words(entry.constraints)))
    assert wrong == []


@pytest.mark.parametrize(
    ("name", "needs", "task", "positive_label"),
    [
        ("accuracy", "predict", "classification", False),
        ("f1", "predict", "binary", True),
        ("f1_macro", "predict", "classification", False),
        ("roc_auc", "threshold", "binary", False),
        ("roc_auc_ovr", "proba", "classification", False),
        ("average_precision", "threshold", "classification", True),
        ("neg_brier_score", "proba", "classification", True),
        ("positive_likelihood_ratio", "predict", "binary", False),
        ("neg_root_mean_squared_error", "predict", "regression", False),
        ("rand_score", "predict", "clustering", False),
        ("recall_samples", "predict", "multilabel", False),
    ],
)
def test_a_scorer_says_what_it_takes(
    catalogue: Catalogue, name: str, needs: str, task: str, positive_label: bool
) -> None:
    found = catalogue.scorer(name)
    assert found is not None
    assert (found.needs, found.task, found.positive_label) == (needs, task, positive_label)


@pytest.mark.parametrize(
    ("written", "meant"),
    [
        ("roc_acu", "roc_auc"),
        ("AUC", "roc_auc"),
        ("rmse", "neg_root_mean_squared_error"),
        ("mean_absolute_error", "neg_mean_absolute_error"),
        ("accuracy_score", "accuracy"),
        ("r2_score", "r2"),
        ("log_loss", "neg_log_loss"),
        ("brier_score", "neg_brier_score"),
        ("profit", None),
    ],
)
def test_a_misspelt_scorer_is_understood(catalogue: Catalogue, written: str, meant: str | None) -> None:
    assert catalogue.suggest_scorer(written) == meant
    assert catalogue.scorer(written) is None


def test_the_shipped_catalogue_is_that_of_its_release() -> None:
    release = version("scikit-learn")
    shipped = files("mlopsc.compiler.catalogue").joinpath(f"sklearn-{release}.json")
    if not shipped.is_file():
        pytest.skip(f"no catalogue is shipped for scikit-learn {release}")
    assert shipped.read_text("utf-8") == generate.render(generate.generate())


@pytest.mark.parametrize("library", boosters.BOOSTERS)
def test_the_shipped_catalogue_of_a_booster_is_that_of_its_release(library: str) -> None:
    pytest.importorskip(library)
    shipped = files("mlopsc.compiler.catalogue").joinpath(f"{library}-{version(library)}.json")
    if not shipped.is_file():
        pytest.skip(f"no catalogue is shipped for {library} {version(library)}")
    assert shipped.read_text("utf-8") == generate.render(boosters.generate(library))


BOOSTED = [
    (library, name, bounds) for library, names in boosters.BOUNDS.items() for name, bounds in names.items()
]


@pytest.mark.parametrize(("library", "param", "bounds"), BOOSTED)
def test_the_bounds_of_a_booster_are_those_that_it_enforces(
    library: str, param: str, bounds: dict[str, Any]
) -> None:
    """On its bound a value is taken or refused as the catalogue says, and beyond it always refused."""
    estimator = getattr(pytest.importorskip(library), boosters.BOOSTERS[library][1])
    closed = bounds["closed"]
    for edge, within, beyond in (("low", ("left", "both"), -1), ("high", ("right", "both"), 1)):
        if (bound := bounds.get(edge)) is None:
            continue
        for value, sound in ((bound, closed in within), (bound + beyond, False)):
            assert _takes(estimator, {param: value}) is sound, (param, value)


@pytest.mark.parametrize(
    ("library", "param"), [(library, name) for library, names in boosters.CHOICES.items() for name in names]
)
def test_the_choices_of_a_booster_are_those_that_it_takes(library: str, param: str) -> None:
    estimator = getattr(pytest.importorskip(library), boosters.BOOSTERS[library][1])
    for choice in boosters.CHOICES[library][param]:
        more = {"bagging_freq": 1, "bagging_fraction": 0.5} if choice == "rf" else {}
        # On a processor, XGBoost samples in one way only.
        assert _takes(estimator, {param: choice, **more}) or choice == "gradient_based", choice
    assert not _takes(estimator, {param: "none of them"})


def _takes(estimator: Any, params: dict[str, Any]) -> bool:
    quiet = {"verbosity": -1} if "LGBM" in estimator.__name__ else {"verbosity": 0}
    X = np.arange(200.0).reshape(-1, 2)
    try:
        model = estimator(**({"n_estimators": 2, "n_jobs": 1} | quiet | params)).fit(X, X[:, 0])
        model.feature_importances_  # noqa: B018 - what `importance_type` is for
    except Exception:  # noqa: BLE001 - each library has its own
        return False
    return True


def test_a_booster_that_is_not_installed_is_known_as_it_was_shipped(monkeypatch: pytest.MonkeyPatch) -> None:
    def absent(name: str) -> str:
        raise PackageNotFoundError(name)

    monkeypatch.setattr(catalogue_files, "version", absent)
    assert catalogue_files.library_version("xgboost") == "3.2.0"


@pytest.fixture
def another_release(monkeypatch: pytest.MonkeyPatch) -> str:
    """A release without a shipped file, made from a text that is quick to make."""
    text = generate.render({"schema": SCHEMA_VERSION, "sklearn": "0.0", "estimators": {}, "scorers": {}})
    monkeypatch.setattr(catalogue_files, "_make", lambda library: text)
    return "0.0"


def test_another_release_is_made_once_and_kept(another_release: str, tmp_path: Path) -> None:
    folder = tmp_path / "new" / "cache"
    text = catalogue_files.read_text(another_release, folder)
    [kept] = folder.iterdir()
    assert kept.name == "sklearn-0.0-schema{}-py{}.{}.json".format(SCHEMA_VERSION, *sys.version_info[:2])
    assert kept.read_text() == text
    kept.write_text('{"changed":1}\n')
    assert catalogue_files.read_text(another_release, folder) == '{"changed":1}\n'


def test_a_torn_cache_file_is_made_again(another_release: str, tmp_path: Path) -> None:
    text = catalogue_files.read_text(another_release, tmp_path)
    [kept] = tmp_path.iterdir()
    kept.write_text(text[: len(text) // 2])
    assert catalogue_files.read_text(another_release, tmp_path) == text
    assert kept.read_text() == text


def test_a_cache_that_cannot_be_written_is_no_obstacle(another_release: str, tmp_path: Path) -> None:
    (tmp_path / "file").write_text("")
    assert (
        json.loads(catalogue_files.read_text(another_release, tmp_path / "file" / "below"))["schema"]
        == SCHEMA_VERSION
    )


def test_the_cache_folder_follows_the_environment() -> None:
    assert catalogue_files.cache_folder({"MLOPSC_CACHE_DIR": "/a", "XDG_CACHE_HOME": "/b"}) == Path("/a")
    assert catalogue_files.cache_folder({"XDG_CACHE_HOME": "/b"}) == Path("/b/mlopsc")
    assert catalogue_files.cache_folder({}) == Path("~/.cache/mlopsc").expanduser()


def test_looking_up_imports_no_scikit_learn() -> None:
    code = (
        "import sys\nfrom mlopsc.compiler.catalogue import Catalogue\n"
        f"Catalogue.load().check_params({LOGISTIC!r}, {{'C': 1}})\n"
        "print([m for m in ('sklearn', 'numpy', 'pandas', 'duckdb') if m in sys.modules])"
    )
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True)
    assert done.stdout.strip() == "[]"
