"""The text of a first spec: laid out and commented as a careful colleague would."""

from collections.abc import Iterator
from datetime import datetime, timedelta
from math import ceil, floor, sqrt
from typing import Any

from mlopsc.diagnostics.render_text import escape
from mlopsc.profiling.names import names_season
from mlopsc.spec.flow import flow, wrapped
from mlopsc.starting.dataset_text import NAMES, WIDTH, dataset_lines, noted, remarked
from mlopsc.starting.decide import monitor_window
from mlopsc.starting.draft import Draft, Measured
from mlopsc.starting.naming import monitor_name
from mlopsc.starting.task import shares
from mlopsc.vocabulary.time import format_duration, format_timestamp

SCHEMA = ".mlopsc/mlops.v1.schema.json"
_MARGIN, _SPREAD = 0.01, 0.5
_YEAR = timedelta(days=365)
_CLASSES_SHOWN, _ROOM = 6, 80


def spec_text(draft: Draft, measured: Measured | None) -> str:
    """Return the whole spec; `measured` is what a first run came to, None where there was none."""
    parts = [
        _head(draft),
        _parameters(draft),
        dataset_lines(draft.data),
        _training(draft),
        _gates(draft, measured),
        _registry(draft),
        _monitors(draft),
    ]
    return "\n".join("\n".join(lines) + "\n" for lines in (list(part) for part in parts) if lines)


def measuring_text(draft: Draft) -> str:
    """Return as much of the spec as a run needs in order to measure."""
    head = ["apiVersion: mlopsc/v1", f"project: {{name: {draft.data.name}}}"]
    return "\n".join([*head, *dataset_lines(draft.data), *_training(draft), ""])


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
    name = escape(draft.data.origin.written.rpartition("/")[2])  # not where it lies: the spec travels
    yield f"# Begun by `mlopsc init` from {name}: {draft.data.rows:,} rows, {draft.data.width} columns."
    yield "apiVersion: mlopsc/v1"
    yield f"project: {flow({'name': draft.data.name, 'description': f'Predicts {draft.label.name}'})}"


def _parameters(draft: Draft) -> Iterator[str]:
    if monitor_window(draft) is None:
        return
    assert draft.data.event_time is not None
    yield "parameters:"
    yield noted(
        f"  as_of: {{type: timestamp, default: {format_timestamp(_next_day(draft.data.event_time.last))}}}",
        "the end of the data; newer: `--set as_of=…`",
    )


def _next_day(moment: datetime) -> datetime:
    return moment.replace(hour=0, minute=0, second=0, microsecond=0) + timedelta(days=1)


def _training(draft: Draft) -> Iterator[str]:
    yield "training:"
    yield f"  {draft.training}:"
    yield from remarked(
        f"    entities: {flow({'dataset': draft.data.name, 'label': draft.label_sql})}", _label_note(draft)
    )
    yield from wrapped("    features:", draft.features, WIDTH)
    if draft.left_out:
        yield "    # Left out:"
        named = [", ".join(one.columns) for one in draft.left_out]
        width = min(NAMES, max(map(len, named)))
        for names, one in zip(named, draft.left_out, strict=True):
            yield from _reason(names, one.reason, width)
    yield from remarked(f"    split: {flow(draft.split)}", draft.split_note)
    yield from remarked(
        f"    estimator: {draft.estimator}", "linear: for more there are too few rows" if draft.linear else ""
    )
    if draft.categorical:
        yield noted(
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
    yield from remarked(f"  good_enough: {flow({'type': 'metric', **common, 'min': least})}", note)
    yield f"  beats_champion: {flow({'type': 'champion', **common, 'min_delta': 0.0, 'if_none': 'pass'})}"


def _registry(draft: Draft) -> Iterator[str]:
    yield "registry:"
    yield f"  {draft.training}:"
    yield f"    training: {draft.training}"
    yield "    stages:"
    yield noted("      staging: {gates: [good_enough]}", "where a run puts a model that passes")
    yield noted("      production: {gates: [beats_champion]}", "where `mlopsc registry promote` puts one")


def _monitors(draft: Draft) -> Iterator[str]:
    yield "monitors:"
    yield f"  {monitor_name(draft.training)}:"
    yield f"    model: {draft.training}"
    yield "    stage: staging"
    window = monitor_window(draft)
    if window is None:
        yield noted(
            f"    current: {{dataset: {draft.data.name}}}", "the rows of today: new ones in the same file"
        )
    else:
        until = '"${params.as_of}"'
        seasonal = [name for name in draft.features if names_season(name)]
        if seasonal and window < _YEAR:
            yield f"    # {', '.join(seasonal)}: of the calendar, so different in a window shorter than a year."
        yield f"    current: {{dataset: {draft.data.name}, window: {format_duration(window)}, until: {until}}}"
