"""The text of a first spec: laid out and commented as a careful colleague would."""

from collections.abc import Iterator
from datetime import datetime, timedelta
from math import ceil, floor, sqrt
from typing import Any

from mlopsc.diagnostics.render_text import escape
from mlopsc.profiling.names import names_season
from mlopsc.spec.written import scalar
from mlopsc.starting.decide import monitor_window
from mlopsc.starting.draft import Draft, Measured
from mlopsc.starting.naming import monitor_name
from mlopsc.starting.task import shares
from mlopsc.starting.yaml_text import flow, wrapped
from mlopsc.vocabulary.time import format_duration, format_timestamp

WIDTH = 110
SCHEMA = ".mlopsc/mlops.v1.schema.json"
_REMARKS_AT = 48
_NAMES = 28
_MARGIN, _SPREAD = 0.01, 0.5
_YEAR = timedelta(days=365)
_CLASSES_SHOWN, _ROOM = 6, 80


def spec_text(draft: Draft, measured: Measured | None) -> str:
    """Return the whole spec; `measured` is what a first run came to, None where there was none."""
    parts = [
        _head(draft),
        _parameters(draft),
        _datasets(draft),
        _training(draft),
        _gates(draft, measured),
        _registry(draft),
        _monitors(draft),
    ]
    return "\n".join("\n".join(lines) + "\n" for lines in (list(part) for part in parts) if lines)


def measuring_text(draft: Draft) -> str:
    """Return as much of the spec as a run needs in order to measure."""
    head = ["apiVersion: mlopsc/v1", f"project: {{name: {draft.dataset}}}"]
    return "\n".join([*head, *_datasets(draft), *_training(draft), ""])


def threshold(measured: Measured) -> float:
    """Return a round number a little below: by about a standard error of a share, and 0.01 at least."""
    margin = max(_MARGIN, _SPREAD / sqrt(measured.rows))
    return floor(round((measured.value - margin) * 100, 6)) / 100


def chance(draft: Draft) -> float:
    """Return what the gated metric is for a model that knows nothing, rounded up to two digits."""
    match draft.task:
        case "binary":
            return 0.5
        case "classes":
            return ceil(100 / draft.label.distinct) / 100
        case "number":
            return 0.0


def no_better_than_chance(draft: Draft, measured: Measured) -> bool:
    """Say whether the first run's model knows nothing."""
    return measured.value <= chance(draft)


def _head(draft: Draft) -> Iterator[str]:
    yield f"# yaml-language-server: $schema={SCHEMA}"
    name = escape(draft.origin.rpartition("/")[2])  # not where it lies: the spec travels
    yield f"# Begun by `mlopsc init` from {name}: {draft.rows:,} rows, {draft.width} columns."
    yield "apiVersion: mlopsc/v1"
    yield f"project: {flow({'name': draft.dataset, 'description': f'Predicts {draft.label.name}'})}"


def _parameters(draft: Draft) -> Iterator[str]:
    if monitor_window(draft) is None:
        return
    assert draft.event_time is not None
    yield "parameters:"
    yield _noted(
        f"  as_of: {{type: timestamp, default: {format_timestamp(_next_day(draft.event_time.last))}}}",
        "the end of the data; newer: `--set as_of=…`",
    )


def _next_day(moment: datetime) -> datetime:
    return moment.replace(hour=0, minute=0, second=0, microsecond=0) + timedelta(days=1)


def _datasets(draft: Draft) -> Iterator[str]:
    yield "datasets:"
    yield f"  {draft.dataset}:"
    source = draft.source.model_dump(mode="json", exclude_defaults=True) | {"type": draft.source.type}
    ordered = {
        key: source[key] for key in ("type", "path", *(key for key in source if key not in ("type", "path")))
    }
    yield from _remarked(f"    source: {flow(ordered)}", _null_note(draft))
    if draft.primary_key:
        yield f"    primary_key: {flow(draft.primary_key)}"
    else:
        yield "    # No primary key: neither a column nor two or three together tell the rows apart."
    if draft.event_time:
        hour = f"whole days; the hour stands in {draft.hour}" if draft.hour else ""
        yield from _remarked(f"    event_time: {scalar(draft.event_time.name)}", hour)
    yield from _columns(draft)
    yield "    checks:"
    for check in draft.checks:
        line = f"      - {flow(check)}"
        first = check["expect"] == "table_row_count_to_be_between"
        yield from _remarked(line, "half of today's rows" if first else "")


def _null_note(draft: Draft) -> str:
    blank = [word for word in draft.nulls if not word.strip()]
    notes = []
    for word, columns in draft.nulls.items():
        some = columns[0] if len(columns) == 1 else f"{len(columns)} columns"
        notes.append(f"{'a blank' if word in blank else word} in {some}")
    return f"{'; '.join(notes)}: not known" if notes else ""


