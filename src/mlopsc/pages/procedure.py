"""How a model was trained and how it decides, in words: facts from what the spec says and what the model tells."""

from collections.abc import Iterator, Mapping
from typing import Any

from mlopsc.pages.judged import Judged
from mlopsc.pages.sections import Fact
from mlopsc.pages.words import number, shown

_RULES = {
    "maximize": "the best {}",
    "min_recall": "the best precision of those that find at least {} of the positive rows",
    "min_precision": "the best recall of those of whose positives at least {} are",
    "value": "declared as {}",
}


def population(judged: Judged) -> Iterator[Fact]:
    """Yield which rows the model is about, and how they were divided."""
    said = judged.said or {}
    for name in ("dataset", "view"):
        if name in said:
            yield Fact(f"Rows from the {name}", said[name])
    label = said.get("label") or (judged.signature or {}).get("label")
    if label is not None:
        yield Fact("Label", label)
    if said.get("where") is not None:
        yield Fact("Rows where", said["where"])
    if said.get("until") is not None:
        yield Fact("Rows until", shown(said["until"]))
    if judged.signature is not None:
        yield Fact("Rows trained on", f"{judged.signature['rows']:,}")
    yield Fact("Rows judged by", f"{judged.metrics['rows']:,}")
    if "split" in said:
        yield Fact("Divided", split_words(said["split"]))


def split_words(split: Mapping[str, Any]) -> str:
    """Return a split in words."""
    test = split.get("test", 0.2)
    share = f"{test:.0%}" if isinstance(test, float) else shown(test)
    match split["type"]:
        case "time":
            return f"by time; the latest {share} are the test part"
        case "group":
            return f"by whole groups of {split['by']}; {share} are the test part"
        case "column":
            return f"by {split['by']}; rows where it is {shown(test)} are the test part"
        case "stratified":
            return f"at random, each class in its share; {share} are the test part"
        case _:
            return f"at random; {share} are the test part"


def learning(judged: Judged) -> Iterator[Fact]:
    """Yield how the model was fitted."""
    said, signature = judged.said or {}, judged.signature or {}
    estimator = signature.get("estimator", said.get("estimator"))
    if estimator is not None:
        yield Fact("Estimator", shown(estimator))
    params = signature.get("params", said.get("params", {}))
    yield Fact("Parameters", _pairs(params) or "those by default")
    if (each := said.get("for_each")) is not None:
        yield Fact(f"A model for each {each['column']}", ", ".join(map(shown, each["values"])))
    if "tune" in said:
        yield Fact("Parameters found", "by a search on folds of the train part")
    for key in ("class_weight", "sample_weight"):
        if said.get(key) is not None:
            yield Fact(key.replace("_", " ").capitalize(), shown(said[key]))
    if said.get("preprocess"):
        yield Fact("Preprocessing", _pairs(said["preprocess"]) or "by default")
    if "seed" in signature:
        yield Fact("Seed", str(signature["seed"]))
    if said.get("refit"):
        yield Fact("Refitted", "what is registered is trained again on all rows, once it was judged")


def deciding(judged: Judged) -> Iterator[Fact]:
    """Yield how decisions come of scores, and what they are worth; nothing of a model that predicts numbers."""
    said, metrics = judged.said or {}, judged.metrics
    if judged.curves is not None and judged.curves["task"] == "binary":
        yield Fact("Positive class", shown(judged.curves["positive"]))
        if "threshold" in metrics:
            yield Fact("Threshold", number(metrics["threshold"]), repr(metrics["threshold"]))
            if rule := _rule(said.get("threshold")):
                yield Fact("Chosen as", rule)
        else:
            yield Fact("Threshold", "the estimator's own")
    if said.get("calibrate") is not None:
        yield Fact("Calibrated", f"{said['calibrate'].get('method', 'sigmoid')}, on rows that were held out")
    matrix = metrics.get("cost_matrix", {})
    for name, value in matrix.items():
        if isinstance(value, Mapping):
            for predicted, worth in value.items():
                yield Fact(f"{name} taken for {predicted} is worth", number(worth))
        else:
            yield Fact(f"A {name.replace('_', ' ')} is worth", number(value))


def _rule(threshold: Mapping[str, Any] | None) -> str | None:
    for key, words in _RULES.items():
        if threshold is not None and threshold.get(key) is not None:
            return words.format(shown(threshold[key]))
    if threshold is not None and threshold.get("cost_matrix") is not None:
        return "the one whose decisions are worth most"
    return None


def _pairs(values: Mapping[str, Any]) -> str:
    return ", ".join(
        f"{name}: {shown(value)}" for name, value in values.items() if value not in (None, {}, [])
    )
