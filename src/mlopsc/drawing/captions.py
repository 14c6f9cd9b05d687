"""What a step does, in a few words: the second line of its card."""

from collections.abc import Callable, Mapping, Sequence
from typing import Any

from mlopsc.plan.plan import Step
from mlopsc.vocabulary.exports import OnnxExport

Configuration = Mapping[str, Any]

_ROOM = 26
"""Letters of names in a list."""


def caption(step: Step) -> str:
    """Return the step's work in a few words, empty where its name says everything."""
    say = _CAPTIONS.get(step.operation)
    return "" if say is None else say(step.configuration)


def _source(said: Configuration) -> str:
    source = said["source"]
    return str(source.get("path") or source.get("python") or "")


def _contract(said: Configuration) -> str:
    parts = (
        (len(said.get("columns", {})), "column"),
        (len(said.get("checks", ())), "check"),
    )
    named = [_number(count, word) for count, word in parts if count]
    return ", ".join(["key", *named] if said.get("primary_key") else named)


def _split(said: Configuration) -> str:
    split = said["split"]
    test = split.get("test", 0.2)
    share = test if isinstance(test, str) else f"{100 * test:g} %"
    return f"{split['type']}, {share} to test"


def _estimator(said: Configuration) -> str:
    estimator = said["estimator"]
    return str(estimator["python"] if isinstance(estimator, dict) else estimator.rpartition(".")[2])


def _metrics(said: Configuration) -> str:
    return _some([_metric(one) for one in said["metrics"]])


def _metric(said: Any) -> str:
    if isinstance(said, str):
        return said
    return str(said["name"] if "name" in said else f"value_{said['of']}")


def _bounds(said: Configuration) -> str:
    gate = said["gate"]
    low, high = gate.get("min"), gate.get("max")
    if low is None:
        return f"{gate['metric']} ≤ {_shown(high)}"
    if high is None:
        return f"{gate['metric']} ≥ {_shown(low)}"
    return f"{_shown(low)} ≤ {gate['metric']} ≤ {_shown(high)}"


def _gate(said: Configuration) -> str:
    match said["gate"]["type"]:
        case "metric":
            return f"lower bound: {_bounds(said)}"
        case "fairness":
            return f"fairness by {_some(_groups(said))}"
        case "slice":
            return f"{said['gate']['metric']} by {_some(_groups(said))}"
        case kind:
            return str(kind)


def _groups(said: Configuration) -> Sequence[str]:
    names: Sequence[str] = said["gate"].get("by") or said["gate"]["slices"]
    return names


def _against(said: Configuration) -> str:
    return f"{said['gate']['metric']} against the champion's"


def _tests(said: Configuration) -> str:
    tests = said.get("tests", {})
    named = dict.fromkeys([*tests.get("numeric", ("psi", "ks")), *tests.get("categorical", ("psi", "chi2"))])
    return ", ".join(named)


def _holder(said: Configuration) -> str:
    return f"{said['model']}@{said['stage']}"


_CAPTIONS: Mapping[str, Callable[[Configuration], str]] = {
    "load": _source,
    "validate": _contract,
    "sql_view": lambda said: f"SQL over {_some(said['tables'])}",
    "transform": lambda said: str(said["python"]),
    "features": lambda said: _number(len(said["features"]), "feature"),
    "split": _split,
    "propose": lambda said: f"{said['by']}, {_number(said['size'], 'trial')}",
    "outer_fold": lambda said: f"fold {said['fold'] + 1} of {said['cv'].get('folds', 5)}",
    "score_search": _metrics,
    "trial": lambda said: f"{_some(sorted(said['space']))}",
    "collect_trials": lambda said: f"best {_metric(said['metric'])}",
    "count_segments": lambda said: f"rows by {said['for_each']['column']}",
    "train": _estimator,
    "assemble": lambda said: f"a model for each {said['train']['for_each']['column']}",
    "refit": lambda said: f"{_estimator(said['train'])}, all rows",
    "evaluate": _metrics,
    "explain": lambda said: f"by {_metric(said['metric'])}",
    "export_onnx": lambda said: f"ONNX, within {OnnxExport(**said.get('onnx', {})).tolerance:g}",
    "profile": lambda said: f"of {_number(len(said['features']), 'feature')}",
    "resolve_champion": _holder,
    "resolve_reference": _holder,
    "judge_metric": _bounds,
    "judge_scored": _gate,
    "judge_baseline": lambda said: f"{said['gate']['metric']} against naive ones",
    "judge_size": lambda said: f"at most {said['gate']['max_bytes']:,} bytes",
    "judge_data": lambda said: f"checks of {_some(said['gate']['datasets'])}",
    "judge_robustness": lambda said: f"{said['gate']['metric']} on harmed rows",
    "judge_drift": lambda said: f"{_tests(said['gate'])} against the champion's data",
    "judge_latency": lambda said: (
        "of " + " and ".join(one for one in ("single", "batch") if said["gate"].get(one))
    ),
    "judge_champion": _against,
    "judge_reproducible": lambda said: f"{_estimator(said['train'])}, made again",
    "judge_python": lambda said: str(said["gate"]["python"]),
    "register": lambda said: f"as {said['model']}@{said['stages'][0]['stage']}",
    "verdict": lambda said: f"of {_number(len(said['decisions']), 'decision')}",
    "drift": _tests,
}


def _some(names: Sequence[str]) -> str:
    """Return the first names, as many as there is room for, and how many there are besides."""
    shown: list[str] = []
    for name in names:
        if shown and sum(map(len, shown)) + len(name) > _ROOM:
            return f"{', '.join(shown)}, +{len(names) - len(shown)}"
        shown.append(name)
    return ", ".join(shown)


def _number(count: int, word: str) -> str:
    return f"{count} {word}{'' if count == 1 else 's'}"


def _shown(bound: Any) -> str:
    return f"{bound:g}" if isinstance(bound, float) else str(bound)
