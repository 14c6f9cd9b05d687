"""A search's trials as runs of MLflow below the training's own, each made once."""

from collections.abc import Mapping
from typing import TYPE_CHECKING, Any

from mlopsc.runtime.tracking.figures import word

if TYPE_CHECKING:
    from mlflow import MlflowClient
    from mlflow.entities import Run

PARENT, TRIAL = "mlflow.parentRunId", "mlopsc.trial"
_PAGE = 1000

_ENDS = {"ok": "FINISHED", "failed": "FAILED", "skipped": "KILLED"}
"""How a trial's run ends at MLflow."""


def tell_trials(
    client: "MlflowClient", experiment: str, run: str, training: str, search: Mapping[str, Any], at: int
) -> None:
    """Tell what the artifact `trials` holds: parameters, mean and deviation, the score of each fold as a step.

    A trial that failed is a run that failed, one that was skipped a killed one, each with its message. Raises what
    MLflow raises.
    """
    known = {one.data.tags[TRIAL]: one for one in runs_below(client, experiment, run)}
    for trial in search["trials"]:
        index = str(trial["index"])
        made = known.get(index)
        if made is None:
            tags = {PARENT: run, TRIAL: index, "mlopsc.training": training, "mlflow.source.type": "PROJECT"}
            name = f"{training} trial {index}"
            made = client.create_run(experiment, start_time=at, tags=tags, run_name=name)
        if made.info.status == "RUNNING":
            _tell(client, made.info.run_id, search, trial, at)


def runs_below(client: "MlflowClient", experiment: str, run: str) -> "list[Run]":
    """Return the trials that a run has, the first made of each."""
    found: list[Run] = []
    token = None
    while True:
        page = client.search_runs(
            [experiment], f"tags.`{PARENT}` = '{run}'", max_results=_PAGE, page_token=token
        )
        found += page
        token = page.token
        if not token:
            return found


def _tell(
    client: "MlflowClient", run: str, search: Mapping[str, Any], trial: Mapping[str, Any], at: int
) -> None:
    from mlflow.entities import Metric, Param, RunTag

    name = word(search["metric"])
    metrics = [Metric(f"{name}.fold", score, at, fold) for fold, score in enumerate(trial["scores"])]
    if trial["mean"] is not None:
        metrics += [Metric(name, trial["mean"], at, 0), Metric(f"{name}.std", trial["std"], at, 0)]
    tags = [RunTag("mlopsc.best", "yes")] if trial["index"] == search["best"] else []
    if trial["message"] is not None:
        tags.append(RunTag("mlflow.note.content", trial["message"]))
    tags += [
        RunTag(f"mlopsc.{key}", str(trial[key])) for key in ("candidate", "rung", "resource") if key in trial
    ]
    params = [Param(word(one), str(value)) for one, value in trial["params"].items()]
    client.log_batch(run, metrics=metrics, params=params, tags=tags)
    client.set_terminated(run, _ENDS[trial["status"]], end_time=at)
