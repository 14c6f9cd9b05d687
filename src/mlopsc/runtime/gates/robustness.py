"""The robustness gate: what the metric loses when one feature at a time is harmed."""

import warnings
from collections.abc import Mapping
from pathlib import Path
from typing import Any

from mlopsc.runtime.decisions import Decision, decision, number
from mlopsc.runtime.gates.perturbing import harmed, perturbed
from mlopsc.runtime.gates.thresholds import beyond, threshold, within
from mlopsc.runtime.learning.fitted import answers_of, metric_functions, open_model
from mlopsc.runtime.learning.frames import features_from
from mlopsc.runtime.learning.scoring import Answers, CustomFunction, Scores, one_line, score
from mlopsc.vocabulary.gates.robustness import Harm
from mlopsc.vocabulary.metrics import CustomMetric, Metric
from mlopsc.vocabulary.operations import JudgeRobustness

_WORDS: Mapping[Harm, str] = {"nulls": "nulls in", "unseen": "unseen categories of", "noise": "noise on"}


def judge_robustness(config: JudgeRobustness, model: Path, test: Path, project: Path) -> Decision:
    """Return the decision; `drops` has what each harmed feature costs, and `errors` what the model raised instead.

    It fails when a drop is above its maximum or has no value (NaN), when the model raises an error, and when there is
    no feature to harm. `observed` is the largest drop.
    """
    gate, metric = config.gate, config.metric
    opened = open_model(model, config.code, project, types=config.trust)
    features = features_from(opened.signature)
    answers = answers_of(opened, test)
    functions = metric_functions([metric], project)
    value = score(answers, [metric], functions).metrics[gate.metric]
    sign = -1.0 if isinstance(metric, CustomMetric) and not metric.greater_is_better else 1.0
    shown: dict[str, Any] = {"training": gate.training, "metric": gate.metric, "value": value}
    shown |= {"rows": len(answers.truth), "seed": gate.seed}
    most = {harm: threshold(config.name, how.max_drop) for harm, how in gate.harms().items()}
    shown["threshold"] = {
        f"{harm} {key}": bound
        for harm, how in gate.harms().items()
        for key, bound in (("share", how.share), ("max_drop", most[harm]))
    }
    if value is None:
        reason = f"{gate.metric} has no value (NaN), be the rows harmed or not"
        return decision(config.name, "robustness", "fail", reason, drops={}, errors={}, **shown)
    drops: dict[str, dict[str, float | None]] = {}
    errors: dict[str, dict[str, str]] = {}
    faults: list[str] = []
    kept: list[str] = []
    for harm, how in gate.harms().items():
        drops[harm], errors[harm] = {}, {}
        possible = harmed(features, harm)
        unfit = [column for column in how.columns or () if column not in possible]
        for column in how.columns or possible:
            if column in unfit:
                continue
            table = perturbed(answers.table, column, harm, how.share, gate.seed)
            found = _score(Answers(opened.estimator, table, answers.truth), metric, functions)
            if isinstance(found, str):
                errors[harm][column] = found
            else:
                left = found.metrics[gate.metric]
                drops[harm][column] = None if left is None else sign * (value - left)
        fault = _fault(gate.metric, harm, most[harm], drops[harm], errors[harm], unfit)
        if fault is None:
            kept.append(_kept(gate.metric, harm, most[harm], drops[harm]))
        else:
            faults.append(fault)
    every = [drop for by_column in drops.values() for drop in by_column.values() if drop is not None]
    return decision(
        config.name,
        "robustness",
        "fail" if faults else "pass",
        "; ".join(faults or kept),
        observed=max(every, default=None),
        drops=drops,
        errors={harm: told for harm, told in errors.items() if told},
        **shown,
    )


def _score(answers: Answers, metric: Metric, functions: Mapping[str, CustomFunction]) -> Scores | str:
    """Return the scores on harmed rows, or the error that the model raises, in words."""
    try:
        with warnings.catch_warnings():
            warnings.simplefilter("ignore")  # of what was done to the rows on purpose
            return score(answers, [metric], functions)
    except Exception as error:  # noqa: BLE001 - whatever estimators and metrics of users raise, it is the answer
        cause = error.__cause__ or error
        return f"{type(cause).__name__}: {one_line(cause)}"


def _fault(
    metric: str,
    harm: Harm,
    most: float,
    drops: Mapping[str, float | None],
    errors: Mapping[str, str],
    unfit: list[str],
) -> str | None:
    """Say what is wrong with one perturbation, of several features the worst; None when nothing is."""
    what = _WORDS[harm]
    if unfit:
        return f"{what} '{unfit[0]}' cannot be judged: it is no feature of the kind"
    if not drops and not errors:
        return f"the model has no feature for {what.rpartition(' ')[0]}"
    if errors:
        column, told = next(iter(errors.items()))
        others = f", and {what} {_quoted(list(errors)[1:])} likewise" if len(errors) > 1 else ""
        return f"the model raises an error for {what} '{column}': {told.partition('. ')[0]}{others}"
    missing = [column for column, drop in drops.items() if drop is None]
    if missing:
        return f"with {what} {_quoted(missing)} {metric} has no value (NaN)"
    column, drop = _worst(drops)
    far = beyond(drop, None, most)
    return None if far is None else f"{what} '{column}' cost {number(drop)} of {metric}, {far}"


def _kept(metric: str, harm: Harm, most: float, drops: Mapping[str, float | None]) -> str:
    column, drop = _worst(drops)
    return f"{_WORDS[harm]} '{column}' cost {number(drop)} of {metric}, {within(None, most)}"


def _worst(drops: Mapping[str, float | None]) -> tuple[str, float]:
    known = {column: drop for column, drop in drops.items() if drop is not None}
    column = max(known, key=lambda one: known[one])
    return column, known[column]


def _quoted(columns: list[str]) -> str:
    return ", ".join(f"'{column}'" for column in columns)
