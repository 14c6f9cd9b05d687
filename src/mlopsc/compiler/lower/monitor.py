"""Lowering of a monitor: current features against the profile of the version that holds a stage."""

from mlopsc.compiler.analysis import Analysis
from mlopsc.compiler.auxiliary import feature_columns
from mlopsc.compiler.lower.feature_table import lower_feature_table
from mlopsc.compiler.lower.parameters import used_parameters
from mlopsc.compiler.lower.steps import make_step
from mlopsc.compiler.lower.tables import Tables
from mlopsc.plan.graph import in_order
from mlopsc.plan.plan import Artifact, Pipeline, Schedule
from mlopsc.spec.monitors import Monitor
from mlopsc.vocabulary import operations as op


def lower_monitor(analysis: Analysis, name: str, monitor: Monitor) -> Pipeline:
    """Return the pipeline of one monitor."""
    tables = Tables(analysis)
    document, origin = analysis.spec.document, ("monitors", name)
    model = analysis.model(monitor.model)
    training = analysis.training(model.training)
    features = lower_feature_table(
        tables,
        name,
        training,
        monitor.current.table,
        origin,
        labelled=False,
        until=monitor.current.until,
        window=monitor.current.window,
        policy=monitor.policy,
    )
    reference = make_step(
        f"reference_{name}",
        op.ResolveReference,
        document,
        origin,
        policy=monitor.policy,
        model=monitor.model,
        stage=monitor.stage,
    )
    drift = make_step(
        f"drift_{name}",
        op.Drift,
        document,
        origin,
        inputs={
            "profile": Artifact(step=reference.name, port="profile"),
            "table": Artifact(step=features.name, port="table"),
        },
        policy=monitor.policy,
        monitor=name,
        features=feature_columns(analysis, training),
        tests=monitor.tests,
        engine=tables.engine,
    )
    verdict = make_step(
        "verdict",
        op.Verdict,
        document,
        origin,
        inputs={drift.name: Artifact(step=drift.name, port="decision")},
        decisions=(drift.name,),
    )
    steps = in_order([*tables.steps.values(), features, reference, drift, verdict])
    schedule = monitor.schedule
    return Pipeline(
        name=name,
        kind="monitor",
        title=f"Watch {monitor.model}@{monitor.stage} for drift",
        steps=steps,
        parameters=used_parameters(analysis, steps),
        schedule=Schedule(cron=schedule.cron, timezone=schedule.timezone) if schedule else None,
    )
