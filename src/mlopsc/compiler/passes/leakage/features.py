"""Features that are the label, are made of it, or may be."""

from collections.abc import Iterable, Iterator

from mlopsc.compiler.analysis import Analysis
from mlopsc.compiler.passes.columns import home
from mlopsc.compiler.passes.leakage.goal import Base, Feature, Goal
from mlopsc.compiler.passes.leakage.rows import check_rows, check_stretch
from mlopsc.diagnostics.codes import report
from mlopsc.diagnostics.diagnostic import Diagnostic, Label, Severity
from mlopsc.spec.features import PythonView, TimedView


def check_column(analysis: Analysis, goal: Goal, feature: Feature) -> Iterator[Diagnostic]:
    """Yield what is wrong with a column of the entities' own table."""
    key = analysis.primary_key(goal.table)
    if feature.name in goal.columns:
        yield report(
            "MLC401",
            f"feature '{feature.name}' is what the label is made of",
            feature.span,
            help="leave it out: in use, nobody will know it yet",
            labels=[goal.label],
        )
        return
    if key == (feature.name,):
        yield report(
            "MLC407",
            f"feature '{feature.name}' is the primary key of '{goal.table}'",
            feature.span,
            help="leave it out: a model can only learn it by heart",
        )
    bases = analysis.bases(goal.table, feature.name)
    if shared := sorted(goal.bases & bases):
        yield report(
            "MLC402",
            f"feature '{feature.name}' is computed from '{shared[0][0]}.{shared[0][1]}', like the label",
            feature.span,
            help="leave it out, or compute it from earlier rows alone, in a view joined at a point in time",
            labels=[goal.label],
        )
    else:
        yield from _by_python(analysis, goal, feature, bases)
        yield from _timeless(analysis, goal, feature, bases)
    yield from check_rows(analysis, feature)


def check_view(analysis: Analysis, goal: Goal, feature: Feature, view: TimedView) -> Iterator[Diagnostic]:
    """Yield what is wrong with a view that is joined at a point in time."""
    shared = [column for column in feature.columns if goal.bases & analysis.bases(view.table, column)]
    if not feature.delayed and shared and view.table == goal.table:
        yield report(
            "MLC402",
            f"view '{feature.name}' joins each row of '{goal.table}' to itself: '{shared[0]}' holds the label",
            feature.span,
            help="take the column out, or say when it is known: `available_after: DURATION` or `known_at: COLUMN`",
            labels=[goal.label],
        )
    elif not feature.delayed and shared:
        yield report(
            "MLC402",
            f"column '{shared[0]}' of view '{feature.name}' is computed from what the label is made of, "
            "and rows of the label's own instant join too",
            feature.span,
            help="say when it is known: `available_after: DURATION` or `known_at: COLUMN`",
            labels=[goal.label],
            severity=Severity.WARNING,
        )
    elif not feature.delayed and view.table == goal.table:
        yield report(
            "MLC410",
            f"view '{feature.name}' joins each row of '{goal.table}' to itself, and to rows of the same instant",
            feature.span,
            help="say when a row is known, for earlier ones alone: `available_after: DURATION` or `known_at: COLUMN`",
            labels=[Label(goal.entities, "the rows")],
        )
    elif not feature.delayed:
        bases = frozenset(base for c in feature.columns for base in analysis.bases(view.table, c))
        yield from _by_python(analysis, goal, feature, bases)
    yield from check_rows(analysis, feature)
    yield from check_stretch(analysis, feature, view)
    if view.created is not None and view.known_at is None and not feature.delayed:
        yield report(
            "MLC414",
            f"rows of view '{feature.name}' whose '{view.created}' is after the label's time join all the same",
            feature.span,
            help=f"`known_at: {view.created}` on '{feature.name}' joins them when they are known",
            labels=[
                Label(
                    analysis.spec.document.value_span(("features", feature.name, "created")),
                    "it breaks ties, no more",
                )
            ],
        )


def _by_python(
    analysis: Analysis, goal: Goal, feature: Feature, bases: Iterable[Base]
) -> Iterator[Diagnostic]:
    """Yield whether a function made the feature of a table that holds the label: what it read there is not known."""
    for table in sorted({table for table, _ in bases}):
        held = goal.tables & (analysis.roots(table) - {table})
        if isinstance(analysis.spec.features.get(table), PythonView) and held - {table}:
            yield report(
                "MLC410",
                f"{feature.what} is made by Python of '{min(held)}', which holds the label",
                feature.span,
                help="make sure that the function reads no later rows and not the label, and accept it; or, in a view "
                "joined at a point in time, say when a row is known",
                labels=[goal.label],
            )
            return


def _timeless(
    analysis: Analysis, goal: Goal, feature: Feature, bases: Iterable[Base]
) -> Iterator[Diagnostic]:
    """Yield whether a feature of rows with a time comes of a table without: its values are those of today."""
    if analysis.event_time(goal.table) is None:
        return
    others = {table for table, _ in bases} - goal.tables - {goal.table}
    for table in sorted(others):
        if analysis.lacks_event_time(table):
            yield report(
                "MLC415",
                f"feature '{feature.name}' comes of '{table}', which has no event time: "
                "its values are today's, not those of the label's time",
                feature.span,
                help=f"declare the `event_time` of '{table}' and join it in a view with `entity`; or accept it",
                labels=[Label(analysis.spec.document.key_span(home(analysis, table)), "the table")],
            )
