"""Boosters whose trees lead nowhere else than into themselves and their features.

What is checked is what the libraries' own readers take on trust: numbers of children, features, categories and classes,
and that every list is as long as the others say.
"""

from collections.abc import Iterable, Mapping, Sequence
from itertools import pairwise
from typing import Any

_NODES = (
    "left_children",
    "right_children",
    "split_indices",
    "split_conditions",
    "split_type",
    "default_left",
)
_ONE_EACH = (*_NODES, "parents", "sum_hessian", "loss_changes")
_NOBODY = (2**31 - 1, -1)
"""The parent of XGBoost's root, where a leaf is a number and where it is a vector."""


def check_xgboost(document: Mapping[str, Any]) -> None:
    """Raise ValueError, or what a part that is not there leads to, for a booster of XGBoost that is not whole."""
    learner = document["Model"]["learner"]
    size = learner["learner_model_param"]
    features = int(size["num_feature"])
    groups = max(1, int(size["num_class"]), int(size["num_target"]))
    _check_gradient_booster(learner["gradient_booster"], features, groups)


def _check_gradient_booster(booster: Mapping[str, Any], features: int, groups: int) -> None:
    match booster["name"]:
        case "gblinear":
            _require(len(booster["model"]["weights"]) == (features + 1) * groups, "weights")
        case "gbtree":
            _check_forest(booster["model"], features, groups)
        case "dart":
            inner = booster["gbtree"]["model"]
            _check_forest(inner, features, groups)
            _require(len(booster["weight_drop"]) == len(inner["trees"]), "weight_drop")
        case other:
            raise ValueError(f"a booster of the kind {other!r}")


def _check_forest(model: Mapping[str, Any], features: int, groups: int) -> None:
    trees, info = model["trees"], model["tree_info"]
    count = int(model["gbtree_model_param"]["num_trees"])
    _require(count == len(trees) == len(info), "the number of trees")
    _require(all(0 <= group < groups for group in info), "tree_info")
    # Categories of data frames: no model here is trained on such a frame.
    _require(not model.get("cats", {}).get("enc"), "cats")
    ends = model["iteration_indptr"]
    _require(ends[0] == 0 and ends[-1] == count and _rising(ends), "iteration_indptr")
    for tree in trees:
        _check_tree(tree, features, groups)


