"""Count segments: how many rows each has in both parts, and whether every row will have a model."""

from collections.abc import Iterator, Mapping
from pathlib import Path
from typing import Any

import numpy as np
import pandas as pd

from mlopsc.diagnostics.errors import Refusal
from mlopsc.runtime.context import Context
from mlopsc.runtime.decisions import write_json
from mlopsc.runtime.learning.frames import Kind, features_of, read_features, read_schema
from mlopsc.runtime.learning.misfits import class_word, shown
from mlopsc.runtime.learning.segment_places import places_of, wanted
from mlopsc.vocabulary.operations import CountSegments
from mlopsc.vocabulary.segments import Segments

OTHERS = 20
"""So many values without a model of their own are told."""
_PARTS = ("train", "test")


def run(
    config: CountSegments,
    inputs: Mapping[str, Path],
    outputs: Mapping[str, Path],
    context: Context,  # noqa: ARG001
) -> None:
    """Write the counts. Raises Refusal when a segment has fewer rows than `min_rows` in the train part, and, where
    other rows are refused, when there are such; StepFailed when the column cannot be a feature."""
    segments = config.for_each
    (feature,) = features_of(read_schema(inputs["train"]), [segments.column])
    columns = {part: read_features(inputs[part], [feature])[feature.name] for part in _PARTS}
    places = {part: places_of(columns[part], segments.values) for part in _PARTS}
    counted = [
        {"value": value} | {part: int((places[part] == place).sum()) for part in _PARTS}
        for place, value in enumerate(segments.values)
    ]
    others = _others({part: columns[part][places[part] < 0] for part in _PARTS}, feature.kind)
    failures = [*_too_few(segments, counted), *_without_model(segments, others)]
    notes = [
        f"no row of the test part is of segment {segments.column} = {wanted([one['value']])}: its model is not judged"
        for one in counted
        if not one["test"]
    ]
    about = {"training": config.training, "column": segments.column, "other": segments.other}
    found = {"segments": counted, "others": others[:OTHERS], "notes": notes, "failures": failures}
    write_json(outputs["report"], about | found)
    for line in notes:
        print(f"warning: {config.training}: {line}")
    for one in counted:
        print(
            f"{config.training}: {segments.column} = {wanted([one['value']])}: "
            f"{one['train']} train rows, {one['test']} test rows"
        )
    if failures:
        raise Refusal(f"training '{config.training}': {'; '.join(failures)}")


def _others(columns: Mapping[str, "pd.Series[Any]"], kind: Kind) -> list[dict[str, Any]]:
    """Return values and how many rows each has in either part, the commonest first; null is None."""
    counts = pd.DataFrame({part: column.value_counts(dropna=False) for part, column in columns.items()})
    counts = counts.fillna(0).astype(np.int64)
    listed = [
        {"value": _plain(value, kind), **dict(zip(_PARTS, row, strict=True))}
        for value, row in zip(counts.index.tolist(), counts[list(_PARTS)].to_numpy().tolist(), strict=True)
    ]
    return sorted(listed, key=lambda one: (-one["train"] - one["test"], str(one["value"])))


def _too_few(segments: Segments, counted: list[dict[str, Any]]) -> Iterator[str]:
    for one in counted:
        if one["train"] < segments.min_rows:
            rest = (
                "" if segments.other == "refuse" else f" (`other: {segments.other}` then holds for its rows)"
            )
            yield (
                f"segment {segments.column} = {wanted([one['value']])} has {one['train']} rows in the train part, "
                f"`min_rows` is {segments.min_rows}: take it out of `values`{rest}, or ask for fewer rows"
            )


def _without_model(segments: Segments, others: list[dict[str, Any]]) -> Iterator[str]:
    if segments.other != "refuse" or not others:
        return
    told = [f"{_word(one['value'])} ({one['train'] + one['test']})" for one in others[:5]]
    more = [f"and {len(others) - 5} more"] if len(others) > 5 else []
    yield (
        f"rows of {segments.column} = {', '.join([*told, *more])} have no model: list their segments in `values`, "
        "or say `other: pool` or `other: drop`"
    )


def _plain(value: Any, kind: Kind) -> Any:
    if value != value:
        return None
    if kind == "boolean":
        return bool(value)
    return int(value) if kind == "numeric" and value.is_integer() else value


def _word(value: Any) -> str:
    return "null" if value is None else shown(value) if isinstance(value, str) else class_word(value)
