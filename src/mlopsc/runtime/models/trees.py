"""Fitted trees whose nodes lead nowhere else than into themselves and their features.

scikit-learn follows a tree's child and feature numbers without looking whether they exist: a file with others
would read memory that is not the model's at the first prediction, or never end. So loading checks them.
"""

import json
from collections.abc import Mapping
from typing import Any

import numpy as np
import numpy.typing as npt

from mlopsc.diagnostics.errors import StoreError
from mlopsc.runtime.models.arrays import read_array

_ENSEMBLES = tuple(f"sklearn.ensemble.{name}" for name in ("_forest", "_gb", "_iforest", "_weight_boosting"))
"""Estimators whose inner ones see the same features, so that the smaller number of the two bounds them."""


def check_trees(schema: Any, files: Mapping[str, bytes]) -> None:
    """Raise StoreError when a tree in the schema has a node that leads outside."""
    try:
        _check(schema, files, None)
    except (KeyError, TypeError, ValueError, AttributeError, IndexError) as error:
        raise StoreError(f"not a model: a tree in it is not complete: {error!r}") from error


def _check(part: Any, files: Mapping[str, bytes], features: int | None) -> None:
    if isinstance(part, list):
        for inner in part:
            if isinstance(inner, dict | list):
                _check(inner, files, features)
        return
    match part.get("__loader__"), part.get("__class__"):
        case "TreeNode", _:
            _check_tree(part, files, features)
        case "ObjectNode", "TreePredictor":
            _check_predictor(part, files, features)
        case "ObjectNode", _:
            features = _features(part, features)
    for inner in part.values():
        if isinstance(inner, dict | list):
            _check(inner, files, features)


def _features(node: dict[str, Any], outer: int | None) -> int | None:
    attributes = node["content"]["content"] if isinstance(node.get("content"), dict) else {}
    if not isinstance(attributes, dict) or "n_features_in_" not in attributes:
        return outer
    own = int(json.loads(attributes["n_features_in_"]["content"]))
    same = outer is not None and str(node.get("__module__")).startswith(_ENSEMBLES)
    return min(own, outer) if same and outer is not None else own


def _check_tree(node: dict[str, Any], files: Mapping[str, bytes], features: int | None) -> None:
    state = node["content"]["content"]
    nodes = _array(state["nodes"], files)
    own = int(json.loads(node["__reduce__"]["args"]["content"][0]["content"]))
    if len(nodes) != int(json.loads(state["node_count"]["content"])):
        raise ValueError("node_count is not the number of nodes")
    inner = nodes["left_child"] != -1
    _check_nodes(nodes, inner, ("left_child", "right_child", "feature"), min(own, features or 0))


def _check_predictor(node: dict[str, Any], files: Mapping[str, bytes], features: int | None) -> None:
    state = node["content"]["content"]
    nodes = _array(state["nodes"], files)
    inner = nodes["is_leaf"] == 0
    _check_nodes(nodes, inner, ("left", "right", "feature_idx"), features or 0)
    sets = min(
        len(_array(state[name], files)) for name in ("raw_left_cat_bitsets", "binned_left_cat_bitsets")
    )
    if (nodes["bitset_idx"][inner & (nodes["is_categorical"] != 0)] >= sets).any():
        raise ValueError("a set of categories that is not there")


def _check_nodes(
    nodes: npt.NDArray[Any], inner: npt.NDArray[np.bool_], fields: tuple[str, str, str], features: int
) -> None:
    """Every child comes after its parent and is there, and every feature that splits is one of the
    estimator's."""
    count, parents = len(nodes), np.flatnonzero(inner)
    for field in fields[:2]:
        children = nodes[field][inner].astype(np.int64)
        if (children <= parents).any() or (children >= count).any():
            raise ValueError(f"{field} leads out of the tree's {count} nodes")
    used = nodes[fields[2]][inner].astype(np.int64)
    if count == 0 or (used < 0).any() or (used >= features).any():
        raise ValueError(f"a split on a feature that is none of the estimator's {features}")


def _array(node: dict[str, Any], files: Mapping[str, bytes]) -> npt.NDArray[Any]:
    return read_array(files[node["file"]])