def _columns(draft: Draft) -> Iterator[str]:
    narrow = len(draft.columns) < draft.width
    note = (
        "only what matters most; name others as you need"
        if narrow
        else "today's values, with room for others"
    )
    yield _noted("    columns:", note)
    names = {name: scalar(name) + ":" for name in draft.columns}
    width = min(_NAMES, max(len(shown) for shown in names.values()))
    for name, column in draft.columns.items():
        told = column.model_dump(mode="json", exclude_defaults=True)
        start = f"      {names[name]:<{width}} "
        allowed = told.get("allowed")
        if len(start) + len(flow(told)) <= WIDTH or not allowed:
            yield start + flow(told)
            continue
        rest = {key: value for key, value in told.items() if key != "allowed"}
        yield start + flow(rest).removesuffix("}") + ","
        *lines, last = wrapped(" " * len(start) + " allowed:", allowed, WIDTH - 1)
        yield from (*lines, last + "}")


def _training(draft: Draft) -> Iterator[str]:
    yield "training:"
    yield f"  {draft.training}:"
    yield from _remarked(
        f"    entities: {flow({'dataset': draft.dataset, 'label': draft.label_sql})}", _label_note(draft)
    )
    yield from wrapped("    features:", draft.features, WIDTH)
    if draft.left_out:
        yield "    # Left out:"
        named = [", ".join(one.columns) for one in draft.left_out]
        width = min(_NAMES, max(map(len, named)))
        for names, one in zip(named, draft.left_out, strict=True):
            yield from _reason(names, one.reason, width)
    yield from _remarked(f"    split: {flow(draft.split)}", draft.split_note)
    yield from _remarked(
        f"    estimator: {draft.estimator}", "linear: for more there are too few rows" if draft.linear else ""
    )
    if draft.categorical:
        yield _noted(
            f"    preprocess: {flow({'categorical_columns': draft.categorical})}", "numbers that are names"
        )
    yield f"    metrics: {flow(draft.metrics)}"


def _reason(names: str, reason: str, width: int) -> Iterator[str]:
    from textwrap import wrap

    indent = f"    #   {'':<{width}}  "
    if len(names) > width:
        yield from (f"    #   {line}" for line in wrap(names, WIDTH - 8))
        yield from (indent + line for line in wrap(reason, WIDTH - len(indent)))
        return
    first, *rest = wrap(reason, WIDTH - len(indent))
    yield f"    #   {names:<{width}}  {first}"
    yield from (indent + line for line in rest)


def _label_note(draft: Draft) -> str:
    label = draft.label
    if draft.task == "number":
        note = f"from {_brief(label.low)} to {_brief(label.high)}"
    else:
        told = [f"{name} {100 * share:.0f} %" for name, share in shares(label).items()]
        shown = told[:_CLASSES_SHOWN] if sum(map(len, told[:_CLASSES_SHOWN])) < _ROOM else told[:1]
        note = ", ".join(
            [*shown, *([f"{len(told) - len(shown)} more classes"] if len(told) > len(shown) else [])]
        )
    return f"{note}; {label.nulls:,} rows have none" if label.nulls else note


def _brief(value: Any) -> str:
    return f"{value:,}" if isinstance(value, int) else f"{value:,.6g}"


def _gates(draft: Draft, measured: Measured | None) -> Iterator[str]:
    least = chance(draft)
    if measured is None:
        note = "not measured yet: better than chance"
    elif no_better_than_chance(draft, measured):
        least = threshold(measured)
        note = f"measured {measured.value:.3g} on {measured.rows:,} rows: no better than chance"
    else:
        least = max(least, threshold(measured))
        note = f"measured {measured.value:.3g} on {measured.rows:,} rows"
    yield "gates:"
    common = {"training": draft.training, "metric": draft.metric}
    yield from _remarked(f"  good_enough: {flow({'type': 'metric', **common, 'min': least})}", note)
    yield f"  beats_champion: {flow({'type': 'champion', **common, 'min_delta': 0.0, 'if_none': 'pass'})}"


def _registry(draft: Draft) -> Iterator[str]:
    yield "registry:"
    yield f"  {draft.training}:"
    yield f"    training: {draft.training}"
    yield "    stages:"
    yield _noted("      staging: {gates: [good_enough]}", "where a run puts a model that passes")
    yield _noted("      production: {gates: [beats_champion]}", "where `mlopsc registry promote` puts one")


def _monitors(draft: Draft) -> Iterator[str]:
    yield "monitors:"
    yield f"  {monitor_name(draft.training)}:"
    yield f"    model: {draft.training}"
    yield "    stage: staging"
    window = monitor_window(draft)
    if window is None:
        yield _noted(
            f"    current: {{dataset: {draft.dataset}}}", "the rows of today: new ones in the same file"
        )
    else:
        until = '"${params.as_of}"'
        seasonal = [name for name in draft.features if names_season(name)]
        if seasonal and window < _YEAR:
            yield f"    # {', '.join(seasonal)}: of the calendar, so different in a window shorter than a year."
        yield f"    current: {{dataset: {draft.dataset}, window: {format_duration(window)}, until: {until}}}"


def _noted(line: str, note: str) -> str:
    """Return a line with a remark behind it."""
    return f"{line:<{_REMARKS_AT - 2}}  # {note}"


def _remarked(line: str, note: str) -> Iterator[str]:
    """Yield a line with its remark behind it, or above it where there is no room."""
    if not note:
        yield line
    elif len(with_note := _noted(line, note)) <= WIDTH:
        yield with_note
    else:
        indent = len(line) - len(line.lstrip())
        yield f"{' ' * indent}# {note}"
        yield line
