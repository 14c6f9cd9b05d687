"""Lowering of a training for each segment: its models, which fan out, and what puts them together."""

from collections.abc import Iterator, Mapping
from typing import Any

from mlopsc.compiler.lower.steps import make_step
from mlopsc.plan.plan import Artifact, Fan, Step
from mlopsc.spec.document import Document
from mlopsc.spec.training import Training
from mlopsc.vocabulary import operations as op
from mlopsc.vocabulary.segments import Segments


def population(training: Training) -> str | None:
    """Return the SQL condition of the rows that count: `where`, and of segments that drop other rows that it is one."""
    where, segments = training.entities.where, training.for_each
    if segments is None or segments.other != "drop":
        return where
    from sqlglot import exp

    column = exp.column(exp.to_identifier(segments.column, quoted=True))
    listed = column.isin(*segments.values).sql(dialect="duckdb")
    return listed if where is None else f"(\n{where}\n) AND {listed}"


def model_step(name: str, training: Training) -> str:
    """Return the step that makes the model which is judged."""
    return f"train_{name}" if training.for_each is None else f"assemble_{name}"


def kept_model(name: str, training: Training) -> Artifact:
    """Return the model that is registered, served and exported: with `refit`, the one of all rows."""
    step = f"refit_{name}" if training.refit else model_step(name, training)
    return Artifact(step=step, port="model")


def count_step(
    document: Document, name: str, training: Training, parts: Mapping[str, Artifact]
) -> tuple[Step, ...]:
    """Return the step that counts the rows of segments in both parts, which refuses to go on; none without segments."""
    if training.for_each is None:
        return ()
    count = make_step(
        f"segments_{name}",
        op.CountSegments,
        document,
        ("training", name, "for_each"),
        inputs=parts,
        policy=training.policy,
        training=name,
        for_each=training.for_each,
    )
    return (count,)


def segment_steps(
    document: Document,
    name: str,
    training: Training,
    segments: Segments,
    learning: Mapping[str, Any],
    inputs: Mapping[str, Artifact],
    after: tuple[str, ...],
) -> Iterator[Step]:
    """Yield the steps that train the models of segments, and put these together.

    `learning` is what a train step says, `inputs` what it reads, and it comes `after` these steps.
    """
    origin, whole = ("training", name, "for_each"), op.Train.model_construct(operation="train", **learning)
    names, tuned = [f"train_{name}_{word}" for word in segments.words], "trials" in inputs
    models = [
        make_step(
            step,
            op.Train,
            document,
            origin,
            inputs=inputs,
            after=after,
            policy=training.policy,
            fan=Fan(group=f"train_{name}", index=index, field="segment", limit=segments.parallel),
            **_said(whole.of_segment(value)),
            tuned=tuned,
        )
        for index, (step, value) in enumerate(zip(names, segments.values, strict=True))
    ]
    gathered = {f"models_{index}": Artifact(step=step, port="model") for index, step in enumerate(names)}
    pooled = []
    if segments.other == "pool":
        all_rows = make_step(
            f"pooled_{name}",
            op.Train,
            document,
            origin,
            inputs=inputs,
            after=after,
            policy=training.policy,
            **_said(whole.of_all()),
            tuned=tuned,
        )
        pooled.append(all_rows)
        gathered["pooled"] = Artifact(step=all_rows.name, port="model")
    assemble = make_step(
        f"assemble_{name}",
        op.Assemble,
        document,
        origin,
        inputs={"train": inputs["train"], **gathered},
        policy=training.policy,
        training=name,
        train=whole,
    )
    yield from (*models, *pooled, assemble)


def _said(train: op.Train) -> dict[str, Any]:
    return {key: value for key, value in train if key not in ("operation", "tuned")}
