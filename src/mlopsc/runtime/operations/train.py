"""Train: fit preprocessing and estimator on the train part, or on one segment of it, and save them with the model's
signature."""

import json
from collections.abc import Mapping, Sequence
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import Any

import numpy as np
import pyarrow as pa
import pyarrow.parquet as pq
from sklearn.base import is_regressor

from mlopsc.runtime.context import Context
from mlopsc.runtime.decisions import write_json
from mlopsc.runtime.environment import captured
from mlopsc.runtime.learning.fitted import trust_in
from mlopsc.runtime.learning.fitting import (
    LabelledRows,
    about_segment,
    fit_model,
    read_labelled,
    thresholds_of,
)
from mlopsc.runtime.learning.frames import features_of, frame_of, read_rows
from mlopsc.runtime.learning.observed import example_of, observed
from mlopsc.runtime.learning.scoring import Values, class_labels
from mlopsc.runtime.learning.segment_places import places_of
from mlopsc.runtime.learning.segmented import SegmentedModel
from mlopsc.runtime.models.archive import save_model
from mlopsc.runtime.models.canonical import dump_estimator, load_estimator
from mlopsc.runtime.models.trust import Trust
from mlopsc.runtime.store import digest_of_bytes, digest_of_file
from mlopsc.runtime.tuning.best import chosen
from mlopsc.runtime.user_code import closure, digest_of_functions, resolve_reference
from mlopsc.runtime.user_libraries import distributions_of, user_libraries
from mlopsc.vocabulary.estimators import CustomEstimator, Estimator
from mlopsc.vocabulary.operations import Train
from mlopsc.vocabulary.segments import Segment, Segments


def run(config: Train, inputs: Mapping[str, Path], outputs: Mapping[str, Path], context: Context) -> None:
    """Write the fitted model. Raises StepFailed when a feature, the label or the parameters do not fit."""
    if config.tuned:
        config = config.model_copy(update={"params": {**config.params, **chosen(inputs["trials"])}})
    if config.segment_by is None or config.segment is None:
        train_on(config, inputs["train"], outputs["model"], context)
    else:
        with TemporaryDirectory(dir=outputs["model"].parent) as folder, about_segment(config):
            rows = Path(folder) / "rows.parquet"
            _write_segment(inputs["train"], config.segment_by, config.segment, rows)
            train_on(config, rows, outputs["model"], context)
    write_environment(config, outputs["environment"], context)


def train_on(
    config: Train,
    table: Path,
    out: Path,
    context: Context,
    *,
    judged: str | None = None,
    settled: Sequence[float] | None = None,
) -> None:
    """Fit a model on all rows of a table, and write it; `judged` is the digest of the one that it replaces, `settled`
    are that one's thresholds."""
    rows = read_labelled(table, config)
    model = fit_model(config, rows, context, settled)
    if isinstance(model, SegmentedModel):
        model = _apart(model, _trust(config, context))
    save_trained(config, table, rows, model, out, context, judged=judged)


def _apart(model: SegmentedModel, trusted: Trust) -> SegmentedModel:
    """Return the model of models that share no object, such as a list among their parameters, as if each had been saved
    by itself: then it is the one that is assembled of such, to the byte."""
    *models, pooled = (
        None if one is None else load_estimator(dump_estimator(one, trusted), trusted)
        for one in (*model.models, model.pooled)
    )
    return SegmentedModel(model.column, model.values, models, pooled)


def save_trained(
    config: Train,
    table: Path,
    rows: LabelledRows,
    model: Any,
    out: Path,
    context: Context,
    *,
    judged: str | None = None,
) -> None:
    """Write a fitted model with its signature and the hashes of the rows of the table that it was trained on."""
    signature = _signature(config, rows, model, context.project) | {
        "recipe": _recipe(config, table, context.project)
    }
    if judged is not None:
        signature["refitted"] = judged
    save_model(out, model, signature, read_rows(table), trusted=_trust(config, context))


def _trust(config: Train, context: Context) -> Trust:
    return trust_in(config.functions(), config.trust, context.project, training=config.training)


