"""Gates suit the trainings that they judge."""

from collections.abc import Iterable, Iterator

from mlopsc.compiler.analysis import Analysis
from mlopsc.compiler.auxiliary import feature_columns
from mlopsc.compiler.passes.timed_views import feature_kinds
from mlopsc.diagnostics.codes import report
from mlopsc.diagnostics.diagnostic import Diagnostic, Label
from mlopsc.diagnostics.suggest import did_you_mean
from mlopsc.spec.training import Training
from mlopsc.vocabulary.columns import is_numeric
from mlopsc.vocabulary.gates import (
    BaselineGate,
    CalibrationGate,
    DataGate,
    DriftGate,
    FairnessGate,
    Gate,
    ReproducibleGate,
    RobustnessGate,
    SliceGate,
)
from mlopsc.vocabulary.gates.robustness import HARMED


def check_gates(analysis: Analysis) -> Iterator[Diagnostic]:
    """Yield gates that could never be judged."""
    for training_name, training in analysis.spec.entries("training"):
        for name, gate in analysis.gates_of(training_name).items():
            info = analysis.estimator(training)
            if isinstance(gate, FairnessGate | SliceGate):
                yield from _slices(analysis, name, gate, training)
            if info is not None and info.kind == "regressor":
                yield from _of_numbers(analysis, name, gate, training)
            if isinstance(gate, CalibrationGate) and info is not None and info.kind == "classifier":
                yield from _without_probabilities(analysis, name, training, certain=info.predict_proba)
            if isinstance(gate, ReproducibleGate):
                yield from _unseeded(analysis, name, training_name, training)
            if isinstance(gate, BaselineGate):
                yield from _baseline(analysis, name, gate, training, None if info is None else info.kind)
            if isinstance(gate, DataGate):
                yield from _data(analysis, name, gate, training)
            if isinstance(gate, DriftGate):
                yield from _drift(analysis, name, gate, training)
            if isinstance(gate, RobustnessGate):
                yield from _robustness(analysis, name, gate, training)


def _of_numbers(analysis: Analysis, name: str, gate: Gate, training: Training) -> Iterator[Diagnostic]:
    if isinstance(gate, FairnessGate | CalibrationGate):
        document = analysis.spec.document
        path = ("training", gate.training, "estimator")
        yield report(
            "MLC346",
            f"a {gate.type} gate needs a classifier, and {str(training.estimator).rpartition('.')[2]} is a regressor",
            document.value_span(("gates", name, "type")),
            help="judge a regression by `metric`, `slice` or `baseline` gates",
            labels=[Label(document.value_span(path), "the estimator")],
        )


def _slices(
    analysis: Analysis, name: str, gate: FairnessGate | SliceGate, training: Training
) -> Iterator[Diagnostic]:
    """Yield names of slices that the training does not declare."""
    document, declared = analysis.spec.document, [one.called for one in training.reported]
    for index, wanted in enumerate(gate.slices or ()):
        if wanted not in declared:
            yield report(
                "MLC125",
                f"'{wanted}' is no slice of '{gate.training}'",
                document.value_span(("gates", name, "slices", index)),
                help=did_you_mean(wanted, declared, noun="its slices:")
                or f"declare it: `slices: [{wanted}]` of the training, or divide `by: [{wanted}]`",
                labels=[Label(document.key_span(("training", gate.training)), "declared here")],
            )


def _without_probabilities(
    analysis: Analysis, name: str, training: Training, *, certain: bool
) -> Iterator[Diagnostic]:
    if not certain and training.calibrate is None:
        yield report(
            "MLC346",
            f"a calibration gate needs probabilities, which {str(training.estimator).rpartition('.')[2]} does not give",
            analysis.spec.document.value_span(("gates", name, "type")),
            help="calibrate the training (`calibrate`), or use an estimator with `predict_proba`",
        )


def _unseeded(analysis: Analysis, name: str, training_name: str, training: Training) -> Iterator[Diagnostic]:
    """Yield parameters that say to draw at random: such a training is never the same twice."""
    document = analysis.spec.document
    for parameter, value in training.params.items():
        if value is None and parameter.rpartition("__")[2] == "random_state":
            yield report(
                "MLC351",
                f"'{training_name}' cannot be made again: '{parameter}' is null, which draws anew each time",
                document.value_span(("gates", name, "type")),
                help=f"leave '{parameter}' out, for the training's `seed` to set it",
                labels=[
                    Label(document.value_span(("training", training_name, "params", parameter)), "null here")
                ],
            )


_OF = {"majority": "classifier", "prior": "classifier", "mean": "regressor", "median": "regressor"}


