"""Baselines: what naive forecasts would score on the same rows, so that a metric can be read beside something.

Of classes: `majority` says the commonest label of the train part, `prior` besides gives the classes' shares there as
probabilities (scikit-learn's DummyClassifier, `most_frequent` and `prior`). Of numbers: `mean` and `median`
(DummyRegressor). Where rows have times: `previous_value`, the last label before the row's time, in either part (the
no-change forecast; Bifet et al. 2013, CD-MOA, on why a stream's accuracy says little without it).
"""

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np
import numpy.typing as npt
import pandas as pd
import pyarrow as pa
import pyarrow.parquet as pq

from mlopsc.diagnostics.errors import StepFailed
from mlopsc.runtime.learning.frames import held_as, read_label, read_schema
from mlopsc.runtime.learning.measures import measure
from mlopsc.runtime.learning.scored import Recorded
from mlopsc.runtime.learning.scoring import Answers, CustomFunction, Values, score
from mlopsc.runtime.learning.threads import steady_sums
from mlopsc.vocabulary.artifacts import TIME
from mlopsc.vocabulary.metrics import Metric, metric_name

_FALLBACK = {True: "majority", False: "mean"}
"""What a row without an earlier label is forecast by: of classes, of numbers."""


@dataclass(frozen=True)
class Baselines:
    """Baseline → metric → value (None where it has none), and what is to be said of them."""

    metrics: dict[str, dict[str, float | None]]
    notes: tuple[str, ...]


def score_baselines(
    answers: Answers,
    metrics: Sequence[Metric],
    functions: Mapping[str, CustomFunction],
    parts: tuple[Path, Path],
    previous_by: Sequence[str] = (),
) -> Baselines:
    """Return the metrics of the naive forecasts of the rows that `answers` are about.

    `parts` are the train and the test part; of the first only labels, times and the columns of `previous_by` are read.
    """
    truth, seen = answers.codes, read_label(parts[0])
    if answers.classes is not None:
        seen = pd.Index(answers.labels, dtype=object).get_indexer(pd.Index(seen.astype(object)))
        if (seen < 0).any():
            return Baselines({}, ("no baselines: the train part has labels that the model does not know",))
    elif "O" in (truth.dtype.kind, seen.dtype.kind):
        return Baselines({}, ("no baselines: the labels are text, and the model gives no classes",))
    found: dict[str, dict[str, float | None]] = {}
    notes: list[str] = []
    for name, forecast in _forecasts(answers, seen):
        found[name] = _scored(forecast, metrics, functions)
    if TIME in read_schema(parts[1]).names:
        said, without = previous_values(parts, truth, seen, previous_by)
        fallback = _FALLBACK[answers.classes is not None]
        said[without] = dict(_constants(answers, seen))[fallback]
        found["previous_value"] = _scored(_forecast(answers, said), metrics, functions)
        if without.any():
            notes.append(
                f"previous_value: {int(without.sum())} rows have no earlier label and are forecast by {fallback}"
            )
    return Baselines(found, tuple(notes))


def _constants(answers: Answers, seen: Values) -> Iterator[tuple[str, Any]]:
    if answers.classes is None:
        yield "mean", float(np.mean(seen))
        yield "median", float(np.median(seen))
    else:
        yield "majority", int(np.argmax(np.bincount(seen, minlength=len(answers.classes))))


def _forecasts(answers: Answers, seen: Values) -> Iterator[tuple[str, Answers]]:
    for name, value in _constants(answers, seen):
        said = np.full(len(answers.truth), value)
        yield name, _forecast(answers, said)
        if name == "majority":
            assert answers.classes is not None
            shares = np.bincount(seen, minlength=len(answers.classes)) / len(seen)
            yield "prior", _forecast(answers, said, np.tile(shares, (len(said), 1)))


