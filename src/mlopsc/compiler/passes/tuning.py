"""Searches for parameters: the space suits the estimator, the folds suit the split, the trials suit the space."""

import importlib.util
import re
from collections.abc import Iterator
from typing import Any

from mlopsc.compiler.analysis import Analysis
from mlopsc.compiler.catalogue import EstimatorInfo
from mlopsc.diagnostics.codes import report
from mlopsc.diagnostics.diagnostic import Diagnostic, Label, Severity
from mlopsc.diagnostics.suggest import did_you_mean
from mlopsc.spec.document import Path
from mlopsc.spec.training import Training
from mlopsc.vocabulary.metrics import metric_name
from mlopsc.vocabulary.references import referenced
from mlopsc.vocabulary.splits import GroupSplit, TimeSplit
from mlopsc.vocabulary.tuning import (
    Dimension,
    GridSearch,
    GroupFolds,
    Growing,
    HalvingSearch,
    StratifiedFolds,
    TimeFolds,
    TpeSearch,
    Tune,
    ends,
    grid_size,
    listed,
    most_rungs,
    rungs,
)

_MOST = 10_000
"""Trials of a search at most."""


def check_tuning(analysis: Analysis) -> Iterator[Diagnostic]:
    """Yield what is wrong with searches for parameters."""
    for name, training in analysis.spec.entries("training"):
        tune = training.tune
        if tune is None:
            continue
        yield from _space(analysis, name, training, tune)
        if isinstance(tune, HalvingSearch):
            yield from _rungs(analysis, name, training, tune)
        if isinstance(tune, TpeSearch) and importlib.util.find_spec("optuna") is None:
            yield report(
                "MLC608",
                "`search: tpe` asks 'optuna', which is not installed here",
                analysis.spec.document.value_span(("training", name, "tune", "search")),
                help="pip install 'mlopsc[tune]' where steps run",
                severity=Severity.WARNING,
            )
        yield from _count(analysis, name, tune)
        yield from _metric(analysis, name, training, tune)
        yield from _folds(analysis, name, training, tune)
        if tune.time is not None or tune.nested or isinstance(tune, HalvingSearch | TpeSearch):
            yield from _clashes(analysis, name)


def _clashes(analysis: Analysis, name: str) -> Iterator[Diagnostic]:
    """Yield searches whose trials could be called as those of a round, or of an outer fold, of this one are."""
    document = analysis.spec.document
    parts = re.compile(rf"{re.escape(name)}_(r\d+|outer\d+(_r\d+)?)")
    for other, training in analysis.spec.entries("training"):
        if training.tune is not None and parts.fullmatch(other):
            yield report(
                "MLC209",
                f"trials of '{other}' could be called as some of '{name}' are",
                document.key_span(("training", other)),
                help="rename one of the trainings",
                labels=[Label(document.key_span(("training", name)), "the other one")],
            )


def _space(analysis: Analysis, name: str, training: Training, tune: Tune) -> Iterator[Diagnostic]:
    document, place = analysis.spec.document, ("training", name)
    info = analysis.estimator(training)
    for param, dimension in tune.space.items():
        path: Path = (*place, "tune", "space", param)
        if param in training.params:
            yield report(
                "MLC330",
                f"'{param}' is given under `params` and searched for as well",
                document.key_span(path),
                help="leave one of the two out",
                labels=[Label(document.key_span((*place, "params", param)), "given here")],
            )
        if isinstance(tune, GridSearch) and listed(dimension) is None:
            yield report(
                "MLC331",
                f"a grid cannot list the values of '{param}'",
                document.value_span(path),
                help="use `choice`, `int`, or `float` with a `step`; or `search: random`",
            )
        if info is not None and not ("__" in param and param.partition("__")[0] in info.params):
            yield from _values(analysis, info, path, dimension)


def _rungs(analysis: Analysis, name: str, training: Training, tune: HalvingSearch) -> Iterator[Diagnostic]:
    document, place = analysis.spec.document, ("training", name, "tune")
    most, grown = most_rungs(tune), tune.resource
    if tune.rungs is not None and tune.rungs > most:
        yield report(
            "MLC335",
            f"{tune.trials} trials cannot be halved on {tune.rungs} rungs by {tune.factor}: {most} at most",
            document.value_span((*place, "rungs")),
            help="leave `rungs` out, or say more `trials`, a smaller `factor` or a greater `max`",
        )
    elif most == 1:
        yield report(
            "MLC335",
            f"{tune.trials} trials cannot be halved by {tune.factor}: all would be on one rung",
            document.value_span((*place, "trials")),
            help="say more `trials`, a smaller `factor` or a greater `max`; or `search: random`",
        )
    if isinstance(grown, Growing):
        yield from _grown(analysis, name, training, tune, grown)


