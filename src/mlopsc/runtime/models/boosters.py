"""Boosters of XGBoost and LightGBM in a model file: as text, the same for equal models, checked before it is loaded.

XGBoost's memory image is binary; here it is its model and its configuration as JSON, which it reads too. LightGBM's own
form is text. Both note how many threads trained them: that is left out. Both follow the node and feature numbers of
what they load without looking whether they exist, so loading checks them (see `booster_trees`).
"""

import json
from collections.abc import Iterator, Mapping
from importlib.util import find_spec
from typing import Any

from mlopsc.diagnostics.errors import StoreError
from mlopsc.runtime.models.booster_trees import check_lightgbm, check_xgboost
from mlopsc.runtime.models.nodes import nodes

XGBOOST, LIGHTGBM = "xgboost.core.Booster", "lightgbm.basic.Booster"
LIGHTGBM_TYPES = frozenset(
    {LIGHTGBM} | {f"lightgbm.sklearn.LGBM{name}" for name in ("Classifier", "Regressor")}
)
TYPES = frozenset(
    {XGBOOST}
    | {f"xgboost.sklearn.XGB{name}" for name in ("Classifier", "Regressor", "RFClassifier", "RFRegressor")}
    | LIGHTGBM_TYPES
)
"""The types of both libraries that a model file may hold."""
_ONE_THREAD = {"nthread": "1", "n_jobs": "1"}


def file_of(node: Mapping[str, Any]) -> str | None:
    """Return the name of the file that holds a booster of XGBoost, None for any other node."""
    if node.get("__loader__") != "ObjectNode" or _name(node) != XGBOOST:
        return None
    file = node["content"]["content"]["handle"]["file"]
    return str(file)


def xgboost_text(image: bytes) -> bytes:
    """Return XGBoost's memory image of a booster as JSON, with one thread."""
    import xgboost

    booster = xgboost.Booster()
    booster.__setstate__({"handle": bytearray(image)})
    model, config = json.loads(booster.save_raw("json")), json.loads(booster.save_config())
    generic = config["learner"]["generic_param"]
    generic |= {key: value for key, value in _ONE_THREAD.items() if key in generic}
    return _canonical({"Config": config, "Model": model})


def with_images(schema: Any, files: Mapping[str, bytes]) -> dict[str, bytes]:
    """Return a model's files with XGBoost's memory images in the place of JSON; other files are as they were."""
    names = {name for node in _boosters(schema) if (name := file_of(node)) is not None}
    return {name: _image(content) if name in names else content for name, content in files.items()}


def _image(text: bytes) -> bytes:
    import xgboost

    document = json.loads(text)
    booster = xgboost.Booster()
    booster.load_model(bytearray(_canonical(document["Model"])))
    booster.load_config(_canonical(document["Config"]).decode())
    return bytes(booster.__getstate__()["handle"])


def one_thread(attributes: Mapping[str, Any]) -> dict[str, Any]:
    """Return the attributes of a booster or an estimator of LightGBM, as skops writes them, with one thread."""
    state = dict(attributes)
    if "_handle" in state:
        lines = json.loads(state["_handle"]["content"]).split("\n")
        text = "\n".join("[num_threads: 1]" if line.startswith("[num_threads:") else line for line in lines)
        state["_handle"] = state["_handle"] | {"content": json.dumps(text)}
    # The booster's, and those that `set_params` keeps a second time.
    for name in {"params", "_other_params"} & state.keys():
        given = state[name]["content"]
        steady = {key: given[key] | {"content": "1"} for key in ("num_threads", "n_jobs") if key in given}
        state[name] = state[name] | {"content": given | steady}
    return state


def check_boosters(schema: Any, files: Mapping[str, bytes]) -> None:
    """Raise StoreError when a booster in the schema is not whole, or when what reads it is not installed here."""
    for node in _boosters(schema):
        library = str(node["__module__"]).partition(".")[0]
        if find_spec(library) is None:
            raise StoreError(
                f"the model was trained with {library}, which is not installed here",
                help=f"pip install 'mlopsc[{library}]'",
            )
        try:
            state = node["content"]["content"]
            if library == "xgboost":
                text = files[state["handle"]["file"]]
                document = json.loads(text)
                if _canonical(document) != text:
                    raise ValueError("not as it was written")
                check_xgboost(document)
            else:
                check_lightgbm(json.loads(state["_handle"]["content"]))
        except (KeyError, TypeError, ValueError, AttributeError, IndexError, RecursionError) as error:
            raise StoreError(f"not a model: a booster in it is not complete: {error!r}") from error


def _boosters(schema: Any) -> Iterator[dict[str, Any]]:
    for node in nodes(schema):
        if node["__loader__"] == "ObjectNode" and _name(node) in (XGBOOST, LIGHTGBM):
            yield node


def _name(node: Mapping[str, Any]) -> str:
    return f"{node.get('__module__')}.{node.get('__class__')}"


def _canonical(document: Any) -> bytes:
    return json.dumps(document, sort_keys=True, separators=(",", ":")).encode()
