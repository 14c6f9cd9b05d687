"""Registered models in a user's own program: fetched by name and stage, verified by digest, ready to predict."""

import os
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from pathlib import Path
from typing import TYPE_CHECKING, Any

from mlopsc.diagnostics.errors import MlopscError
from mlopsc.running import project_context

if TYPE_CHECKING:
    import numpy as np
    import numpy.typing as npt
    import pandas as pd

    from mlopsc.runtime.context import Context
    from mlopsc.runtime.models.onnx import Comparison
    from mlopsc.runtime.registry import Version

SPEC = "mlops.yaml"


@dataclass(frozen=True)
class Model:
    """A registered version with its fitted scikit-learn pipeline."""

    name: str
    """The version's reference, such as `late_arrival/3`."""
    digest: str
    """Digest of the model's file, `sha256:…`, as the registry has it and the file was found to have."""
    estimator: Any
    """The fitted pipeline: preprocessing and estimator."""
    signature: Mapping[str, Any]
    """What it was fitted on: `features`, `label`, `task`, `classes`, `params` and more."""
    metrics: Mapping[str, float | None]
    """Metrics of the test part when it was registered."""

    @property
    def features(self) -> tuple[str, ...]:
        """Columns that the model wants, in its order."""
        return tuple(feature["name"] for feature in self.signature["features"])

    def predict(self, table: Any) -> "npt.NDArray[Any]":
        """Return a prediction for each row of a pandas or polars DataFrame, or a pyarrow Table.

        Columns that the model does not want are left out; their order and dtypes do not matter. Raises MlopscError for
        a missing column, for text where the model wants numbers (by row and column), for no rows, and for what is no
        table. Features are not made here: `run_local` with the pipeline `predict_MODEL` joins those that are views.
        """
        result: np.ndarray[Any, Any] = self.estimator.predict(self._frame(table))
        return result

    def predict_proba(self, table: Any) -> "npt.NDArray[Any]":
        """Return the probability of each class (columns in the order of `signature["classes"]`) for each row.

        Raises as `predict` does, and AttributeError when the estimator gives no probabilities.
        """
        result: np.ndarray[Any, Any] = self.estimator.predict_proba(self._frame(table))
        return result

    def _frame(self, table: Any) -> "pd.DataFrame":
        from mlopsc.runtime.learning.frames import conform, features_from

        frame = table.to_pandas() if hasattr(table, "to_pandas") else table
        if not hasattr(frame, "columns"):
            raise MlopscError(f"expected a pandas, polars or pyarrow table, found {type(table).__qualname__}")
        if not len(frame):
            raise MlopscError("the table has no rows to predict for")
        return conform(frame, features_from(self.signature))


def load_model(
    reference: str,
    *,
    project: str | os.PathLike[str] = ".",
    environment: str | None = None,
    registry: str | None = None,
    store: str | None = None,
    code: Sequence[str] = (),
) -> Model:
    """Fetch the version that `NAME@STAGE` or `NAME/NUMBER` means, and return it ready to predict.

    `project` is the folder of `mlops.yaml`, or the path of the spec: it says where registry and store are, unless they
    are given (paths or URLs). `code` names user functions (`package.module:function`) whose modules made classes that
    the model holds; those that the registry knows of need not be named. Raises RegistryError for an unknown version,
    StoreError when the model's file is missing, damaged, not the one that was registered, or holds types that are not
    trusted.
    """
    place = Path(project)
    context = project_context(place / SPEC if place.is_dir() else place, environment=environment)
    context = replace(
        context,
        registry_url=registry or context.registry_url,
        store_url=store or context.store_url,
    )
    with context.registry() as opened:
        version = opened.resolve(reference)
    return open_version(context, version, code=code)


def open_version(context: "Context", version: "Version", *, code: Sequence[str] = ()) -> Model:
    """Return a version ready to predict; raises as `load_model` does."""
    from mlopsc.runtime.learning.fitted import open_model
    from mlopsc.runtime.models.archive import read_signature

    path = context.store().get_path(version.digest)
    functions = tuple(dict.fromkeys([*code, *_functions(version, read_signature(path))]))
    types = version.lineage.get("trust", ())
    loaded = open_model(path, functions, context.project, version.digest, types=types)
    return Model(
        name=version.name,
        digest=version.digest,
        estimator=loaded.estimator,
        signature=loaded.signature,
        metrics=version.metrics,
    )


def _functions(version: "Version", signature: Mapping[str, Any]) -> list[str]:
    """Return the user functions that made a model, as its signature and its frozen gates tell."""
    own = [signature["estimator"]] if ":" in signature["estimator"] else []
    own += [signature["loader"]["function"]] if "loader" in signature else []
    gates = [function for gate in version.gates.values() for function in gate.get("code", ())]
    return [*own, *gates]


def export_onnx(
    context: "Context", version: "Version", out: Path, *, tolerance: float, beyond: float
) -> "Comparison":
    """Write a version as an ONNX file, once its answers on the version's test rows were compared with the model's own.

    At most the share `beyond` of the rows may differ by more than `tolerance`; else MlopscError, and nothing is
    written. Raises as `to_onnx` and `open_version` do, and StoreError when the file cannot be written.
    """
    from mlopsc.runtime.atomic import cannot_write, write_bytes
    from mlopsc.runtime.learning.frames import features_from, read_features
    from mlopsc.runtime.models.onnx import compare, to_onnx

    model = open_version(context, version)
    test = context.store().get_path(version.artifacts["test"])
    rows = read_features(test, features_from(model.signature))
    data = to_onnx(model.name, model.estimator, model.signature)
    found = compare(model.name, data, model.estimator, model.signature, rows, tolerance)
    if found.beyond > beyond * found.rows:
        raise MlopscError(
            f"{model.name} was not written: as ONNX, {found.beyond} of its {found.rows} test rows are answered "
            f"otherwise, by up to {found.largest:.3g}, where {tolerance:g} is allowed",
            help="trees that take another branch at a threshold are a few rows, which --beyond SHARE allows; many are "
            "a part of the model that its converter gets wrong",
        )
    try:
        write_bytes(out, data)
    except OSError as error:
        raise cannot_write(out, error) from error
    return found