def _baseline(
    analysis: Analysis, name: str, gate: BaselineGate, training: Training, kind: str | None
) -> Iterator[Diagnostic]:
    """Yield a naive forecast that no evaluation of the training scores."""
    document, path = analysis.spec.document, ("gates", name, "over")
    wanted = _OF.get(gate.over)
    if wanted is not None and kind in ("classifier", "regressor") and kind != wanted:
        yield report(
            "MLC347",
            f"'{gate.over}' is a forecast of {'classes' if wanted == 'classifier' else 'numbers'}, "
            f"and the estimator is a {kind}",
            document.value_span(path),
            help=f"for a {kind}: {', '.join(over for over, one in _OF.items() if one == kind)}",
            labels=[Label(document.value_span(("training", gate.training, "estimator")), "the estimator")],
        )
    if gate.over == "previous_value" and analysis.lacks_event_time(training.entities.table):
        yield report(
            "MLC347",
            f"'previous_value' asks which label came before, and '{training.entities.table}' has no event time",
            document.value_span(path),
            help="declare its `event_time`, or name another forecast",
        )


def _data(analysis: Analysis, name: str, gate: DataGate, training: Training) -> Iterator[Diagnostic]:
    """Yield datasets that are not behind the training, or that nothing is checked of."""
    document = analysis.spec.document
    behind = analysis.datasets_of(training)
    if not gate.datasets:
        yield report(
            "MLC348",
            f"nothing is checked of {_quoted(behind)}: the gate could never judge",
            document.value_span(("gates", name, "type")),
            help="declare `columns`, `primary_key` or `checks` of a dataset behind the training",
        )
    for index, dataset in enumerate(gate.datasets or ()):
        span = document.value_span(("gates", name, "datasets", index))
        if dataset not in behind:
            yield report(
                "MLC215",
                f"'{dataset}' is no dataset that '{gate.training}' is trained on",
                span,
                help=did_you_mean(dataset, behind, noun="it is trained on"),
            )
        elif not analysis.has_contract(dataset):
            yield report(
                "MLC348",
                f"nothing is checked of '{dataset}': the gate could never judge",
                span,
                help="declare its `columns`, `primary_key` or `checks`",
                labels=[Label(document.key_span(("datasets", dataset)), "declared here")],
            )


def _drift(analysis: Analysis, name: str, gate: DriftGate, training: Training) -> Iterator[Diagnostic]:
    """Yield columns that are no features."""
    features = feature_columns(analysis, training)
    for index, column in enumerate(gate.columns or ()):
        if column not in features:
            yield report(
                "MLC202",
                f"'{column}' is not a feature of '{gate.training}'",
                analysis.spec.document.value_span(("gates", name, "columns", index)),
                help=did_you_mean(column, features),
            )


_KINDS = {"string": "text", "numeric": "numbers", "boolean": "booleans"}


def _robustness(
    analysis: Analysis, name: str, gate: RobustnessGate, training: Training
) -> Iterator[Diagnostic]:
    """Yield features that are none, or that cannot be harmed in this way."""
    document = analysis.spec.document
    kinds = {one: _kind(type_) for one, type_ in feature_kinds(analysis, training).items()}
    for harm, how in gate.harms().items():
        wanted = HARMED[harm]
        fit = [one for one, kind in kinds.items() if kind is None or kind in wanted]
        if how.columns is None and not fit:
            yield report(
                "MLC349",
                f"'{harm}' harms {_KINDS[wanted[0]]}, and no feature of '{gate.training}' holds any",
                document.key_span(("gates", name, harm)),
                help=f"leave `{harm}` out",
            )
        for index, column in enumerate(how.columns or ()):
            span = document.value_span(("gates", name, harm, "columns", index))
            if column not in kinds:
                message = f"'{column}' is not a feature of '{gate.training}'"
                yield report("MLC202", message, span, help=did_you_mean(column, kinds))
            elif (kind := kinds[column]) is not None and kind not in wanted:
                message = f"'{harm}' harms {_KINDS[wanted[0]]}, and '{column}' holds {_KINDS[kind]}"
                yield report(
                    "MLC349", message, span, help=f"features that it can harm: {', '.join(fit) or 'none'}"
                )


def _kind(type_: str | None) -> str | None:
    """Return the kind of feature that a column of a type is, None where either is not known."""
    if type_ is None or is_numeric(type_):
        return None if type_ is None else "numeric"
    return {"string": "string", "bool": "boolean"}.get(type_)


def _quoted(names: Iterable[str]) -> str:
    return ", ".join(f"'{name}'" for name in names)
