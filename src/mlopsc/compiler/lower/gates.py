"""Lowering of gates: each is a step that judges, given what it looks at."""

from collections.abc import Iterable, Iterator

from mlopsc.compiler.analysis import Analysis
from mlopsc.compiler.lower.code import model_code
from mlopsc.compiler.lower.learning import judged_operation
from mlopsc.compiler.lower.segments import model_step
from mlopsc.compiler.lower.steps import make_step
from mlopsc.plan.plan import Artifact, Step
from mlopsc.spec.training import Training
from mlopsc.vocabulary import operations as op
from mlopsc.vocabulary.misfits import references_in


def lower_gates(analysis: Analysis, name: str, training: Training) -> dict[str, Step]:
    """Return the steps that judge a training's candidate, and those that fetch whom it is compared with."""
    steps: dict[str, Step] = {}
    there = _artifacts(analysis, name, training)
    profiled = {
        analysis.guarded_stage(gate)
        for gate, judge in _judges(analysis, name, training)
        if "reference" in judge.input_ports()
    }
    for gate_name, judge in _judges(analysis, name, training):
        inputs = dict(there)
        if "champion" in judge.input_ports():
            model, stage = analysis.guarded_stage(gate_name)
            champion = _champion(analysis, model, stage, profile=(model, stage) in profiled)
            steps[champion.name] = champion
            inputs["champion"] = Artifact(step=champion.name, port="champion")
            inputs["reference"] = Artifact(step=champion.name, port="profile")
        step = make_step(
            f"gate_{gate_name}",
            type(judge),
            analysis.spec.document,
            ("gates", gate_name),
            inputs={port: inputs[port] for port in judge.input_ports()},
            policy=None if judge.light else training.policy,
            rules=[path for path, _ in references_in(judge.gate.model_dump(mode="json", exclude_none=True))],
            **{name: value for name, value in judge if name != "operation"},
        )
        steps[step.name] = step
    return steps


def wants_scored(analysis: Analysis, name: str, training: Training) -> bool:
    """Say whether a gate looks at what the model says of each row."""
    return any("scored" in judge.input_ports() for _, judge in _judges(analysis, name, training))


def evidence(analysis: Analysis, name: str, training: Training, gates: Iterable[str]) -> dict[str, Artifact]:
    """Return what these gates of a training look at and a promotion will want again, beside what each version has."""
    there = _artifacts(analysis, name, training)
    ports = {
        port
        for gate, judge in _judges(analysis, name, training)
        if gate in gates
        for port in judge.input_ports()
    }
    return {port: there[port] for port in op.EVIDENCE if port in ports}


def _judges(analysis: Analysis, name: str, training: Training) -> Iterator[tuple[str, op.Judge]]:
    train = judged_operation(analysis, name, training)
    for gate_name, gate in analysis.gates_of(name).items():
        yield (
            gate_name,
            op.judge_of(
                gate_name,
                gate,
                training.measured,
                model_code(training),
                training.reported,
                trust=training.trust,
                refit=training.refit,
                train=train,
            ),
        )


def _artifacts(analysis: Analysis, name: str, training: Training) -> dict[str, Artifact]:
    """Return what gates look at, by the port that takes it."""
    model = Artifact(step=model_step(name, training), port="model")
    evaluated = {port: Artifact(step=f"evaluate_{name}", port=port) for port in ("metrics", "scored")}
    reports = {
        f"report_{dataset}": Artifact(step=f"validate_{dataset}", port="report")
        for dataset in analysis.datasets_of(training)
    }
    return {
        "model": model,
        "candidate": model,
        "train": Artifact(step=f"split_{name}", port="train"),
        "test": Artifact(step=f"split_{name}", port="test"),
        **evaluated,
        **reports,
    }


def _champion(analysis: Analysis, model: str, stage: str, *, profile: bool) -> Step:
    return make_step(
        f"champion_{model}_{stage}",
        op.ResolveChampion,
        analysis.spec.document,
        ("registry", model, "stages", stage),
        model=model,
        stage=stage,
        profile=profile,
    )
