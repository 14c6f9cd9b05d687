"""From an open table and a label to a draft: everything that a first spec says, but for what a run measures."""

from dataclasses import replace
from datetime import timedelta
from typing import Any

from mlopsc.diagnostics.errors import UsageError
from mlopsc.profiling.columns import ColumnProfile, profile_columns
from mlopsc.profiling.leaks import find_leaks
from mlopsc.profiling.table import Table
from mlopsc.profiling.times import EventTime
from mlopsc.runtime.engine.statement import column, fragment
from mlopsc.starting.draft import Draft, Task
from mlopsc.starting.features import choose, entity_of
from mlopsc.starting.naming import slug, sql_name
from mlopsc.starting.proposal import (
    Origin,
    Wishes,
    propose_dataset,
    require_column,
    sparse_checks,
)
from mlopsc.starting.task import label_expression, task_of

_SMALL = 1000
_LINEAR = {"number": "sklearn.linear_model.Ridge"}
_BOOSTED = {"number": "sklearn.ensemble.HistGradientBoostingRegressor"}


def decide(table: Table, label: str, wishes: Wishes, *, name: str, origin: Origin) -> Draft:
    """Return the draft of a spec; `name` is that of the file.

    Raises UsageError for a label, key or time that is not there or cannot be one, and where no feature is left.
    """
    if not table.rows:
        raise UsageError(
            f"{origin.written} has no rows", help="expected a table with a header and rows below it"
        )
    require_column(table, label, "--label")
    columns = profile_columns(table)
    target = columns[label]
    task = task_of(target, regression=wishes.regression)
    data = propose_dataset(table, columns, wishes, name=slug(name, "data"), origin=origin, label=label)
    key, time = data.primary_key or (), data.event_time
    others = {name: one for name, one in columns.items() if (name,) != key}
    leaks = find_leaks(table, others, label, classes=task != "number")
    group = None if time is not None else entity_of(columns, label, key)
    choice = choose(
        columns, label=label, key=key, event_time=time.name if time else None, group=group, leaks=leaks
    )
    if not choice.features:
        reasons = "; ".join(f"{', '.join(one.columns)}: {one.reason}" for one in choice.left_out)
        raise UsageError(
            f"no column is left to predict {label!r} from", help=reasons or "the file has no other column"
        )
    split, split_note = _split(table, target, task, time, group)
    linear = target.filled < _SMALL
    return Draft(
        data=replace(data, checks=(*data.checks, *sparse_checks(data, choice.features))),
        training=slug(label, "label"),
        label=target,
        label_sql=label_expression(target, sql_name(label), task),
        task=task,
        features=choice.features,
        categorical=choice.categorical,
        left_out=choice.left_out,
        split=split,
        split_note=split_note,
        estimator=_estimator(task, linear=linear),
        linear=linear,
        metrics=_metrics(task, target),
    )


def _split(
    table: Table, label: ColumnProfile, task: Task, time: EventTime | None, group: str | None
) -> tuple[dict[str, Any], str]:
    share = 0.25 if label.filled < _SMALL else 0.2
    why = ""
    if time is not None:
        if not _latest_will_do(table, label, task, time):
            why = f"the latest rows by {time.name} would make no fair test"
        else:
            return {"type": "time", "test": share}, "learns from the past, is tested on what came later"
    if group is not None:
        return {"type": "group", "by": group, "test": share}, f"no {group} is in both parts"
    if task == "number":
        return {"type": "random", "test": share}, why
    return {"type": "stratified", "test": share}, why or "every class keeps its share"


def _latest_will_do(table: Table, label: ColumnProfile, task: Task, time: EventTime) -> bool:
    """Say whether the latest fifth is about a fifth, and both parts have every class."""
    if not 0.1 <= time.latest <= 0.4:
        return False
    if task == "number":
        return True
    value, moment = column(label.name), column(time.name)
    from_ = table.ask(fragment("quantile_disc($x, 0.8)", x=moment))[0]
    before, after = table.ask(
        fragment("count(distinct $y) filter (where $x < $t)", y=value, x=moment, t=from_),
        fragment("count(distinct $y) filter (where $x >= $t)", y=value, x=moment, t=from_),
    )
    return bool(before == after == label.distinct)


def _estimator(task: Task, *, linear: bool) -> str:
    if linear:
        return _LINEAR.get(task, "sklearn.linear_model.LogisticRegression")
    return _BOOSTED.get(task, "sklearn.ensemble.HistGradientBoostingClassifier")


def _metrics(task: Task, label: ColumnProfile) -> tuple[str, ...]:
    match task:
        case "number":
            return ("r2", "neg_mean_absolute_error", "neg_root_mean_squared_error")
        case "classes":
            return ("balanced_accuracy", "accuracy", "f1_macro")
        case "binary" if label.type == "string":
            return ("roc_auc", "balanced_accuracy", "neg_log_loss")
        case "binary":
            return ("roc_auc", "average_precision", "balanced_accuracy")


def monitor_window(draft: Draft) -> timedelta | None:
    """Return the stretch that a monitor watches: about a tenth of the time, with rows enough; None for all rows."""
    if draft.data.event_time is None:
        return None
    span = draft.data.event_time.span
    for days in (365, 90, 30, 7, 1):
        window = timedelta(days=days)
        if window * 8 <= span and draft.data.rows * (window / span) >= 200:
            return window
    return None
