"""Plans made by hand, as the compiler lowers the flagship, for tests of what is generated from plans."""

from datetime import timedelta
from typing import Any

from mlopsc.plan.plan import Artifact, Fan, Infrastructure, Pipeline, Plan, Schedule, Source, Step
from mlopsc.vocabulary.artifacts import ArtifactType
from mlopsc.vocabulary.checks import CHECK
from mlopsc.vocabulary.operations import operation_class
from mlopsc.vocabulary.parameters import Parameter
from mlopsc.vocabulary.policy import Accelerator, Policy

IMAGE = "registry.example.com/flights:1.0"
COLUMNS: dict[str, Any] = {
    "origin": {"type": "string", "nullable": False, "allowed": ["EWR", "JFK", "LGA"]},
    "distance": {"type": "float64", "min": 0},
}
FEATURES = ["visib", "wind_speed", "precip", "distance", "carrier", "hour"]
JOIN = {
    "view": "origin_weather",
    "entity": {"origin": "origin"},
    "feature_time": "time_hour",
    "ttl": "3h",
    "columns": ["visib", "wind_speed", "precip"],
}
ROC_AUC = {"type": "metric", "training": "late_arrival", "metric": "roc_auc", "min": 0.65}
BEATS = {"type": "champion", "training": "late_arrival", "metric": "roc_auc"}
TRAINING = Policy(
    retries=1,
    retry_delay=timedelta(seconds=10),
    timeout=timedelta(minutes=30),
    cpu=2.0,
    memory="4Gi",
    env={"OMP_NUM_THREADS": "2"},
)


def step(
    name: str,
    operation: str,
    configuration: dict[str, Any],
    inputs: dict[str, str] | None = None,
    *,
    after: tuple[str, ...] = (),
    policy: Policy | None = None,
    line: int = 1,
) -> Step:
    """Return a step; an input is written `step.port`."""
    full = {"operation": operation, **configuration}
    checks = tuple(CHECK.validate_python(check) for check in configuration.get("checks", ()))
    sample = operation_class(operation).model_construct(**full | ({"checks": checks} if checks else {}))
    outputs: dict[str, ArtifactType] = sample.output_ports()
    wired = {}
    for port, place in (inputs or {}).items():
        producer, _, output = place.partition(".")
        wired[port] = Artifact(step=producer, port=output)
    return Step(
        name=name,
        operation=operation,
        configuration=full,
        inputs=wired,
        outputs=outputs,
        after=after,
        policy=policy or Policy(),
        source=Source(file="mlops.yaml", line=line, column=3),
        origin=("tests", name),
    )


def table_steps() -> tuple[Step, ...]:
    """Both datasets, read and checked."""
    return (
        step(
            "load_flights",
            "load",
            {
                "dataset": "flights",
                "source": {"type": "parquet", "path": "data/flights.parquet"},
                "columns": COLUMNS,
                "event_time": "time_hour",
            },
            line=12,
        ),
        step(
            "validate_flights",
            "validate",
            {
                "dataset": "flights",
                "columns": COLUMNS,
                "primary_key": ["time_hour", "carrier", "flight"],
                "event_time": "time_hour",
                "checks": [
                    {"expect": "table_row_count_to_be_between", "min_value": 100000},
                    {
                        "expect": "column_values_to_not_be_null",
                        "column": "arr_delay",
                        "mostly": 0.95,
                        "on_failure": "warn",
                    },
                ],
            },
            {"data": "load_flights.data"},
            line=12,
        ),
        step(
            "load_weather",
            "load",
            {
                "dataset": "weather",
                "source": {"type": "parquet", "path": "data/weather.parquet"},
                "event_time": "time_hour",
            },
            line=22,
        ),
        step(
            "validate_weather",
            "validate",
            {"dataset": "weather", "primary_key": ["origin", "time_hour"], "event_time": "time_hour"},
            {"data": "load_weather.data"},
            line=22,
        ),
    )


def feature_step(name: str, **more: Any) -> Step:
    """The feature table of flights with their origin's weather, up to the parameter `as_of`."""
    return step(
        f"features_{name}",
        "features",
        {
            "training": name,
            "primary_key": ["time_hour", "carrier", "flight"],
            "event_time": "time_hour",
            "until": "${params.as_of}",
            "features": FEATURES,
            "joins": [JOIN],
            **more,
        },
        {"entities": "load_flights.data", "origin_weather": "load_weather.data"},
        after=("validate_flights", "validate_weather"),
        line=34,
    )


