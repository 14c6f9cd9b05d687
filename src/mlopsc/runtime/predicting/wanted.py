"""What a model wants: features that today's feature step must make, and the columns of the input that this takes."""

from collections.abc import Collection, Iterator, Mapping, Sequence
from typing import TYPE_CHECKING

from mlopsc.diagnostics.errors import StepFailed
from mlopsc.diagnostics.suggest import did_you_mean, nearest
from mlopsc.runtime.learning.frames import Feature
from mlopsc.runtime.learning.misfits import WORDS
from mlopsc.sql.syntax import parse_expression, walk
from mlopsc.vocabulary.columns import Column, convertible, is_numeric
from mlopsc.vocabulary.operations import Features, Predict
from mlopsc.vocabulary.views import RowFunction

if TYPE_CHECKING:
    import duckdb


def feature_step(config: Predict, features: Sequence[Feature]) -> Features:
    """Return the step that makes what the model wants, as the training declares it today.

    Raises StepFailed when it makes too little: the model is of another time.
    """
    missing = [feature.name for feature in features if feature.name not in config.features]
    if missing:
        raise StepFailed(
            f"the model was fitted on {_listed(missing)}, which training '{config.training}' does not make "
            f"today; its features: {', '.join(config.features)}",
            help="predict with a version that was trained on these features, or restore those that it wants",
        )
    wanted = {feature.name for feature in features}
    rows: tuple[RowFunction, ...] = ()
    for one in reversed(config.rows):
        if wanted.intersection(one.columns):
            rows = (one, *rows)
            wanted.update(one.inputs)
    return Features(
        training=config.training,
        primary_key=config.primary_key,
        event_time=config.event_time,
        where=config.where,
        features=tuple(feature.name for feature in features),
        joins=tuple(join for join in config.joins if wanted.intersection(join.names)),
        rows=rows,
    )


def wanted_columns(
    config: Predict,
    step: Features,
    features: Sequence[Feature],
    columns: Mapping[str, str | None],
    views: Mapping[str, Mapping[str, str]],
    *,
    label: str,
    connection: "duckdb.DuckDBPyConnection",
) -> dict[str, Column]:
    """Return the columns of the input that are read, each with the type that its cells must have (None: its own).

    `columns` are those of the input, a type of None being text; `views` tells the types of each joined table's. Raises
    StepFailed that names every column that is missing, or that cannot hold what is wanted of it.
    """
    reasons = dict(_reasons(step, _used(connection, config.where, columns)))
    missing = [name for name in reasons if name not in columns]
    if missing:
        raise StepFailed(
            _lacks(label, missing, reasons, columns), help=did_you_mean(missing[0], columns, noun="it has")
        )
    by_name = {feature.name: feature for feature in features}
    own = set(step.features) - _made(step)
    keys = {mine: views[join.view][theirs] for join in step.joins for mine, theirs in join.entity.items()}
    found: dict[str, Column] = {}
    faults = []
    for name in reasons:
        have, declared = columns[name], config.columns.get(name)
        feature = by_name[name] if name in own else None
        wanted = declared.type if declared and declared.type else None
        if wanted is None and feature is not None:
            wanted = _type_for(feature, have)
        elif wanted is None and name == step.event_time:
            wanted = have if have in ("date", "timestamp") else "timestamp"
        elif wanted is None and have is None:
            wanted = keys.get(name)
        if have is not None and wanted is not None and not convertible(have, wanted):
            words = WORDS[feature.kind] if feature and not (declared and declared.type) else wanted
            faults.append(f"column '{name}', {reasons[name]}, is {have}: expected {words}")
        found[name] = Column(type=wanted)
    if faults:
        raise StepFailed("\n".join([f"{label} does not hold what the model wants", *faults]))
    return found


def check_kinds(made: Mapping[str, str | None], features: Sequence[Feature], training: str) -> None:
    """Raise StepFailed when a feature is of another kind than the one that the model was fitted on.

    `made` tells the kind of each feature that was made, None of what no model takes.
    """
    faults = [
        f"feature '{feature.name}' is {WORDS.get(made[feature.name] or '', 'no value that a model takes')} today, "
        f"and was {WORDS[feature.kind]} ({feature.type}) when the model was trained"
        for feature in features
        if made[feature.name] != feature.kind
    ]
    if faults:
        raise StepFailed(
            "\n".join([f"training '{training}' makes other features than those of the model", *faults]),
            help="declare the column's type as it was, or train again",
        )


def _type_for(feature: Feature, have: str | None) -> str:
    """Return the type to read a feature's column as: numbers keep theirs."""
    if feature.kind == "numeric":
        return have if have is not None and is_numeric(have) else "float64"
    return "bool" if feature.kind == "boolean" else "string"


def _reasons(step: Features, used: Collection[str]) -> Iterator[tuple[str, str]]:
    """Yield the columns that are wanted and why; of several reasons the last stays."""
    for name in used:
        yield name, "which `where` reads"
    for join in step.joins:
        for name in join.entity:
            yield name, f"the key of '{join.view}'"
    if step.event_time is not None:
        yield step.event_time, "the event time"
    for name in step.primary_key:
        yield name, "of the primary key"
    made = _made(step)
    for one in step.rows:
        for name in one.inputs:
            if name not in made:
                yield name, f"which '{one.view}' is made of"
    for name in step.features:
        if name not in made:
            yield name, "a feature of the model"


def _made(step: Features) -> set[str]:
    """Return the names of what is joined to rows, and made of them."""
    return {name for join in step.joins for name in join.names} | {
        n for one in step.rows for n in one.columns
    }


def _used(
    connection: "duckdb.DuckDBPyConnection", where: str | None, columns: Mapping[str, str | None]
) -> list[str]:
    """Return the columns that a condition reads, by their names in the input; a lambda's own names are none."""
    tree = None if where is None else parse_expression(connection, where)
    root = getattr(tree, "root", None)
    if root is None:
        return []  # the statement that is made of it tells what is wrong
    nodes = list(walk(root))
    names = {node["column_names"][0] for node in nodes if node.get("class") == "COLUMN_REF"}
    known = {name.lower(): name for name in columns}
    found = [known.get(name.lower(), name) for name in sorted(names)]
    if any(node.get("class") == "LAMBDA" for node in nodes):
        return [name for name in found if name in columns]
    return found


def _lacks(label: str, missing: Sequence[str], reasons: Mapping[str, str], columns: Collection[str]) -> str:
    if len(missing) == 1:
        return f"{label} has no column '{missing[0]}', {reasons[missing[0]]}"
    lines = []
    for name in missing:
        near = nearest(name, columns)
        hint = f" (did you mean '{near}'?)" if near else ""
        lines.append(f"'{name}', {reasons[name]}{hint}")
    return "\n".join([f"{label} lacks {len(missing)} columns:", *lines])


def _listed(names: Sequence[str]) -> str:
    return ", ".join(f"'{name}'" for name in names)