def _grown(
    analysis: Analysis, name: str, training: Training, tune: HalvingSearch, grown: Growing
) -> Iterator[Diagnostic]:
    """Yield what keeps a parameter from growing: it is said elsewhere, or the estimator does not take it."""
    document, place = analysis.spec.document, ("training", name)
    span = document.value_span((*place, "tune", "resource", "param"))
    for elsewhere, names in ((("params",), training.params), (("tune", "space"), tune.space)):
        if grown.param in names:
            yield report(
                "MLC336",
                f"'{grown.param}' grows from rung to rung, and is said otherwise as well",
                span,
                help="leave the other one out",
                labels=[Label(document.key_span((*place, *elsewhere, grown.param)), "said here")],
            )
    info = analysis.estimator(training)
    if info is None or "__" in grown.param:
        return
    for amount in dict.fromkeys((rungs(tune)[0].amount, grown.max)):
        for fault in analysis.catalogue.check_params(info.path, {grown.param: amount}):
            if fault.name == grown.param:
                near = f"did you mean '{fault.suggestion}'?" if fault.suggestion else None
                help = (
                    near or "name one that makes a fit costlier and better, such as n_estimators or max_iter"
                )
                yield report("MLC336", fault.message, span, help=help)
                return


def _values(
    analysis: Analysis, info: EstimatorInfo, path: Path, dimension: Dimension
) -> Iterator[Diagnostic]:
    """Yield what the estimator does not take: the parameter, or values of it (of a range, its ends)."""
    document, param = analysis.spec.document, str(path[-1])
    for place, value in _placed(path, dimension):
        if referenced(value):
            continue  # a run decides
        for fault in analysis.catalogue.check_params(info.path, {param: value}):
            if fault.name != param:
                continue
            near = f"did you mean '{fault.suggestion}'?" if fault.suggestion else None
            if param not in info.params:
                yield report("MLC311", fault.message, document.key_span(path), help=near)
                return
            yield report("MLC312", fault.message, document.value_span(place), help=near)


def _placed(path: Path, dimension: Dimension) -> Iterator[tuple[Path, Any]]:
    (kind,) = set(type(dimension).model_fields) - {"log", "step"}
    for index, value in enumerate(ends(dimension)):
        yield (*path, kind, index), value


def _count(analysis: Analysis, name: str, tune: Tune) -> Iterator[Diagnostic]:
    document, place = analysis.spec.document, ("training", name, "tune")
    if any(listed(dimension) is None for dimension in tune.space.values()):
        return
    size = grid_size(tune.space)
    if isinstance(tune, GridSearch) and size > _MOST:
        yield report(
            "MLC334",
            f"the grid has {size} combinations: expected {_MOST} at most",
            document.value_span((*place, "space")),
            help="list fewer values, or draw some of the combinations: `search: random`",
        )
    if not isinstance(tune, GridSearch) and tune.trials > size:
        yield report(
            "MLC334",
            f"{tune.trials} trials of a space that has {size} combinations",
            document.value_span((*place, "trials")),
            help="`search: grid` tries all of them",
            labels=[Label(document.key_span((*place, "space")), "the space")],
        )


def _metric(analysis: Analysis, name: str, training: Training, tune: Tune) -> Iterator[Diagnostic]:
    measured = [metric_name(metric) for metric in training.measured]
    if tune.metric is not None and tune.metric not in measured:
        document = analysis.spec.document
        yield report(
            "MLC332",
            f"'{tune.metric}' is no metric of this training",
            document.value_span(("training", name, "tune", "metric")),
            help=did_you_mean(tune.metric, measured, noun="it has"),
            labels=[Label(document.key_span(("training", name, "metrics")), "its metrics")],
        )


def _folds(analysis: Analysis, name: str, training: Training, tune: Tune) -> Iterator[Diagnostic]:
    document, place = analysis.spec.document, ("training", name)
    span = document.value_span((*place, "tune", "cv"))
    label = Label(document.key_span((*place, "split")), "the split")
    match tune.cv, training.split:
        case None, _:
            pass
        case GroupFolds(), split if not isinstance(split, GroupSplit):
            yield report(
                "MLC333",
                "folds by group need the groups of a split by group",
                span,
                help="split by group too: `split: {type: group, by: COLUMN}`; or choose another `cv`",
                labels=[label],
            )
        case TimeFolds(), _ if analysis.lacks_event_time(training.entities.table):
            yield report(
                "MLC333",
                f"'{training.entities.table}' has no event time to make folds by",
                span,
                help=f"declare `event_time` on '{training.entities.table}', or choose another `cv`",
            )
        case cv, TimeSplit() | GroupSplit() as split if cv.type != split.type:
            kept = "later rows" if split.type == "time" else "rows of one group"
            yield report(
                "MLC333",
                f"folds of type `{cv.type}` mix {kept} with others, which the split keeps apart",
                span,
                help=f"leave `cv.type` out, or say `type: {split.type}`: else scores promise too much",
                labels=[label],
            )
        case StratifiedFolds(), _ if analysis.labels.get(name, ("",))[0].startswith(("float", "decimal")):
            yield report(
                "MLC333",
                "stratified folds need classes, the label is a number",
                span,
                help="use `kfold` or `time`",
                labels=[Label(document.value_span((*place, "entities", "label")), "the label")],
            )
        case _:
            pass