def write_environment(config: Train, out: Path, context: Context) -> None:
    """Write in what environment a model is made."""
    write_json(out, captured(_libraries(config, context), context.threads))


def _write_segment(table: Path, column: str, value: Segment, out: Path) -> None:
    """Write the rows of a feature table that are of one segment, in their order."""
    with table.open("rb") as file:
        rows = pq.read_table(file)
    told = frame_of(rows, features_of(rows.schema, [column]))[column]
    pq.write_table(rows.filter(pa.array(places_of(told, [value]) == 0)), out)


def _libraries(config: Train, context: Context) -> tuple[str, ...]:
    """Return the distributions that the model depends on: the operation's, those of trusted types, and those that the
    user's code imports."""
    named = {*config.libraries, *config.engine_libraries(), *distributions_of(config.trusted())}
    for reference in config.functions():
        module = resolve_reference(reference).module
        named |= {*user_libraries(context.project, module, closure(context.project, module))}
    return tuple(sorted(named))


def _signature(config: Train, rows: LabelledRows, model: Any, project: Path) -> dict[str, Any]:
    classes = class_labels(model)
    own = config.estimator
    options = {
        "class_weight": config.class_weight,
        "sample_weight": config.sample_weight,
        "calibrate": None if config.calibrate is None else config.calibrate.model_dump(exclude_none=True),
        "threshold": None if config.threshold is None or config.for_each else model.threshold,
        "segments": None if config.for_each is None else _segments(config.for_each, rows, model),
    }
    return {
        "features": [
            {"name": one.name, "kind": one.kind, "type": one.type, **observed(rows.table, one)}
            for one in rows.features
        ],
        "label": config.label,
        "label_kind": "numeric" if is_regressor(model) else label_kind(rows.label),
        "task": "regression" if classes is None else "classification",
        "classes": None if classes is None else classes.tolist(),
        "estimator": own.python if isinstance(own, CustomEstimator) else own,
        **_loader(own, project),
        "params": config.params,
        "seed": config.seed,
        "rows": len(rows.label),
        **({"example": example_of(rows.table, rows.features)} if config.example else {}),
        **{name: value for name, value in options.items() if value is not None},
    }


def _segments(segments: Segments, rows: LabelledRows, model: SegmentedModel) -> dict[str, Any]:
    """Return which column tells the segments, and of each model its value, its rows, and its threshold if it has one;
    of the pooled one, which comes last, the value is not told."""
    counts = np.bincount(places_of(rows.table[segments.column], segments.values) + 1)
    counts.resize(len(segments.values) + 1)
    told: list[dict[str, Any]] = [
        {"value": value, "rows": count}
        for value, count in zip(segments.values, counts[1:].tolist(), strict=True)
    ]
    if segments.other == "pool":
        told.append({"rows": len(rows.label)})
    for one, threshold in zip(told, thresholds_of(model), strict=False):
        one["threshold"] = threshold
    return {"column": segments.column, "other": segments.other, "models": told}


def _loader(estimator: Estimator, project: Path) -> dict[str, Any]:
    """Return what opens a model of the user's own, with the digest of its code: another loader, another model."""
    if not isinstance(estimator, CustomEstimator) or estimator.loader is None:
        return {}
    code = digest_of_functions(project, [estimator.loader])
    return {"loader": {"function": estimator.loader, "code": code}}


def _recipe(config: Train, train: Path, project: Path) -> str:
    """Return a digest of all that makes the model but its seeds: by it a champion gate tells luck from merit."""
    said = config.model_dump(mode="json", exclude={"seed", "training", "params", "trust"})
    params = {name: value for name, value in config.params.items() if not name.endswith("random_state")}
    code = digest_of_functions(project, config.functions())
    text = json.dumps([said, params, digest_of_file(train), code], sort_keys=True)
    return digest_of_bytes(text.encode())


def label_kind(label: Values) -> str:
    """Return `boolean`, `numeric` or `string`."""
    return {"b": "boolean", "O": "string"}.get(label.dtype.kind, "numeric")
