"""Features that take in other rows than those that were known: later ones, all of them, those of a whole day."""

from collections.abc import Iterator
from datetime import timedelta

from mlopsc.compiler.analysis import Analysis
from mlopsc.compiler.passes.leakage.goal import Feature
from mlopsc.diagnostics.codes import report
from mlopsc.diagnostics.diagnostic import Diagnostic, Label, Severity
from mlopsc.spec.features import TimedView
from mlopsc.vocabulary.time import format_duration


def check_rows(analysis: Analysis, feature: Feature) -> Iterator[Diagnostic]:
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
                severity=Severity.WARNING if one.parted else Severity.ERROR,
            )
        elif not _waits(feature, one.reach):
            yield report(
                "MLC411",
                f"{of} looks at later rows: {one.words}",
                feature.span,
                help="look back instead: `lag`, or rows PRECEDING; a label may look ahead, a feature not",
                labels=[Label(one.span, "here")],
                severity=Severity.WARNING if feature.delayed else Severity.ERROR,
            )


def _waits(feature: Feature, reach: timedelta | None) -> bool:
    """Say whether a view's rows are known only after all that they look ahead to."""
    delay = feature.view.available_after if feature.view is not None else None
    return reach is not None and delay is not None and delay >= reach


def check_stretch(analysis: Analysis, feature: Feature, view: TimedView) -> Iterator[Diagnostic]:
    """Yield whether a row stands at the beginning of the time whose rows it sums up."""
    schema, time = analysis.schemas.get(view.table), feature.time
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
