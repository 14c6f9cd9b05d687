"""Fitted models from files: opened with the user code that made them, scored on rows of a feature table."""

import warnings
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any

import numpy as np
import numpy.typing as npt

from mlopsc.runtime.learning.frames import features_from, read_features, read_label
from mlopsc.runtime.learning.scoring import Answers, CustomFunction, Scores, score
from mlopsc.runtime.models.archive import LoadedModel, load_model_file
from mlopsc.runtime.models.own import admit
from mlopsc.runtime.models.trust import Trust
from mlopsc.runtime.user_code import closure, digest_of_functions, load, resolve_reference
from mlopsc.vocabulary.metrics import CustomMetric, Metric


def open_model(
    path: Path, code: Sequence[str], project: Path, digest: str | None = None, *, types: Sequence[str] = ()
) -> LoadedModel:
    """Load a model; classes from the modules of `code`, the functions that made it, are trusted.

    So are `types`, the estimators of other packages that its training declares.

    With `digest` a file of other bytes is refused (see `load_model_file`).
    """
    admit(code, project)
    model = load_model_file(path, trusted=trust_in(code, types, project), digest=digest)
    check_loader(model.signature, project)
    return model


def check_loader(signature: Mapping[str, Any], project: Path) -> None:
    """Warn where the code of a model's loader is not what it was when the model was made."""
    made = signature.get("loader")
    if made is not None and digest_of_functions(project, [made["function"]]) != made["code"]:
        warnings.warn(
            f"the code of {made['function']} has changed since it opened this model first", stacklevel=2
        )


def trust_in(
    code: Sequence[str], types: Sequence[str], project: Path, *, training: str | None = None
) -> Trust:
    """Return trust in the modules of functions, in the project's modules that those can import, and in types.

    `training` is who declares them, for messages.
    """
    modules: set[str] = set()
    for text in code:
        module = resolve_reference(text).module
        files = (Path(file).with_suffix("") for file in closure(project, module))
        parts = (file.parent.parts if file.name == "__init__" else file.parts for file in files)
        modules |= {module, *(".".join(part) for part in parts)}
    return Trust(tuple(sorted(modules)), tuple(types), training)


def metric_functions(metrics: Sequence[Metric], project: Path) -> dict[str, CustomFunction]:
    """Return the custom metrics' functions by name."""
    return {
        metric.name: load(resolve_reference(metric.python), project)
        for metric in metrics
        if isinstance(metric, CustomMetric)
    }


def score_model(
    model: LoadedModel,
    test: Path,
    metrics: Sequence[Metric],
    project: Path,
    rows: npt.NDArray[np.bool_] | None = None,
) -> Scores:
    """Return a model's metrics on a feature table, or on those of its rows that `rows` marks."""
    return score(answers_of(model, test, rows), metrics, metric_functions(metrics, project))


def answers_of(model: LoadedModel, test: Path, rows: npt.NDArray[np.bool_] | None = None) -> Answers:
    """Return a model ready to be asked about a feature table, or about those of its rows that `rows` marks."""
    table, truth = read_features(test, features_from(model.signature)), read_label(test)
    if rows is not None:
        table, truth = table[rows], truth[rows]
    return Answers(model.estimator, table, truth)
