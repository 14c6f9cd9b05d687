"""A model as a folder that MLflow loads and serves: our file under its digest, signature, what must be installed."""

from collections.abc import Mapping
from pathlib import Path
from typing import TYPE_CHECKING, Any

from mlopsc.runtime.decisions import write_json
from mlopsc.runtime.keys import library_version
from mlopsc.runtime.models.archive import read_signature
from mlopsc.runtime.store import Store
from mlopsc.runtime.tracking.served import ABOUT, CODE, model_file
from mlopsc.runtime.user_libraries import distributions_of

if TYPE_CHECKING:
    import pandas as pd
    from mlflow.models import ModelSignature

_LOADER = "mlopsc.runtime.tracking.served"
_LIBRARIES = ("mlopsc", "scikit-learn", "numpy", "scipy", "pandas", "skops", "pyarrow")
"""What loads a model, pinned to what is installed here."""


def write_model(store: Store, model: Mapping[str, Any], folder: Path) -> Path:
    """Write an event's model below an empty folder, and return the folder that MLflow takes.

    Nothing of the model is run. Raises StoreError when a file of it is not in the store.
    """
    from mlflow.pyfunc import save_model

    data = folder / "data"
    data.mkdir()
    source = store.get_path(model["digest"])
    _copy(source, data / model_file(model["digest"]))
    types = model.get("trust", [])
    write_json(data / ABOUT, {"digest": model["digest"], "functions": model["functions"], "trust": types})
    for name, digest in model["code"].items():
        _copy(store.get_path(digest), data / CODE / name)
    signature = read_signature(source)
    save_model(
        str(folder / "model"),
        loader_module=_LOADER,
        data_path=str(data),
        signature=_signature(signature),
        input_example=_example(signature),
        pip_requirements=[
            f"{name}=={library_version(name)}" for name in (*_LIBRARIES, *distributions_of(types))
        ],
        metadata={"mlopsc.digest": model["digest"]},
    )
    return folder / "model"


def _copy(source: Path, target: Path) -> None:
    target.parent.mkdir(parents=True, exist_ok=True)
    target.write_bytes(source.read_bytes())


def _signature(signature: Mapping[str, Any]) -> "ModelSignature":
    """Return MLflow's words for a model's features; every number is a double, as whole numbers may be missing."""
    from mlflow.models import ModelSignature
    from mlflow.types import ColSpec, DataType, Schema

    kinds = {"numeric": DataType.double, "boolean": DataType.boolean, "string": DataType.string}
    return ModelSignature(
        inputs=Schema([ColSpec(kinds[one["kind"]], one["name"]) for one in signature["features"]])
    )


def _example(signature: Mapping[str, Any]) -> "pd.DataFrame | None":
    """Return the rows that the model shows as an example of its input, None where it holds none."""
    if "example" not in signature:
        return None
    import pandas as pd

    features = signature["features"]
    table = pd.DataFrame(signature["example"], columns=[one["name"] for one in features])
    return table.astype({one["name"]: "float64" for one in features if one["kind"] == "numeric"})
