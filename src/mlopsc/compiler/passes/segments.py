"""Trainings for each segment: the column is a feature that can tell segments, and nothing else of the training stands
against it."""

from collections.abc import Iterator, Mapping

from mlopsc.compiler.analysis import Analysis
from mlopsc.compiler.auxiliary import feature_columns
from mlopsc.compiler.passes.columns import column_type, home
from mlopsc.compiler.passes.names import repeated
from mlopsc.compiler.passes.timed_views import feature_kinds
from mlopsc.diagnostics.codes import report
from mlopsc.diagnostics.diagnostic import Diagnostic, Label
from mlopsc.diagnostics.suggest import did_you_mean, nearest
from mlopsc.spec.document import Path
from mlopsc.spec.training import Training
from mlopsc.vocabulary.columns import INTEGERS
from mlopsc.vocabulary.estimators import MONOTONIC
from mlopsc.vocabulary.segments import Segment, Segments
from mlopsc.vocabulary.splits import ColumnSplit, GroupSplit


def check_segments(analysis: Analysis) -> Iterator[Diagnostic]:
    """Yield what keeps a training for each segment from having a model for each."""
    for name, training in analysis.spec.entries("training"):
        if training.for_each is None:
            continue
        values = [_text(value) for value in training.for_each.values]
        yield from repeated(analysis.spec, ("training", name, "for_each", "values"), values, "segment")
        yield from _column(analysis, name, training, training.for_each)
        yield from _against(analysis, name, training, training.for_each)
        yield from _contract(analysis, name, training, training.for_each)
    yield from _clashes(analysis)


def _column(analysis: Analysis, name: str, training: Training, segments: Segments) -> Iterator[Diagnostic]:
    document, place = analysis.spec.document, ("training", name, "for_each")
    features, span = feature_columns(analysis, training), document.value_span((*place, "column"))
    listed = Label(document.key_span(("training", name, "features")), "the features")
    if segments.column not in features:
        near = nearest(segments.column, features)
        yield report(
            "MLC327",
            f"'{segments.column}' tells the segments and is not among the features, so no row that is predicted for "
            "would say of which segment it is",
            span,
            help=f"did you mean '{near}'?"
            if near
            else f"add '{segments.column}' to `features`; the models of segments do not see it",
            labels=[listed],
        )
        return
    if len(features) == 1:
        yield report(
            "MLC327",
            f"'{segments.column}' is the only feature, which the models of segments do not see",
            span,
            help="name other features to learn from",
            labels=[listed],
        )
    own = column_type(analysis, training.entities.table, segments.column)
    if segments.other == "drop" and segments.column not in training.features:
        yield report(
            "MLC327",
            f"'{segments.column}' is made by a view, and rows are dropped by a column of the entities",
            document.value_span((*place, "other")),
            help="make it a column of the entities by an SQL view, or say `refuse` or `pool`",
        )
    kind = feature_kinds(analysis, training).get(segments.column) or own
    yield from _values(analysis, segments, kind, (*place, "values"))


def _values(analysis: Analysis, segments: Segments, kind: str | None, place: Path) -> Iterator[Diagnostic]:
    document = analysis.spec.document
    wanted = {"string": str, "bool": bool, **dict.fromkeys(INTEGERS, int)}.get(kind or "")
    if kind is not None and wanted is None:
        yield report(
            "MLC327",
            f"'{segments.column}' is {kind}: segments are told by text, whole numbers, or true and false",
            document.value_span((*place[:-1], "column")),
            help="derive such a column in an SQL view",
        )
        return
    first = type(segments.values[0])
    for index, value in enumerate(segments.values):
        if wanted is not None and type(value) is not wanted:
            message = f"'{segments.column}' is {kind}, and the segment {value!r} is not"
        elif wanted is None and type(value) is not first:
            message = f"segments are of one type, and {value!r} is of another than {segments.values[0]!r}"
        else:
            continue
        yield report(
            "MLC327",
            message,
            document.value_span((*place, index)),
            help="write text in quotes, numbers and `true` or `false` without",
        )


def _against(analysis: Analysis, name: str, training: Training, segments: Segments) -> Iterator[Diagnostic]:
    """Yield what the training says of the column that cannot be where each model's rows have one value of it."""
    document, place, column = analysis.spec.document, ("training", name), segments.column
    label = [Label(document.value_span((*place, "for_each", "column")), "tells the segments")]
    if isinstance(training.split, GroupSplit | ColumnSplit) and training.split.by == column:
        yield report(
            "MLC328",
            f"the split keeps rows of one '{column}' together, so no segment would be in both parts",
            document.value_span((*place, "split", "by")),
            help="split by another column, by time or at random; each segment is learned and judged on rows of its own",
            labels=label,
        )
    for param, value in training.params.items():
        if param.rpartition("__")[2] in MONOTONIC and isinstance(value, Mapping) and column in value:
            yield report(
                "MLC328",
                f"a monotonic constraint on '{column}', which the models of segments do not see",
                document.key_span((*place, "params", param, column)),
                help="leave it out",
                labels=label,
            )
    if segments.other == "pool":
        return  # the pooled model sees the column
    treated, named = (*place, "preprocess"), training.preprocess.categorical_columns
    spans = (
        [document.key_span((*treated, "columns", column))] if column in training.preprocess.columns else []
    )
    if column in named:
        spans.append(document.value_span((*treated, "categorical_columns", named.index(column))))
    for span in spans:
        yield report(
            "MLC328",
            f"preprocessing of '{column}', which the models of segments do not see",
            span,
            help="leave it out: only the model of `other: pool` sees the column",
            labels=label,
        )


def _contract(analysis: Analysis, name: str, training: Training, segments: Segments) -> Iterator[Diagnostic]:
    """Yield segments of which the dataset's contract allows no row."""
    table, document = training.entities.table, analysis.spec.document
    dataset = analysis.spec.datasets.get(table)
    declared = None if dataset is None else dataset.columns.get(segments.column)
    if declared is None or declared.allowed is None:
        return
    path: Path = (*home(analysis, table), "columns", segments.column, "allowed")
    label = [Label(document.key_span(path), "the contract")]
    for index, value in enumerate(segments.values):
        if value not in declared.allowed:
            yield report(
                "MLC329",
                f"no row is of segment {value!r}: the contract of '{table}' allows '{segments.column}' other values",
                document.value_span(("training", name, "for_each", "values", index)),
                help=did_you_mean(str(value), [str(one) for one in declared.allowed], noun="it allows"),
                labels=label,
            )


def _clashes(analysis: Analysis) -> Iterator[Diagnostic]:
    """Yield segments whose step has the name of another one."""
    document = analysis.spec.document
    seen: dict[str, Path] = {
        f"train_{name}": ("training", name)
        for name, training in analysis.spec.entries("training")
        if training.for_each is None
    }
    for name, training in analysis.spec.entries("training"):
        if training.for_each is None:
            continue
        for index, word in enumerate(training.for_each.words):
            step = f"train_{name}_{word}"
            path: Path = ("training", name, "for_each", "values", index)
            earlier = seen.setdefault(step, path)
            if earlier != path:
                span = document.value_span(earlier) if len(earlier) > 2 else document.key_span(earlier)
                yield report(
                    "MLC209",
                    f"step '{step}' could train two models",
                    document.value_span(path),
                    help="rename one of the trainings",
                    labels=[Label(span, "the other one")],
                )


def _text(value: Segment) -> str:
    return str(value).lower() if isinstance(value, bool) else str(value)
