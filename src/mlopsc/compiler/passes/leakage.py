"""Leakage that the spec shows: features that are the label, come after it, or saw the rows that it is tested on."""

from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from datetime import timedelta

from mlopsc.compiler.analysis import Analysis
from mlopsc.compiler.passes.columns import home
from mlopsc.compiler.sql_text import sample_sql
from mlopsc.diagnostics.codes import report
from mlopsc.diagnostics.diagnostic import Diagnostic, Label, Severity, Span
from mlopsc.diagnostics.suggest import did_you_mean
from mlopsc.spec.features import PythonView, TimedView
from mlopsc.spec.training import Training
from mlopsc.vocabulary.aggregates import aggregates_of
from mlopsc.vocabulary.time import format_duration

Base = tuple[str, str]
_WARNING = Severity.WARNING


def check_leakage(analysis: Analysis) -> Iterator[Diagnostic]:
    """Yield leaks at the features that they come in by, but for what a training accepts."""
    for name, training in analysis.spec.entries("training"):
        if training.entities.table in analysis.bindable and name not in analysis.labels:
            continue  # its label is at fault, and what is said of the rest might follow from that
        found = [*_features(analysis, name, training), *_split(analysis, name, training)]
        yield from (one for one in found if one.code not in training.accept)
        told = {one.code for one in found}
        for code in training.accept:
            if code not in told and name in analysis.labels:
                yield report(
                    "MLC403",
                    f"nothing of training '{name}' is {code}",
                    analysis.spec.document.key_span(("training", name, "accept", code)),
                    help="remove it",
                )
        yield from _allowed(analysis, name, training)


@dataclass(frozen=True)
class _Goal:
    """What a training learns: its table, the columns that the label uses, what those are made of."""

    table: str
    columns: frozenset[str]
    bases: frozenset[Base]
    label: Label
    entities: Span

    @property
    def tables(self) -> frozenset[str]:
        """The tables that hold what the label is made of."""
        return frozenset(table for table, _ in self.bases)


@dataclass(frozen=True)
class _Feature:
    """A feature of a training: of which table it takes which columns, and where it is named."""

    name: str
    table: str
    columns: tuple[str, ...]
    span: Span
    view: TimedView | None = None

    @property
    def what(self) -> str:
        """What it is called in messages."""
        return f"feature '{self.name}'" if self.view is None else f"view '{self.name}'"

    @property
    def delayed(self) -> bool:
        """Whether a row is not known at its own time."""
        return self.view is not None and bool(self.view.available_after or self.view.known_at)


def _features(analysis: Analysis, name: str, training: Training) -> Iterator[Diagnostic]:
    document, table = analysis.spec.document, training.entities.table
    _, columns = analysis.labels.get(name, ("", frozenset[str]()))
    # A label of later rows is no leak in the row that it is joined to.
    present = (c for c in columns if all(one.kind != "later" for one in analysis.elsewhere(table, c)))
    goal = _Goal(
        table,
        columns,
        frozenset(base for column in present for base in analysis.bases(table, column)),
        Label(document.value_span(("training", name, "entities", "label")), "the label"),
        document.key_span(("training", name, "entities")),
    )
    for index, feature in enumerate(training.features):
        span = document.value_span(("training", name, "features", index))
        view = analysis.spec.features.get(feature)
        if isinstance(view, TimedView):
            used = _used(analysis, view)
            yield from _timed(analysis, goal, _Feature(feature, view.table, used, span, view), view)
        else:
            yield from _plain(analysis, goal, _Feature(feature, table, (feature,), span))


def _used(analysis: Analysis, view: TimedView) -> tuple[str, ...]:
    """Return the columns that a view's features are made of, and those that its conditions choose rows by."""
    used = dict.fromkeys(column for columns in view.reads.values() for column in columns)
    conditions = {view.where, *(one.where for one in aggregates_of(view.aggregates or {}))}
    if view.table in analysis.bindable:
        for condition in sorted(filter(None, conditions)):
            bound = analysis.binder.bind_where(
                sample_sql(condition, analysis.spec.parameters).text, view.table
            )
            used |= {} if isinstance(bound, list) else dict.fromkeys(use.column for use in bound.columns)
    return tuple(used)


def _plain(analysis: Analysis, goal: _Goal, feature: _Feature) -> Iterator[Diagnostic]:
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
    yield from _elsewhere(analysis, feature)


