"""Lowering of the train pipeline: from datasets to registered versions, shared steps once."""

import hashlib
import json
from collections import ChainMap
from collections.abc import Iterable, Mapping
from pathlib import Path
from typing import Any

from mlopsc.compiler.analysis import Analysis
from mlopsc.compiler.auxiliary import feature_columns
from mlopsc.compiler.lower.code import model_code
from mlopsc.compiler.lower.exports import exported, lower_exports
from mlopsc.compiler.lower.feature_table import lower_feature_table
from mlopsc.compiler.lower.gates import evidence, lower_gates, wants_scored
from mlopsc.compiler.lower.learning import judged_operation, learning, train_operation
from mlopsc.compiler.lower.parameters import used_parameters
from mlopsc.compiler.lower.segments import count_step, kept_model, model_step, segment_steps
from mlopsc.compiler.lower.steps import configuration, make_step
from mlopsc.compiler.lower.tables import Tables
from mlopsc.compiler.lower.track import lower_track
from mlopsc.compiler.lower.tuning import tuning_steps
from mlopsc.plan.graph import ancestors, in_order
from mlopsc.plan.plan import Artifact, Pipeline, Step
from mlopsc.spec.document import Document
from mlopsc.spec.features import PythonView, SqlView
from mlopsc.spec.registry import Model
from mlopsc.spec.training import Training
from mlopsc.vocabulary import operations as op
from mlopsc.vocabulary.gates import ReproducibleGate


def lower_train(analysis: Analysis, trainings: Iterable[str]) -> Pipeline:
    """Return the pipeline of the named trainings."""
    tables = Tables(analysis)
    steps: dict[str, Step] = {}
    verdicts: dict[str, Artifact] = {}
    names = tuple(trainings)
    for name in names:
        training = analysis.training(name)
        steps |= _training(tables, name, training)
        gates = lower_gates(analysis, name, training)
        steps |= gates
        if training.refit:
            judges = (step for step in gates if step.startswith("gate_"))
            refit = _refit(analysis, name, training, judges)
            steps[refit.name] = refit
        steps |= {step.name: step for step in lower_exports(analysis, name, training)}
        made = ChainMap(steps, tables.steps)
        for model_name, model in analysis.models_of(name).items():
            register = _register(analysis, made, model_name, model, name, training)
            steps[register.name] = register
            verdicts[register.name] = Artifact(step=register.name, port="decision")
        steps |= {step.name: step for step in lower_track(analysis, made, name, model_code(training))}
        for gate in analysis.free_gates(name):
            verdicts[f"gate_{gate}"] = Artifact(step=f"gate_{gate}", port="decision")
    if verdicts:
        origin = ("registry",) if analysis.spec.registry else ("gates",)
        steps["verdict"] = make_step(
            "verdict",
            op.Verdict,
            analysis.spec.document,
            origin,
            inputs=verdicts,
            decisions=tuple(verdicts),
        )
    everything = in_order([*tables.steps.values(), *steps.values()])
    return Pipeline(
        name="train",
        kind="train",
        title=f"Train, judge and register {', '.join(names)}",
        steps=everything,
        parameters=used_parameters(analysis, everything),
    )


def lower_tables(analysis: Analysis) -> Pipeline:
    """Return the pipeline of a spec that trains nothing: every dataset is read and checked, every SQL or Python view
    made."""
    tables = Tables(analysis)
    views = [
        name for name, view in analysis.spec.entries("features") if isinstance(view, SqlView | PythonView)
    ]
    for name in (*analysis.spec.datasets, *views):
        tables.artifact(name)
    steps = in_order(list(tables.steps.values()))
    return Pipeline(
        name="train",
        kind="train",
        title=f"Check {', '.join(analysis.spec.datasets)}",
        steps=steps,
        parameters=used_parameters(analysis, steps),
    )