def _forecast(answers: Answers, said: Values, probabilities: Values | None = None) -> Answers:
    """Return a naive forecast as if a model had made it: `said` are codes of classes, or numbers.

    Without probabilities it is sure of what it says.
    """
    if answers.classes is None:
        recorded = {"predict": said.astype(np.float64)}
    else:
        labels = np.empty(len(answers.labels) + len(answers.unseen), dtype=object)
        labels[:] = [*answers.labels, *answers.unseen]
        if probabilities is None:
            probabilities = np.eye(len(labels), len(answers.classes))[said]
        recorded = {"predict": labels[said], "predict_proba": probabilities}
    forecast = Answers(Recorded(recorded, answers.classes), answers.table, answers.truth)
    # Known already, and dear to look up again by label.
    forecast.codes, forecast.decided = answers.codes, said
    return forecast


def _scored(
    forecast: Answers, metrics: Sequence[Metric], functions: Mapping[str, CustomFunction]
) -> dict[str, float | None]:
    """Return a forecast's metrics: of classes, from the few distinct rows where a metric takes weights."""
    few, weights = _distinct(forecast)
    values: dict[str, float | None] = {}
    for metric in metrics:
        with steady_sums(), np.errstate(all="ignore"):
            by_weights = measure(metric, few)
            found = None if by_weights is None else float(by_weights(weights)[0])
        if found is None:
            # What a naive forecast cannot be scored by (one class alone, say) is no fault of the model's.
            try:
                values |= score(forecast, [metric], functions).metrics
            except StepFailed:
                values[metric_name(metric)] = None
        else:
            values[metric_name(metric)] = found if np.isfinite(found) else None
    return values


def _distinct(forecast: Answers) -> tuple[Answers, npt.NDArray[np.float64]]:
    """Return the distinct (label, forecast) pairs and how many rows have each; numbers as they are."""
    if forecast.classes is None:
        return forecast, np.ones((1, len(forecast.truth)))
    size = len(forecast.labels) + len(forecast.unseen)
    pairs, first, counts = np.unique(
        forecast.codes * size + forecast.decided, return_index=True, return_counts=True
    )
    said = {question: forecast.ask(question)[first] for question in ("predict", "predict_proba")}
    few = Answers(Recorded(said, forecast.classes), forecast.table.iloc[:0], forecast.truth[first])
    few.codes, few.decided = pairs // size, pairs % size
    return few, counts[None, :].astype(np.float64)


def previous_values(
    parts: tuple[Path, Path], truth: Values, seen: Values, by: Sequence[str]
) -> tuple[Values, npt.NDArray[np.bool_]]:
    """Return for each row of the test part the last label before its time, and which rows have none.

    Of several labels at that time the test part's come last, each part in its order. With `by`, rows count that are
    equal in these columns; null equals null.
    """
    tables = [_times(path, by) for path in parts]
    keys = pa.concat_tables(tables)
    instants = np.asarray(keys.column(TIME).cast(pa.int64()))
    groups = np.zeros(len(instants), dtype=np.int64)
    for name in keys.column_names[1:]:
        codes = np.asarray(
            keys.column(name).combine_chunks().dictionary_encode(null_encoding="encode").indices
        )
        groups = groups * (int(codes.max(initial=0)) + 1) + codes
        groups = np.unique(groups, return_inverse=True)[1]
    ranks = np.unique(instants, return_inverse=True)[1]
    places = groups * (int(ranks.max(initial=0)) + 1) + ranks
    order = np.argsort(places, kind="stable")
    labels = np.concatenate([seen, truth])[order]
    own = slice(len(tables[0]), None)
    before = np.searchsorted(places[order], places[own]) - 1
    without = (before < 0) | (groups[order][before] != groups[own])
    return labels[np.where(without, 0, before)], without


def _times(path: Path, by: Sequence[str]) -> pa.Table:
    names = read_schema(path).names
    columns = [held_as(name, names) for name in by]
    with path.open("rb") as file:
        return pq.read_table(file, columns=[TIME, *columns])