def train_pipeline(training: Policy = TRAINING) -> Pipeline:
    """The flagship's training: two datasets, one model, two gates."""
    columns = {"training": "late_arrival", "features": FEATURES}
    return Pipeline(
        name="train",
        kind="train",
        title="Train, judge and register late_arrival",
        parameters={
            "as_of": Parameter(
                type="timestamp",
                default="2013-12-31T00:00:00Z",
                description="Flights after this are left out",
            ),
            "trees": Parameter(type="int", default=200),
        },
        steps=(
            *table_steps(),
            feature_step("late_arrival", label="arr_delay > 15"),
            step(
                "split_late_arrival",
                "split",
                {"training": "late_arrival", "split": {"type": "time", "test": "30d"}, "seed": 7},
                {"table": "features_late_arrival.table"},
                line=34,
            ),
            step(
                "train_late_arrival",
                "train",
                {
                    **columns,
                    "estimator": "sklearn.ensemble.HistGradientBoostingClassifier",
                    "params": {"max_iter": "${params.trees}", "learning_rate": 0.1},
                    "label": "arr_delay > 15",
                    "seed": 7,
                },
                {"train": "split_late_arrival.train"},
                policy=training,
                line=34,
            ),
            step(
                "evaluate_late_arrival",
                "evaluate",
                {"training": "late_arrival", "metrics": ["roc_auc", "average_precision", "neg_brier_score"]},
                {
                    "model": "train_late_arrival.model",
                    "test": "split_late_arrival.test",
                    "train": "split_late_arrival.train",
                },
                policy=training,
                line=34,
            ),
            step("profile_late_arrival", "profile", columns, {"train": "split_late_arrival.train"}, line=34),
            step(
                "champion_late_arrival_production",
                "resolve_champion",
                {"model": "late_arrival", "stage": "production"},
                line=52,
            ),
            step(
                "gate_good_enough",
                "judge_metric",
                {"name": "good_enough", "gate": ROC_AUC},
                {"metrics": "evaluate_late_arrival.metrics"},
                line=46,
            ),
            step(
                "gate_beats_champion",
                "judge_champion",
                {"name": "beats_champion", "gate": BEATS, "metric": "roc_auc"},
                {
                    "candidate": "train_late_arrival.model",
                    "champion": "champion_late_arrival_production.champion",
                    "test": "split_late_arrival.test",
                },
                line=47,
            ),
            step(
                "register_late_arrival",
                "register",
                {
                    "model": "late_arrival",
                    "training": "late_arrival",
                    "stages": [
                        {"stage": "staging", "gates": ["good_enough"]},
                        {"stage": "production", "gates": ["beats_champion"]},
                    ],
                    "gates": {"good_enough": ROC_AUC, "beats_champion": BEATS},
                    "metrics": ["roc_auc", "average_precision", "neg_brier_score"],
                    "owner": "ops-ml",
                    "datasets": ["flights", "weather"],
                    "parameters": {"as_of": "${params.as_of}", "trees": "${params.trees}"},
                    "spec_digest": f"sha256:{'0' * 64}",
                },
                {
                    "model": "train_late_arrival.model",
                    "metrics": "evaluate_late_arrival.metrics",
                    "curves": "evaluate_late_arrival.curves",
                    "profile": "profile_late_arrival.profile",
                    "test": "split_late_arrival.test",
                    "environment": "train_late_arrival.environment",
                    "report_flights": "validate_flights.report",
                    "report_weather": "validate_weather.report",
                    "decision_good_enough": "gate_good_enough.decision",
                    "decision_beats_champion": "gate_beats_champion.decision",
                },
                line=51,
            ),
            step(
                "verdict",
                "verdict",
                {"decisions": ["register_late_arrival"]},
                {"register_late_arrival": "register_late_arrival.decision"},
                line=50,
            ),
        ),
    )


