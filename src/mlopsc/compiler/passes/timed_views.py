"""Timed views: their columns exist, their conditions bind, their aggregates can be computed and told apart."""

from collections.abc import Iterator, Mapping

from mlopsc.compiler.analysis import Analysis
from mlopsc.compiler.passes.columns import column_type, is_time, known_column, known_columns
from mlopsc.compiler.passes.schemas import sql_faults
from mlopsc.compiler.sql_text import sample_sql
from mlopsc.diagnostics.codes import report
from mlopsc.diagnostics.diagnostic import Diagnostic, Label
from mlopsc.diagnostics.suggest import did_you_mean
from mlopsc.spec.document import Path
from mlopsc.spec.features import RowView, TimedView
from mlopsc.spec.training import Training
from mlopsc.vocabulary.aggregates import (
    Declared,
    Quotient,
    Windowed,
    aggregates_of,
    quotients,
    ratios_of,
    result_type,
    unmade,
)

FeatureKinds = Mapping[str, str | None]
"""Feature → its type (ours), None where it is not known."""


def check_timed_views(analysis: Analysis) -> Iterator[Diagnostic]:
    """Yield what timed views ask of their tables that these do not have."""
    for name, view in analysis.spec.entries("features"):
        if isinstance(view, TimedView):
            yield from _timed_view(analysis, name, view)


def feature_types(analysis: Analysis, view: TimedView) -> dict[str, str | None]:
    """Return the type (ours) of each feature of a view as far as it is known."""
    if view.columns is not None:
        return {column: column_type(analysis, view.table, column) for column in view.columns}
    found: dict[str, str | None] = {}
    for one in aggregates_of(view.aggregates or {}):
        kind = column_type(analysis, view.table, one.column)
        known = kind is not None or one.function in ("count", "count_distinct")
        found[one.name] = result_type(one.function, kind or "int64") if known else None
    return found | {one.name: "float64" for one in ratios_of(view.aggregates or {})}


def feature_kinds(analysis: Analysis, training: Training) -> FeatureKinds:
    """Return the types of a training's features, without those that are not there."""
    found: dict[str, str | None] = {}
    table = training.entities.table
    schema = analysis.schemas.get(table)
    for feature in training.features:
        match analysis.spec.features.get(feature):
            case TimedView() as view:
                found |= feature_types(analysis, view)
            case RowView() as view:
                found |= dict(view.columns)
            case _ if schema is None or not schema.complete or feature in schema.columns:
                found[feature] = column_type(analysis, table, feature)
            case _:
                pass  # told where it is named
    return found


def _timed_view(analysis: Analysis, name: str, view: TimedView) -> Iterator[Diagnostic]:
    place, document = ("features", name), analysis.spec.document
    if not analysis.is_table(view.table):
        return
    for index, (entity, column) in enumerate(view.keys.items()):
        path = (*place, "entity", entity if isinstance(view.entity, dict) else index)
        yield from known_column(analysis, view.table, column, path)
    yield from known_columns(analysis, view.table, view.columns or (), (*place, "columns"))
    yield from _condition(analysis, view.table, view.where, (*place, "where"))
    yield from _aggregates(analysis, view, (*place, "aggregates"))
    for key, time in (("created", view.created), ("known_at", view.known_at)):
        if time is not None:
            yield from known_column(analysis, view.table, time, (*place, key))
            yield from is_time(analysis, view.table, time, (*place, key), f"`{key}`")
    if view.tie_break is not None:
        yield from known_columns(analysis, view.table, view.tie_break, (*place, "tie_break"))
    if view.event_time is not None:
        yield from known_column(analysis, view.table, view.event_time, (*place, "event_time"))
        yield from is_time(analysis, view.table, view.event_time, (*place, "event_time"))
    elif analysis.lacks_event_time(view.table):
        yield report(
            "MLC315",
            f"'{view.table}' has no event time, so '{name}' cannot be joined at a point in time",
            document.key_span(place),
            help=f"declare `event_time` here or on '{view.table}'",
        )


def _condition(analysis: Analysis, table: str, where: str | None, path: Path) -> Iterator[Diagnostic]:
    if where is not None and table in analysis.bindable:
        sampled = sample_sql(where, analysis.spec.parameters)
        bound = analysis.binder.bind_where(sampled.text, table)
        if isinstance(bound, list):
            yield from sql_faults(analysis, bound, path, sampled, table)


def _aggregates(analysis: Analysis, view: TimedView, place: Path) -> Iterator[Diagnostic]:
    declared, document = view.aggregates or {}, analysis.spec.document
    taken: dict[str, str] = {}
    for name, one in declared.items():
        path = (*place, name)
        if isinstance(one, Windowed):
            yield from _windowed(analysis, view.table, one, path)
            made = list(one.named(name))
        else:
            yield from _ratio(analysis, declared, one, (*path, "ratio"))
            made = [ratio.name for ratio in quotients(declared, name, one)]
        for feature in made:
            if (earlier := taken.setdefault(feature, name)) != name:
                yield report(
                    "MLC208",
                    f"aggregate '{feature}' comes twice",
                    document.key_span(path),
                    help="rename one; of several `windows` each makes a feature NAME_WINDOW",
                    labels=[Label(document.key_span((*place, earlier)), "first here")],
                )


def _ratio(
    analysis: Analysis, declared: Mapping[str, Declared], quotient: Quotient, path: Path
) -> Iterator[Diagnostic]:
    word = unmade(declared, quotient)
    if word is None:
        return
    names = [one.name for one in aggregates_of(declared)]
    several = [name for name, one in declared.items() if isinstance(one, Windowed) and one.windows]
    if word in names or word in several:
        message = f"'{word}' has not the windows of '{quotient.ratio[0]}'"
        hint: str | None = f"name two of one window each: {', '.join(names)}"
    else:
        message = f"no aggregate '{word}' to make a ratio of"
        hint = did_you_mean(word, [*names, *several], noun="there are")
    span = analysis.spec.document.value_span((*path, quotient.ratio.index(word)))
    yield report("MLC301", message, span, help=hint)


def _windowed(analysis: Analysis, table: str, one: Windowed, path: Path) -> Iterator[Diagnostic]:
    if one.column is not None:
        yield from known_column(analysis, table, one.column, (*path, "column"))
        kind = column_type(analysis, table, one.column)
        if kind is not None and result_type(one.function, kind) is None:
            yield report(
                "MLC302",
                f"`{one.function}` takes no {kind}, and column '{one.column}' of '{table}' is that",
                analysis.spec.document.value_span((*path, "column")),
                help="name a column of numbers, or count: `{function: count_distinct, column: …}`",
            )
    yield from _condition(analysis, table, one.where, (*path, "where"))
