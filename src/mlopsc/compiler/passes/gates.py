"""Gates suit the trainings that they judge."""

from collections.abc import Iterator

from mlopsc.compiler.analysis import Analysis
from mlopsc.compiler.catalogue import Catalogue
from mlopsc.diagnostics.codes import report
from mlopsc.diagnostics.diagnostic import Diagnostic, Label
from mlopsc.spec.training import Training
from mlopsc.vocabulary.gates import FairnessGate, Gate


def check_gates(analysis: Analysis) -> Iterator[Diagnostic]:
    """Yield gates that could never be judged."""
    catalogue = Catalogue.load() if analysis.spec.gates else None
    for training_name, training in analysis.spec.entries("training"):
        for name, gate in analysis.gates_of(training_name).items():
            assert catalogue is not None
            info = catalogue.estimator(training.estimator) if isinstance(training.estimator, str) else None
            if info is not None and info.kind == "regressor":
                yield from _of_numbers(analysis, name, gate, training)


def _of_numbers(analysis: Analysis, name: str, gate: Gate, training: Training) -> Iterator[Diagnostic]:
    if isinstance(gate, FairnessGate):
        document = analysis.spec.document
        path = ("training", gate.training, "estimator")
        yield report(
            "MLC346",
            f"a {gate.type} gate needs a classifier, and {str(training.estimator).rpartition('.')[2]} is a regressor",
            document.value_span(("gates", name, "type")),
            help="judge a regression by `metric`, `slice` or `baseline` gates",
            labels=[Label(document.value_span(path), "the estimator")],
        )
