"""From an open table and a label to a draft: everything that a first spec says, but for what a run measures."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import timedelta
from typing import Any

from mlopsc.diagnostics.errors import UsageError
from mlopsc.diagnostics.suggest import did_you_mean
from mlopsc.profiling.columns import ColumnProfile, profile_columns
from mlopsc.profiling.contract import least_rows, propose
from mlopsc.profiling.keys import find_key
from mlopsc.profiling.leaks import find_leaks
from mlopsc.profiling.table import Table
from mlopsc.profiling.times import EventTime, find_event_time, find_hour, measure_event_time
from mlopsc.runtime.engine.statement import column, fragment
from mlopsc.starting.draft import Draft, Task
from mlopsc.starting.features import choose, entity_of
from mlopsc.starting.naming import slug, sql_name
from mlopsc.starting.task import label_expression, task_of
from mlopsc.vocabulary.columns import Column
from mlopsc.vocabulary.sources import FileSource

NONE = "none"
_SMALL, _WIDE, _CHECKED = 1000, 100, 6
_LINEAR = {"number": "sklearn.linear_model.Ridge"}
_BOOSTED = {"number": "sklearn.ensemble.HistGradientBoostingRegressor"}


@dataclass(frozen=True)
class Wishes:
    """What the user says instead of having it inferred. `none` says that there is none."""

    key: tuple[str, ...] = ()
    time: str | None = None
    regression: bool | None = None


def decide(
    table: Table,
    label: str,
    wishes: Wishes,
    *,
    name: str,
    origin: str,
    source: FileSource,
    nulls: Mapping[str, Sequence[str]],
) -> Draft:
    """Return the draft of a spec; `name` is that of the file, `origin` how the user wrote it.

    Raises UsageError for a label, key or time that is not there or cannot be one, and where no feature is left.
    """
    if not table.rows:
        raise UsageError(f"{origin} has no rows", help="expected a table with a header and rows below it")
    _there(table, label, "--label")
    columns = profile_columns(table)
    target = columns[label]
    task = task_of(target, regression=wishes.regression)
    key = _key(table, columns, label, wishes)
    time = _event_time(table, columns, label, wishes)
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
    growing = _growing(table, columns, time)
    required = {label, *key, *([time.name] if time else [])}
    contract = {
        one.name: propose(one, required=one.name in required, growing=one.name in growing)
        for one in columns.values()
        if len(columns) <= _WIDE or one.name in required
    }
    linear = target.filled < _SMALL
    return Draft(
        dataset=slug(name, "data"),
        training=slug(label, "label"),
        origin=origin,
        source=source,
        rows=table.rows,
        width=len(columns),
        nulls=nulls,
        primary_key=key or None,
        event_time=time,
        hour=find_hour(columns) if time and columns[time.name].type == "date" else None,
        columns=contract,
        checks=_checks(columns, choice.features, contract),
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


def _there(table: Table, name: str, option: str) -> None:
    if name not in table.types:
        few = did_you_mean(name, table.types, noun="its columns are")
        raise UsageError(
            f"{option} {name!r}: there is no such column", help=few or f"it has {len(table.types)} columns"
        )


def _key(table: Table, columns: Mapping[str, ColumnProfile], label: str, wishes: Wishes) -> tuple[str, ...]:
    if not wishes.key:
        return find_key(table, columns, label=label) or ()
    if wishes.key == (NONE,) and NONE not in columns:
        return ()
    for name in wishes.key:
        _there(table, name, "--key")
        if columns[name].nulls:
            raise UsageError(f"--key {name}: {columns[name].nulls:,} rows have no value in it")
    from sqlglot import exp

    row = exp.func("row", *(column(name) for name in wishes.key))
    different = int(table.ask(fragment("count(distinct $r)", r=row))[0])
    if different < table.rows:
        raise UsageError(
            f"--key {', '.join(wishes.key)}: {table.rows:,} rows have {different:,} different values",
            help="expected columns that together tell every two rows apart",
        )
    return wishes.key


def _event_time(
    table: Table, columns: Mapping[str, ColumnProfile], label: str, wishes: Wishes
) -> EventTime | None:
    if wishes.time is None:
        return find_event_time(table, {name: one for name, one in columns.items() if name != label})
    if wishes.time == NONE and NONE not in columns:
        return None
    _there(table, wishes.time, "--time")
    one = columns[wishes.time]
    if one.type not in ("date", "timestamp") or not one.filled:
        example = f"; such as {one.values[0][0]!r}" if one.values else ""
        raise UsageError(
            f"--time {wishes.time}: it is {one.type}{example}",
            help="expected dates or timestamps such as 2024-05-31 or 2024-05-31T14:00:00Z",
        )
    return measure_event_time(table, one)


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


def _growing(table: Table, columns: Mapping[str, ColumnProfile], time: EventTime | None) -> set[str]:
    """Return columns of few values of which some came only in the later half: more will come."""
    few = [one for one in columns.values() if one.values is not None and len(one.values) <= 31]
    if time is None or not few:
        return set()
    moment = column(time.name)
    middle = table.ask(fragment("quantile_disc($x, 0.5)", x=moment))[0]
    early = [
        fragment("count(distinct $c) filter (where $x < $t)", c=column(one.name), x=moment, t=middle)
        for one in few
    ]
    return {one.name for one, seen in zip(few, table.ask(*early), strict=True) if seen < one.distinct}


def _checks(
    columns: Mapping[str, ColumnProfile], features: Sequence[str], contract: Mapping[str, Column]
) -> tuple[dict[str, Any], ...]:
    rows = next(iter(columns.values())).rows
    checks: list[dict[str, Any]] = [
        {"expect": "table_row_count_to_be_between", "min_value": least_rows(rows)}
    ]
    sparse = [
        columns[name] for name in features if 0.01 <= columns[name].null_share <= 0.5 and name in contract
    ]
    for one in sparse[:_CHECKED]:
        mostly = int((1 - 1.5 * one.null_share) * 20) / 20
        checks.append(
            {
                "expect": "column_values_to_not_be_null",
                "column": one.name,
                "mostly": mostly,
                "severity": "warn",
            }
        )
    return tuple(checks)


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
    if draft.event_time is None:
        return None
    span = draft.event_time.span
    for days in (365, 90, 30, 7, 1):
        window = timedelta(days=days)
        if window * 8 <= span and draft.rows * (window / span) >= 200:
            return window
    return None
