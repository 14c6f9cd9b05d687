"""What `mlflow.pyfunc` calls to load a model that mlopsc logged: our model file, checked by digest, never a pickle."""

import json
from collections.abc import Mapping
from pathlib import Path
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    import pandas as pd

ABOUT, CODE = "about.json", "code"
"""Beside the model file: its digest, the user functions that made it, the types that it may hold; and the
folder with the functions' modules."""


def model_file(digest: str) -> str:
    """Return the name of the model file: its digest, so that another file in its place is found out."""
    return f"{digest.removeprefix('sha256:')}.mlopsc"


class Served:
    """A model as MLflow serves it: rows of features in, rows of `prediction` and each class's probability out."""

    def __init__(self, estimator: Any, signature: Mapping[str, Any]) -> None:
        from mlopsc.runtime.learning.frames import features_from
        from mlopsc.runtime.predicting.answers import Oracle

        self._features = features_from(signature)
        self._oracle = Oracle(estimator)

    def predict(self, table: "pd.DataFrame", params: Mapping[str, Any] | None = None) -> "pd.DataFrame":  # noqa: ARG002
        """Return a row of answers for each row; raises MlopscError for a table that does not suit the model."""
        import pandas as pd

        from mlopsc.runtime.learning.frames import conform

        answers = self._oracle.ask(conform(table, self._features))
        columns = zip(self._oracle.fields, answers, strict=True)
        return pd.DataFrame({field.name: answer.to_pandas() for field, answer in columns})


def _load_pyfunc(path: str) -> Served:
    """Open the model in a folder that `mlopsc.runtime.tracking.flavor` wrote; MLflow calls this by its name.

    Raises StoreError for a missing, damaged or swapped file, and for types that are not trusted.
    """
    from mlopsc.runtime.learning.fitted import open_model

    folder = Path(path)
    about = json.loads((folder / ABOUT).read_bytes())
    opened = open_model(
        folder / model_file(about["digest"]),
        about["functions"],
        folder / CODE,
        digest=about["digest"],
        types=about.get("trust", ()),
    )
    return Served(opened.estimator, opened.signature)
