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
    from mlopsc.vocabulary.exports import OnnxExport

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
    context: "Context", version: "Version", out: Path, allowed: "OnnxExport | None" = None
) -> "tuple[Comparison, OnnxExport]":
    """Write a version as an ONNX file; return how its answers on the version's test rows differ from the model's own,
    and what was allowed.

    A file that is kept with the version is written as it is, compared again when it is said what is allowed. Raises as
    `compared_onnx` and `open_version` do, and StoreError when the file cannot be written; then nothing is written.
    """
    from mlopsc.runtime.atomic import write_bytes
    from mlopsc.runtime.decisions import read_json
    from mlopsc.runtime.learning.frames import features_from, read_features
    from mlopsc.runtime.models.onnx import Comparison, accepted, compare, compared_onnx
    from mlopsc.vocabulary.exports import OnnxExport

    store = context.store()
    kept = version.artifacts.get("onnx")
    if kept is not None and allowed is None:
        report = read_json(store.get_path(version.artifacts["onnx_report"]))
        write_bytes(out, store.get_path(kept).read_bytes())
        found = Comparison(report["rows"], report["largest"], report["beyond"])
        return found, OnnxExport(tolerance=report["tolerance"], beyond=report["allowed"])
    allowed = allowed or OnnxExport()
    model = open_version(context, version)
    rows = read_features(store.get_path(version.artifacts["test"]), features_from(model.signature))
    if kept is None:
        data, found = compared_onnx(model.name, model.estimator, model.signature, rows, allowed)
    else:
        data = store.get_path(kept).read_bytes()
        compared = compare(model.name, data, model.estimator, model.signature, rows, allowed.tolerance)
        found = accepted(model.name, compared, allowed)
    write_bytes(out, data)
    return found, allowed
