"""Looking things up in the catalogue of the installed scikit-learn, and of the boosters that a spec names."""

import json
from collections.abc import Collection, Iterable, Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any, Self

from mlopsc.compiler.catalogue.entries import EstimatorInfo, ParamInfo, ScorerInfo
from mlopsc.compiler.catalogue.files import cache_folder, library_version, read_text, sklearn_version
from mlopsc.compiler.catalogue.params import ParamFault, check_params
from mlopsc.diagnostics.suggest import nearest


@dataclass(frozen=True, slots=True)
class Catalogue:
    """The estimators and scorers of one release of scikit-learn, and estimators of other libraries."""

    releases: Mapping[str, str]
    """Library, by the package that is imported → release."""
    _estimators: Mapping[str, Mapping[str, Any]]
    _scorers: Mapping[str, Mapping[str, Any]]

    @classmethod
    def load(cls, folder: Path | None = None, libraries: Collection[str] = ()) -> Self:
        """Return the catalogue of the installed releases; about 3 ms, or 2 s where it must be made first.

        `libraries` are those wanted beside scikit-learn, `xgboost` and `lightgbm`: of one that is not installed, the
        catalogue is that of the release which mlopsc was made with. `folder` keeps what was made (`cache_folder()` by
        default). Raises MlopscError when scikit-learn is not installed or does not import.
        """
        releases = {"sklearn": sklearn_version(), **{name: library_version(name) for name in libraries}}
        kept = folder or cache_folder()
        documents = [json.loads(read_text(release, kept, name)) for name, release in releases.items()]
        estimators = {path: entry for one in documents for path, entry in one["estimators"].items()}
        return cls(releases, estimators, documents[0]["scorers"])

    def estimator(self, path: str) -> EstimatorInfo | None:
        """Return the estimator at a public dotted path, such as `sklearn.ensemble.RandomForestClassifier`."""
        if (entry := self._estimators.get(path)) is None:
            return None
        params = {
            name: ParamInfo(name, param["default"], tuple(param["constraints"]))
            for name, param in entry["params"].items()
        }
        rest = {key: value for key, value in entry.items() if key != "params"}
        return EstimatorInfo(path=path, params=params, **rest)

    def estimators(self) -> Iterable[str]:
        """Return the dotted paths of all estimators, sorted."""
        return self._estimators.keys()

    def suggest_estimator(self, name: str) -> str | None:
        """Return the path that a misspelt path, a bare class name or a private path most likely means."""
        package, _, bare = name.rpartition(".")
        library = package.partition(".")[0]
        if library and library not in self.releases:
            return None
        known = [path for path in self._estimators if path.partition(".")[0] == (library or "sklearn")]
        by_class = {path.rpartition(".")[2]: path for path in known}
        meant = bare if bare in by_class else nearest(bare, by_class)
        return by_class[meant] if meant else None

    def check_params(self, path: str, params: Mapping[str, Any]) -> list[ParamFault]:
        """Return what is wrong with parameters written in YAML for a known estimator.

        Raises KeyError when the estimator is not in the catalogue.
        """
        info = self.estimator(path)
        if info is None:
            raise KeyError(path)
        return check_params(info.params, params)

    def scorer(self, name: str) -> ScorerInfo | None:
        """Return the scorer of this name."""
        entry = self._scorers.get(name)
        return ScorerInfo(name=name, **entry) if entry else None

    def scorers(self) -> Iterable[str]:
        """Return the names of all scorers, sorted."""
        return self._scorers.keys()

    def suggest_scorer(self, name: str) -> str | None:
        """Return the scorer that a name most likely means; `rmse` is `neg_root_mean_squared_error`."""
        folded = name.lower().replace("-", "_").replace(" ", "_")
        meant = _OTHER_NAMES.get(folded, folded)
        for candidate in (
            meant,
            f"neg_{meant}",
            f"neg_{meant}_error",
            f"{meant}_score",
            meant.removesuffix("_score"),
        ):
            if candidate in self._scorers:
                return candidate
        return nearest(folded, self._scorers)


_OTHER_NAMES = {
    "auc": "roc_auc",
    "auroc": "roc_auc",
    "rocauc": "roc_auc",
    "ap": "average_precision",
    "pr_auc": "average_precision",
    "brier": "neg_brier_score",
    "logloss": "neg_log_loss",
    "log_loss": "neg_log_loss",
    "mae": "neg_mean_absolute_error",
    "mape": "neg_mean_absolute_percentage_error",
    "mcc": "matthews_corrcoef",
    "mse": "neg_mean_squared_error",
    "msle": "neg_mean_squared_log_error",
    "rmse": "neg_root_mean_squared_error",
}