def monitor_pipeline() -> Pipeline:
    """The flagship's monitor, on Mondays at three."""
    accelerated = Policy(
        accelerator=Accelerator(type="nvidia.com/gpu", count=2), image="registry.example.com/flights-gpu:1.0"
    )
    return Pipeline(
        name="weather_drift",
        kind="monitor",
        title="Watch late_arrival@staging for drift",
        schedule=Schedule(cron="0 3 * * 1"),
        parameters={"as_of": Parameter(type="timestamp", default="2013-12-31T00:00:00Z")},
        steps=(
            *table_steps(),
            feature_step("weather_drift", window="30d", where="origin <> '${params.as_of}'"),
            step(
                "reference_weather_drift",
                "resolve_reference",
                {"model": "late_arrival", "stage": "staging"},
                line=56,
            ),
            step(
                "drift_weather_drift",
                "drift",
                {
                    "monitor": "weather_drift",
                    "features": FEATURES,
                    "tests": {"numeric": ["psi", "ks"], "categorical": ["psi", "chi2"], "missing": 0.1},
                },
                {"profile": "reference_weather_drift.profile", "table": "features_weather_drift.table"},
                policy=accelerated,
                line=56,
            ),
            step(
                "verdict",
                "verdict",
                {"decisions": ["drift_weather_drift"]},
                {"drift_weather_drift": "drift_weather_drift.decision"},
                line=56,
            ),
        ),
    )


def predict_pipeline() -> Pipeline:
    """The flagship's predictions."""
    return Pipeline(
        name="predict_late_arrival",
        kind="predict",
        title="Predict with late_arrival",
        parameters={
            "input": Parameter(type="string", description="The rows"),
            "version": Parameter(type="string", default="production"),
        },
        steps=(
            *table_steps()[2:],
            step(
                "model_late_arrival",
                "resolve_model",
                {"model": "late_arrival", "version": "${params.version}"},
                line=51,
            ),
            step(
                "predict_late_arrival",
                "predict",
                {
                    "model": "late_arrival",
                    "training": "late_arrival",
                    "source": {"type": "parquet", "path": "${params.input}"},
                    "columns": {"origin": {"type": "string"}, "distance": {"type": "float64"}},
                    "primary_key": ["time_hour", "carrier", "flight"],
                    "event_time": "time_hour",
                    "features": FEATURES,
                    "joins": [JOIN],
                },
                {"model": "model_late_arrival.model", "view_origin_weather": "load_weather.data"},
                after=("validate_weather",),
                policy=TRAINING,
                line=51,
            ),
        ),
    )


def flights_plan(
    targets: dict[str, dict[str, Any]] | None = None,
    *pipelines: Pipeline,
    infrastructure: Infrastructure | None = None,
) -> Plan:
    """The whole flagship, or the given pipelines of it."""
    return Plan(
        project="flights",
        spec="mlops.yaml",
        pipelines=pipelines or (train_pipeline(), monitor_pipeline(), predict_pipeline()),
        infrastructure=infrastructure or Infrastructure(),
        targets=targets if targets is not None else {"kfp": {"image": IMAGE}},
    )


TRIAL: dict[str, Any] = {
    "training": "t",
    "train": {
        "operation": "train",
        "training": "t",
        "estimator": "sklearn.linear_model.LogisticRegression",
        "features": ["a"],
        "label": "y",
        "seed": 0,
    },
    "space": {"C": {"loguniform": [0.001, 10.0]}},
    "draw": "random",
    "metric": "roc_auc",
    "cv": {"type": "kfold"},
    "seed": 0,
}
"""What every trial of a search says."""


def trial_steps(count: int, limit: int | None = 2) -> tuple[Step, ...]:
    """A search of so many trials, with features and split before and what collects them behind."""
    split = step(
        "split_t",
        "split",
        {"training": "t", "split": {"type": "random"}, "seed": 0},
        {"table": "features_t.table"},
    )
    trials = [
        step(f"trial_t_{index}", "trial", {**TRIAL, "index": index}, {"train": "split_t.train"}).model_copy(
            update={
                "fan": Fan(group="trial_t", index=index, field="index", limit=limit),
                "origin": ("training", "t", "tune"),
            }
        )
        for index in range(count)
    ]
    collect = step(
        "trials_t",
        "collect_trials",
        {"training": "t", "metric": "roc_auc", "count": count},
        {f"trials_{index}": f"trial_t_{index}.report" for index in range(count)},
    )
    features = step("features_t", "features", {"training": "t", "features": ["a"]})
    return (features, split, *trials, collect)
