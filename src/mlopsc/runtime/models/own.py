"""Models that a user's function trains and saves by itself: a folder, kept as an archive, and a loader that opens it.

They are scikit-learn estimators around that folder, so calibration, thresholds, folds and all who ask a model know
nothing of it. A model's file names its loader, and that alone calls nothing: only functions that the caller has
admitted, those that the spec or the registry names, are called.
"""

import re
import weakref
from abc import abstractmethod
from collections.abc import Callable, Iterable, Mapping
from io import BytesIO
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import Any, Self

import numpy as np
import numpy.typing as npt
from sklearn.base import BaseEstimator, ClassifierMixin, RegressorMixin
from sklearn.utils.metaestimators import available_if

from mlopsc.diagnostics.errors import MlopscError, StepFailed, StoreError
from mlopsc.runtime.models.strictzip import pack, unpack
from mlopsc.runtime.user_code import load, resolve_reference

Values = npt.NDArray[Any]
_PART = r"(?!\.\.?(?:/|$))[^/\\\0]+"
_MEMBERS = re.compile(f"{_PART}(?:/{_PART})*")
_ADMITTED: dict[str, Callable[..., Any]] = {}
"""Functions that models in this process may name."""


def admit(references: Iterable[str], project: Path) -> None:
    """Import users' functions, and let models in this process use them. Raises as `user_code.load` does."""
    for text in references:
        _ADMITTED[text] = load(resolve_reference(text), project)


class _Own(BaseEstimator):  # type: ignore[misc]
    """`train` fills a folder, `loader` opens it; both are references to users' functions."""

    def __init__(self, train: str, loader: str, params: Mapping[str, Any], seed: int) -> None:
        self.train = train
        self.loader = loader
        self.params = params
        self.seed = seed

    def fit(self, X: Any, y: Values) -> Self:
        """Have the function train on a table and its labels, and keep what it saved; it is opened once, to see that
        it can be. Raises StepFailed, naming the function, for whatever goes wrong in it."""
        self._forget()
        with TemporaryDirectory(prefix="mlopsc-model-") as folder:
            _called(self.train, X, y, dict(self.params), self.seed, Path(folder))
            self.artifact_ = _packed(Path(folder), self.train)
        self._learn_labels(y)
        self._opened()
        return self

    def predict(self, X: Any) -> Values:
        """Return a prediction for each row of a table."""
        found = self._asked("predict", X)
        if found.shape != (len(X),):
            raise self._unfit("predict", f"shape {found.shape} for {len(X)} rows: expected one value a row")
        return self._as_predicted(found)

    @abstractmethod
    def _learn_labels(self, y: Values) -> None:
        """Keep what predictions are made of: a classifier its classes."""

    @abstractmethod
    def _as_predicted(self, found: Values) -> Values:
        """Return predictions in the type that the labels had."""

    def _asked(self, method: str, X: Any) -> Values:
        try:
            return np.asarray(getattr(self._opened(), method)(X))
        except MlopscError:
            raise
        except Exception as error:  # whatever a user's model raises, the message has to name it
            raise self._unfit(method, f"{type(error).__name__}: {error}") from error

    def _unfit(self, method: str, message: str) -> StepFailed:
        return StepFailed(f"the model that {self.loader} opened: {method}: {message}")

    def _opened(self) -> Any:
        """Return what the loader makes of the folder; once in a process, and the folder stays as long as this does."""
        if "_model" not in self.__dict__:
            folder = TemporaryDirectory(prefix="mlopsc-model-")
            try:
                _unpacked(self.artifact_, Path(folder.name))
                model = _called(self.loader, Path(folder.name))
                if not callable(getattr(model, "predict", None)):
                    raise StepFailed(
                        f"loader {self.loader} returned a {type(model).__name__} without `predict`",
                        help="return an object with `predict(table)`, of a classifier `predict_proba(table)` too",
                    )
            except BaseException:
                folder.cleanup()
                raise
            weakref.finalize(self, folder.cleanup)
            self._model = model
        return self._model

    def _forget(self) -> None:
        self.__dict__.pop("_model", None)

    def __getstate__(self) -> dict[str, Any]:
        """Return what is saved: the folder, and not what the loader made of it."""
        return {name: value for name, value in self.__dict__.items() if name != "_model"}

    def __setstate__(self, state: dict[str, Any]) -> None:
        self.__dict__.update(state)


def _gives_probabilities(self: _Own) -> bool:
    # Before the fit nobody knows: calibration and thresholds ask then, and are told when they want some.
    return "artifact_" not in self.__dict__ or hasattr(self._opened(), "predict_proba")


class OwnClassifier(ClassifierMixin, _Own):  # type: ignore[misc]
    """A user's own classifier; `classes_` are the labels that it learned from, sorted."""

    def _learn_labels(self, y: Values) -> None:
        self.classes_ = np.unique(y)

    def _as_predicted(self, found: Values) -> Values:
        unknown = found[~np.isin(found, self.classes_)]
        if len(unknown):
            labels = ", ".join(map(repr, self.classes_.tolist()))
            raise self._unfit("predict", f"{unknown.tolist()[0]!r} is no label: expected one of {labels}")
        return found.astype(self.classes_.dtype)

    @available_if(_gives_probabilities)  # type: ignore[untyped-decorator]
    def predict_proba(self, X: Any) -> Values:
        """Return the probability of each class, columns in the order of `classes_`, for each row."""
        found = self._asked("predict_proba", X)
        wanted = (len(X), len(self.classes_))
        if found.shape != wanted:
            raise self._unfit(
                "predict_proba",
                f"shape {found.shape}: expected {wanted}, a column a class in the order "
                f"{', '.join(map(str, self.classes_.tolist()))}",
            )
        return found.astype(np.float64)


class OwnRegressor(RegressorMixin, _Own):  # type: ignore[misc]
    """A user's own regressor."""

    def _learn_labels(self, y: Values) -> None:
        """Learn nothing: numbers are no classes."""

    def _as_predicted(self, found: Values) -> Values:
        return found.astype(np.float64)


def _called(reference: str, *arguments: Any) -> Any:
    function = _ADMITTED.get(reference)
    if function is None:
        raise StoreError(
            f"the model wants to be opened by {reference}, which is not among the functions that are trusted here",
            help="a spec names its loader under `estimator`; if it is yours, pass it: code=[...]",
        )
    try:
        return function(*arguments)
    except MlopscError:
        raise
    except Exception as error:  # whatever a user's function raises, the message has to name it
        raise StepFailed(f"{reference} raised {type(error).__name__}: {error}") from error


def _packed(folder: Path, train: str) -> bytes:
    """Return the files of a folder as one archive, in the order of their names."""
    files = sorted(path for path in folder.rglob("*") if not path.is_dir())
    if not files:
        raise StepFailed(f"{train} saved nothing: expected files in the folder that it was given")
    odd = next((path for path in files if path.is_symlink() or not path.is_file()), None)
    if odd is not None:
        raise StepFailed(f"{train} saved {odd.relative_to(folder)}, which is no plain file: expected copies")
    return pack({path.relative_to(folder).as_posix(): path.read_bytes() for path in files})


def _unpacked(archive: bytes, folder: Path) -> None:
    for name, data in unpack(BytesIO(archive), _MEMBERS).items():
        path = folder / name
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_bytes(data)