def _check_tree(tree: Mapping[str, Any], features: int, groups: int) -> None:
    param = tree["tree_param"]
    nodes, width = int(param["num_nodes"]), max(1, int(param["size_leaf_vector"]))
    _require(nodes > 0 and width in (1, groups) and int(param["num_feature"]) == features, "tree_param")
    _require(int(param["num_deleted"]) == 0, "num_deleted")
    for field in _ONE_EACH:
        _require(len(tree[field]) == nodes, field)
    _require(len(tree["base_weights"]) == nodes * width, "base_weights")
    left, right = tree["left_children"], tree["right_children"]
    vectors = tree["leaf_weights"] if width > 1 else []
    for node in range(nodes):
        if left[node] == -1:  # of a leaf with a vector, the right child is the vector's number
            place = right[node]
            _require(0 <= place < len(vectors) // width if width > 1 else place == -1, "right_children")
            continue
        _require(node < left[node] < nodes and node < right[node] < nodes, "children")
        _require(0 <= tree["split_indices"][node] < features, "split_indices")
        _require(tree["split_type"][node] in (0, 1), "split_type")
    for node, parent in enumerate(tree["parents"]):
        _require(parent in _NOBODY if node == 0 else 0 <= parent < node, "parents")
    sets = tree["categories_nodes"], tree["categories_segments"], tree["categories_sizes"]
    _require(len({len(one) for one in sets}) == 1, "categories")
    for node, start, length in zip(*sets, strict=True):
        _require(0 <= node < nodes and start >= 0 and length >= 0, "categories_nodes")
        _require(start + length <= len(tree["categories"]), "categories_segments")
    split = {node for node in range(nodes) if left[node] != -1 and tree["split_type"][node] == 1}
    _require(split <= set(sets[0]), "categories_nodes")


def check_lightgbm(text: str) -> None:
    """Raise ValueError, or what a part that is not there leads to, for a booster of LightGBM that is not whole."""
    head, *rest = text.split("\nTree=")
    if not rest:
        raise ValueError("no tree")
    said = _fields(head.split("\n"))
    features = int(said["max_feature_idx"]) + 1
    classes, groups = int(said["num_class"]), int(said["num_tree_per_iteration"])
    _require(features > 0 and classes > 0 and groups in (1, classes), "num_tree_per_iteration")
    _require(len(said["feature_names"].split(" ")) == features, "feature_names")
    _require(len(said["feature_infos"].split(" ")) == features, "feature_infos")
    for word in said.get("objective", "").split(" "):
        _require(not word.startswith("num_class:") or word == f"num_class:{classes}", "objective")
    rest[-1], end, _ = rest[-1].partition("end of trees\n")
    _require(end != "" and len(rest) % groups == 0, "the number of trees")
    # The text between two trees ends with a line feed that the split took.
    sizes = [len("Tree=") + len(part.encode()) + (part is not rest[-1]) for part in rest]
    _require(_numbers(said["tree_sizes"]) == sizes, "tree_sizes")
    for number, part in enumerate(rest):
        index, *lines = part.split("\n")
        _require(index == str(number), "the order of trees")
        _check_lightgbm_tree(_fields(lines), features)


def _check_lightgbm_tree(tree: Mapping[str, str], features: int) -> None:
    leaves, sets = int(tree["num_leaves"]), int(tree["num_cat"])
    _require(leaves > 0 and sets >= 0, "num_leaves")
    _require(len(tree["leaf_value"].split(" ")) == leaves, "leaf_value")
    inner = leaves - 1
    if inner:
        left, right, used, kind = (
            _numbers(tree[field]) for field in ("left_child", "right_child", "split_feature", "decision_type")
        )
        threshold = tree["threshold"].split(" ")
        _require({len(one) for one in (left, right, used, kind, threshold)} == {inner}, "the number of nodes")
        for node in range(inner):
            for child in (left[node], right[node]):
                _require(node < child < inner if child >= 0 else ~child < leaves, "children")
            _require(0 <= used[node] < features, "split_feature")
            _require(not kind[node] & 1 or 0 <= int(threshold[node]) < sets, "decision_type")
    if sets:
        ends = _numbers(tree["cat_boundaries"])
        _require(len(ends) == sets + 1 and ends[0] == 0 and _rising(ends), "cat_boundaries")
        _require(len(tree["cat_threshold"].split(" ")) == ends[-1], "cat_threshold")
    if tree.get("is_linear", "0") != "0":
        counts = _numbers(tree["num_features"])
        _require(len(counts) == leaves and all(count >= 0 for count in counts), "num_features")
        named = [int(word) for word in tree["leaf_features"].split(" ") if word]
        given = [word for word in tree["leaf_coeff"].split(" ") if word]
        _require(len(named) == len(given) == sum(counts), "leaf_features")
        _require(all(0 <= feature < features for feature in named), "leaf_features")
        _require(len(tree["leaf_const"].split(" ")) == leaves, "leaf_const")


def _fields(lines: Iterable[str]) -> dict[str, str]:
    found: dict[str, str] = {}
    for line in lines:
        key, separator, value = line.partition("=")
        if separator:
            _require(key not in found, key)
            found[key] = value
    return found


def _numbers(text: str) -> list[int]:
    return [int(word) for word in text.split(" ")]


def _rising(numbers: Sequence[int]) -> bool:
    return all(before <= after for before, after in pairwise(numbers))


def _require(holds: bool, what: str) -> None:
    if not holds:
        raise ValueError(f"{what} does not fit")