def _timed(analysis: Analysis, goal: _Goal, feature: _Feature, view: TimedView) -> Iterator[Diagnostic]:
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
            severity=_WARNING,
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
    yield from _elsewhere(analysis, feature)
    yield from _early(analysis, feature, view)
    if view.created is not None and not feature.delayed:
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
    analysis: Analysis, goal: _Goal, feature: _Feature, bases: Iterable[Base]
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
    analysis: Analysis, goal: _Goal, feature: _Feature, bases: Iterable[Base]
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


def _elsewhere(analysis: Analysis, feature: _Feature) -> Iterator[Diagnostic]:
    """Yield the first construct of each kind by which a feature takes in later rows, or all."""
    found = {(one, column) for column in feature.columns for one in analysis.elsewhere(feature.table, column)}
    for kind in ("later", "all"):
        some = sorted((pair for pair in found if pair[0].kind == kind), key=lambda p: (p[0].span, p[1]))
        if not some:
            continue
        one, column = some[0]
        of = f"{feature.what}" if feature.view is None else f"'{column}' of {feature.what}"
        if kind == "all":
            yield report(
                "MLC412",
                f"{of} is computed over {'all rows of a partition' if one.parted else 'all rows'}, "
                f"later ones and those of the test part too: {one.words}",
                feature.span,
                help="let `preprocess` learn it from the train part, or order the window by time",
                labels=[Label(one.span, "here")],
                severity=_WARNING if one.parted else Severity.ERROR,
            )
        elif not _waits(feature, one.reach):
            yield report(
                "MLC411",
                f"{of} looks at later rows: {one.words}",
                feature.span,
                help="look back instead: `lag`, or rows PRECEDING; a label may look ahead, a feature not",
                labels=[Label(one.span, "here")],
                severity=_WARNING if feature.delayed else Severity.ERROR,
            )


def _waits(feature: _Feature, reach: timedelta | None) -> bool:
    """Say whether a view's rows are known only after all that they look ahead to."""
    delay = feature.view.available_after if feature.view is not None else None
    return reach is not None and delay is not None and delay >= reach


def _early(analysis: Analysis, feature: _Feature, view: TimedView) -> Iterator[Diagnostic]:
    """Yield whether a row stands at the beginning of the time whose rows it sums up."""
    schema, time = analysis.schemas.get(view.table), view.event_time or analysis.event_time(view.table)
    if schema is None or time is None or time not in schema.beginnings or view.known_at is not None:
        return
    length = schema.beginnings[time]
    delay = view.available_after or timedelta(0)
    if delay > timedelta(0) if length is None else delay >= length:
        return
    wanted = "DURATION" if length is None else format_duration(length)
    yield report(
        "MLC413",
        f"a row of '{view.table}' sums up what happens after its time '{time}', where a stretch only begins",
        feature.span,
        help=f"`available_after: {wanted}` on '{feature.name}', when the stretch is over",
    )


def _split(analysis: Analysis, name: str, training: Training) -> Iterator[Diagnostic]:
    """Yield whether chance divides rows that share an entity."""
    table = analysis.schemas.get(training.entities.table)
    keys = analysis.repeated_keys(training)
    timed = not analysis.lacks_event_time(training.entities.table)
    if keys and timed and table is not None and table.columns.keys() >= set(keys):
        document, place = analysis.spec.document, ("training", name, "split")
        listed = ", ".join(f"'{key}'" for key in keys)
        yield report(
            "MLC416",
            f"a {training.split.type} split puts rows of one {listed} into both parts, "
            "and trains on rows later than those it tests",
            document.value_span(place),
            help=f"split by `time`, or `{{type: group, by: {keys[0]}}}`",
        )


def _allowed(analysis: Analysis, name: str, training: Training) -> Iterator[Diagnostic]:
    """Yield exceptions from the look at the data that are no features."""
    known = {column for feature in training.features for column in _names(analysis, feature)}
    for index, column in enumerate(training.leakage.allow):
        if column not in known:
            yield report(
                "MLC202",
                f"'{column}' is no feature of training '{name}'",
                analysis.spec.document.value_span(("training", name, "leakage", "allow", index)),
                help=did_you_mean(column, known),
            )


def _names(analysis: Analysis, feature: str) -> tuple[str, ...]:
    view = analysis.spec.features.get(feature)
    return view.names if isinstance(view, TimedView) else (feature,)