def _training(tables: Tables, name: str, training: Training) -> dict[str, Step]:
    document, origin = tables.analysis.spec.document, ("training", name)
    columns = feature_columns(tables.analysis, training)
    entities = training.entities
    features = lower_feature_table(
        tables, name, training, entities.table, origin, labelled=True, until=entities.until
    )
    split = make_step(
        f"split_{name}",
        op.SplitRows,
        document,
        origin,
        inputs={"table": Artifact(step=features.name, port="table")},
        policy=training.policy,
        training=name,
        split=training.split,
        seed=training.seed,
        leakage=training.leakage,
        entity=tables.analysis.repeated_keys(training),
    )
    train_part, test_part = (Artifact(step=split.name, port=port) for port in ("train", "test"))
    said = learning(tables.analysis, name, training)
    counted = count_step(document, name, training, {"train": train_part, "test": test_part})
    after = tuple(step.name for step in counted)
    search = tuning_steps(document, name, training, said, train_part, after)
    found = {} if search is None else {"trials": search.trials}
    nested = {f"nested_{fold}": one for fold, one in enumerate(() if search is None else search.nested)}
    train = _models(document, name, training, said, {"train": train_part, **found}, after)
    evaluate = make_step(
        f"evaluate_{name}",
        op.Evaluate,
        document,
        origin,
        inputs={
            "model": Artifact(step=model_step(name, training), port="model"),
            "test": test_part,
            "train": train_part,
            **nested,
        },
        policy=training.policy,
        training=name,
        metrics=training.measured,
        baselines=training.baselines,
        scored=wants_scored(tables.analysis, name, training),
        slices=training.reported,
        intervals=training.intervals,
        seed=training.seed if training.intervals is not None else None,
        code=model_code(training),
        trust=training.trust,
        nested=len(nested),
    )
    explained = explain_step(document, name, training, test_part)
    profile = make_step(
        f"profile_{name}",
        op.Profile,
        document,
        origin,
        inputs={"train": train_part},
        policy=training.policy,
        training=name,
        features=columns,
        engine=tables.engine,
    )
    trials = () if search is None else search.steps
    explain = () if explained is None else (explained,)
    steps = (features, split, *counted, *trials, *train, evaluate, *explain, profile)
    return {step.name: step for step in steps}


def _models(
    document: Document,
    name: str,
    training: Training,
    said: Mapping[str, Any],
    inputs: Mapping[str, Artifact],
    after: tuple[str, ...],
) -> tuple[Step, ...]:
    """Return the steps that make the model: one, or those of a training for each segment."""
    if training.for_each is not None:
        return tuple(segment_steps(document, name, training, training.for_each, said, inputs, after))
    train = make_step(
        f"train_{name}",
        op.Train,
        document,
        ("training", name),
        inputs=inputs,
        policy=training.policy,
        **said,
        tuned="trials" in inputs,
    )
    return (train,)


def explain_step(document: Document, name: str, training: Training, test_part: Artifact) -> Step | None:
    """Return the step that says what the model's answers hang on, None where that was not asked for."""
    if training.explained is None:
        return None
    return make_step(
        f"explain_{name}",
        op.Explain,
        document,
        ("training", name, "explain"),
        inputs={"model": Artifact(step=model_step(name, training), port="model"), "test": test_part},
        policy=training.policy,
        training=name,
        metric=training.measured[0],
        explanation=training.explained,
        seed=training.seed,
        code=model_code(training),
        trust=training.trust,
    )


def _refit(analysis: Analysis, name: str, training: Training, gates: Iterable[str]) -> Step:
    """Return the step that trains the judged model again, on all rows, when every gate has judged it."""
    return make_step(
        f"refit_{name}",
        op.Refit,
        analysis.spec.document,
        ("training", name, "refit"),
        inputs={
            "judged": Artifact(step=model_step(name, training), port="model"),
            "train": Artifact(step=f"split_{name}", port="train"),
            "test": Artifact(step=f"split_{name}", port="test"),
        },
        after=tuple(gates),
        policy=training.policy,
        training=name,
        train=train_operation(analysis, name, training),
    )


