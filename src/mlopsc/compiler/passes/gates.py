"""Gates suit the trainings that they judge."""

from collections.abc import Iterator

from mlopsc.compiler.analysis import Analysis
from mlopsc.diagnostics.codes import report
from mlopsc.diagnostics.diagnostic import Diagnostic, Label
from mlopsc.spec.training import Training
from mlopsc.vocabulary.gates import BaselineGate, CalibrationGate, FairnessGate, Gate


def check_gates(analysis: Analysis) -> Iterator[Diagnostic]:
    """Yield gates that could never be judged."""
    for training_name, training in analysis.spec.entries("training"):
        for name, gate in analysis.gates_of(training_name).items():
            info = analysis.estimator(training)
            if info is not None and info.kind == "regressor":
                yield from _of_numbers(analysis, name, gate, training)
            if isinstance(gate, CalibrationGate) and info is not None and info.kind == "classifier":
                yield from _without_probabilities(analysis, name, training, certain=info.predict_proba)
            if isinstance(gate, BaselineGate):
                yield from _baseline(analysis, name, gate, training, None if info is None else info.kind)


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