def _register(
    analysis: Analysis,
    made: Mapping[str, Step],
    model_name: str,
    model: Model,
    training_name: str,
    training: Training,
) -> Step:
    required = {gate for stage in model.stages.values() for gate in stage.gates}
    gates = {name: gate for name, gate in analysis.gates_of(training_name).items() if name in required}
    maker = model_step(training_name, training)
    behind = ancestors(made, maker) | {maker}
    causes = [made[name] for name in sorted(behind)]
    data_code = {name for step in causes for name in _data_code(step)}
    datasets = tuple(step.name.removeprefix("load_") for step in causes if step.operation == "load")
    stages = tuple(op.StageRule(stage=name, gates=stage.gates) for name, stage in model.stages.items())
    rules: dict[str, Any] = {"stages": stages, "gates": gates, "metrics": training.measured}
    again = any(isinstance(gate, ReproducibleGate) for gate in gates.values())
    named = {one for gate in gates.values() for one in getattr(gate, "slices", None) or ()}
    slices = tuple(one for one in training.reported if one.called in named)
    if slices:
        rules["slices"] = slices
    if training.refit:
        rules["refit"] = True
    if training.onnx is not None:
        rules["onnx"] = True
    judges = [made[f"gate_{name}"] for name in gates]
    parameters = sorted({name for step in (*causes, *judges) for name in step.parameters})
    return make_step(
        f"register_{model_name}",
        op.Register,
        analysis.spec.document,
        ("registry", model_name),
        inputs={
            "model": kept_model(training_name, training),
            "metrics": Artifact(step=f"evaluate_{training_name}", port="metrics"),
            "curves": Artifact(step=f"evaluate_{training_name}", port="curves"),
            "profile": Artifact(step=f"profile_{training_name}", port="profile"),
            "test": Artifact(step=f"split_{training_name}", port="test"),
            "environment": Artifact(step=maker, port="environment"),
            **evidence(analysis, training_name, training, gates),
            **({"judged": Artifact(step=maker, port="model")} if training.refit else {}),
            **({} if training.explained is None else {"explanation": _explanation(training_name)}),
            **exported(training_name, training),
            **{f"report_{name}": Artifact(step=f"validate_{name}", port="report") for name in datasets},
            **{f"decision_{name}": Artifact(step=f"gate_{name}", port="decision") for name in gates},
        },
        model=model_name,
        training=training_name,
        stages=tuple(op.StageRule(stage=name, gates=stage.gates) for name, stage in model.stages.items()),
        gates=gates,
        metrics=training.measured,
        slices=slices,
        code=model_code(training),
        trust=training.trust,
        lineage_code=tuple(sorted(data_code)),
        spec=Path(analysis.spec.document.file).name,
        environment=analysis.spec.environment,
        variables=dict(analysis.overrides),
        files=_query_files(analysis, datasets),
        refit=training.refit,
        train=judged_operation(analysis, training_name, training) if again else None,
        explained=training.explained is not None,
        onnx=training.onnx is not None,
        owner=analysis.owner,
        card=model.card,
        datasets=datasets,
        parameters={name: f"${{params.{name}}}" for name in parameters},
        spec_digest=_digest(causes, configuration(op.Register, **rules)),
    )


def _explanation(training: str) -> Artifact:
    return Artifact(step=f"explain_{training}", port="explanation")


def _query_files(analysis: Analysis, datasets: Iterable[str]) -> tuple[str, ...]:
    """Return the files that hold the queries of these datasets."""
    named = {getattr(analysis.dataset(name).source, "query_file", None) for name in datasets}
    return tuple(sorted(name for name in named if name is not None))


def _data_code(step: Step) -> tuple[str, ...]:
    """Return the user functions by which a step makes or changes data."""
    match step.operation:
        case "load":
            python = step.configuration["source"].get("python")
        case "transform":
            python = step.configuration["python"]
        case "validate":
            return tuple(one["python"] for one in step.configuration.get("checks", ()) if "python" in one)
        case "features":
            return tuple(one["python"] for one in step.configuration.get("rows", ()))
        case _:
            python = None
    return () if python is None else (python,)


def _digest(steps: Iterable[Step], rules: Any) -> str:
    """Return a digest of what the spec says of these steps and of the rules that judge what they make.

    What the lock says of the data is left out: the data's own digests are in the lineage.
    """
    said = {
        step.name: {key: value for key, value in step.configuration.items() if key not in ("lock", "locked")}
        for step in steps
    }
    text = json.dumps([said, rules], sort_keys=True, separators=(",", ":"), ensure_ascii=False)
    return f"sha256:{hashlib.sha256(text.encode()).hexdigest()}"
