"""From an event to a run of MLflow: what is there already is not made again, so that an event may be sent twice."""

import json
import math
import re
import tempfile
from collections.abc import Iterator, Mapping
from pathlib import Path
from typing import TYPE_CHECKING, Any

from mlopsc.runtime.decisions import read_json
from mlopsc.runtime.store import Store
from mlopsc.runtime.tracking.figures import numbers
from mlopsc.runtime.tracking.flavor import write_model
from mlopsc.runtime.tracking.location import database
from mlopsc.runtime.tracking.mlflow_client import TrackingFailed, artifacts_beside
from mlopsc.runtime.tracking.page import evaluation_page
from mlopsc.runtime.tracking.plots import plots
from mlopsc.runtime.tracking.queue import Waiting
from mlopsc.runtime.tracking.trials import runs_below, tell_trials

if TYPE_CHECKING:
    from mlflow import MlflowClient
    from mlflow.entities import Run

EVENT, MODEL = "mlopsc.event", "model"
_READ = ("metrics", "curves", "explanation", "trials")
"""Documents that are told in MLflow's own words and pictures, beside being handed over."""
_BATCH = 100
_LONGEST_VALUE, _LONGEST_TAG = 6000, 8000
_WORDS = re.compile(r"[^\w\-. /:]")
"""What may not stand in MLflow's names of parameters, metrics and tags."""


def send(client: "MlflowClient", url: str, store: Store, one: Waiting) -> dict[str, Any]:
    """Tell the server all of an event; return which run of which experiment it has become.

    Two that send one event at once leave one run: whoever comes last removes the other. Raises what MLflow raises, and
    StoreError when a file of the event is lost.
    """
    experiment = _experiment(client, url, one.event["experiment"])
    run = _run(client, experiment, one)
    files = one.event["files"]
    documents = {name: read_json(store.get_path(files[name])) for name in _READ if name in files}
    _values(client, run.info.run_id, one, documents["metrics"])
    _datasets(client, run.info.run_id, one.event["datasets"])
    with tempfile.TemporaryDirectory(prefix="mlopsc-track-") as folder:
        _files(client, run.info.run_id, store, one, Path(folder))
        _pictures(client, run.info.run_id, store, one, documents, Path(folder))
        model = _model(client, experiment, run, store, one, Path(folder))
    if "trials" in documents:
        search = documents["trials"]
        tell_trials(client, experiment, run.info.run_id, one.event["training"], search, one.at)
    client.set_terminated(run.info.run_id, "FINISHED", end_time=one.at)
    kept = _only(client, experiment, one.id)
    return {"experiment": experiment, "run": kept, "model": model, "at": one.at}


def _experiment(client: "MlflowClient", url: str, name: str) -> str:
    found = client.get_experiment_by_name(name)
    if found is None:
        from mlflow.exceptions import MlflowException

        own = database(url)
        try:
            return str(client.create_experiment(name, None if own is None else artifacts_beside(own)))
        except MlflowException:  # another has made it meanwhile
            found = client.get_experiment_by_name(name)
            if found is None:
                raise
    return str(found.experiment_id)


def _run(client: "MlflowClient", experiment: str, one: Waiting) -> "Run":
    """Return the event's run, made when there is none; the server knows it by a tag from its first moment."""
    known = _runs(client, experiment, one.id)
    if known:
        return known[0]
    tags = {EVENT: one.id, "mlflow.source.type": "PROJECT", "mlflow.source.name": one.event["project"]}
    name = one.event["training"]
    return client.create_run(experiment, start_time=one.at, tags={**tags, **one.circumstances}, run_name=name)


def _runs(client: "MlflowClient", experiment: str, id_: str) -> "list[Run]":
    found = client.search_runs([experiment], f"tags.`{EVENT}` = '{id_}'")
    return sorted(found, key=lambda run: str(run.info.run_id))


def _only(client: "MlflowClient", experiment: str, id_: str) -> str:
    """Return the event's run after every other that was made at the same time is gone."""
    first, *others = _runs(client, experiment, id_)
    for other in others:
        for trial in runs_below(client, experiment, other.info.run_id):
            client.delete_run(trial.info.run_id)
        client.delete_run(other.info.run_id)
    return str(first.info.run_id)


def _values(client: "MlflowClient", run: str, one: Waiting, found: Mapping[str, Any]) -> None:
    from mlflow.entities import Metric, Param, RunTag

    event = one.event
    params = [Param(_word(name), value[:_LONGEST_VALUE]) for name, value in event["params"].items()]
    metrics = [
        Metric(name, math.nan if value is None else value, one.at, 0) for name, value in numbers(found)
    ]
    tags = [RunTag(_word(name), value[:_LONGEST_TAG]) for name, value in _tags(event)]
    for start in range(0, max(len(params), len(metrics), len(tags)), _BATCH):
        part = slice(start, start + _BATCH)
        client.log_batch(run, metrics=metrics[part], params=params[part], tags=tags[part])


def _tags(event: Mapping[str, Any]) -> Iterator[tuple[str, str]]:
    yield "mlopsc.project", event["project"]
    yield "mlopsc.training", event["training"]
    yield "mlopsc.model_digest", event["model"]["digest"]
    yield "mlopsc.accepted", "yes" if event["accepted"] else "no"
    for name, decision in event["gates"].items():
        yield f"mlopsc.gate.{name}", decision["verdict"]
        yield f"mlopsc.gate.{name}.reason", decision["reason"]
    for name, value in event["tags"].items():
        yield ("mlflow.note.content" if name == "description" else f"mlopsc.{name}"), value


def _datasets(client: "MlflowClient", run: str, datasets: Mapping[str, Mapping[str, Any]]) -> None:
    from mlflow.entities import Dataset, DatasetInput, InputTag

    inputs = [
        DatasetInput(
            Dataset(
                name,
                one["digest"].removeprefix("sha256:")[:36],  # MLflow keeps no more
                one["type"],
                json.dumps({"uri": one["place"]} if one["place"] else {}),
            ),
            [InputTag("mlflow.data.context", "training"), InputTag("mlopsc.digest", one["digest"])],
        )
        for name, one in datasets.items()
    ]
    if inputs:
        client.log_inputs(run, inputs)


def _files(client: "MlflowClient", run: str, store: Store, one: Waiting, folder: Path) -> None:
    """Hand the files over as they are, under the names of the step's inputs."""
    documents = folder / "mlopsc"
    documents.mkdir()
    environment = {} if one.environment is None else {"environment": one.environment}
    for name, digest in (one.event["files"] | environment).items():
        file = "model.onnx" if name == "onnx" else f"{name}.json"
        (documents / file).write_bytes(store.get_path(digest).read_bytes())
    (documents / "event.json").write_text(json.dumps(one.event, indent=1, sort_keys=True), "utf-8")
    client.log_artifacts(run, str(documents), "mlopsc")


def _pictures(
    client: "MlflowClient", run: str, store: Store, one: Waiting, documents: Mapping[str, Any], folder: Path
) -> None:
    """Draw the evaluation's page and each of its plots.

    Raises TrackingFailed for documents that cannot be drawn: the event goes on waiting, and the run goes on.
    """
    drawn = folder / "drawn"
    (drawn / "plots").mkdir(parents=True)
    try:
        (drawn / "evaluation.html").write_text(evaluation_page(store, one.event, documents), "utf-8")
        for name, picture in plots(documents):
            (drawn / "plots" / name).write_text(picture, "utf-8")
    except (ArithmeticError, LookupError, TypeError, ValueError) as error:
        reason = f"its plots cannot be drawn: {type(error).__name__}: {error}"
        todo = "report it, and `mlopsc track flush` sends all of it once that is mended"
        raise TrackingFailed(f"{one.about}: {reason}; {todo}", down=False) from error
    client.log_artifacts(run, str(drawn))


def _model(
    client: "MlflowClient", experiment: str, run: "Run", store: Store, one: Waiting, folder: Path
) -> str:
    """Return MLflow's id of the model, ready to be loaded."""
    from mlflow.entities import LoggedModelOutput, LoggedModelStatus

    known = client.search_logged_models([experiment], filter_string=f"source_run_id = '{run.info.run_id}'")
    made = (
        known[0]
        if known
        else client.create_logged_model(
            experiment,
            name=MODEL,
            source_run_id=run.info.run_id,
            tags={EVENT: one.id, "mlopsc.model_digest": one.event["model"]["digest"]},
            params={_word(name): value[:_LONGEST_VALUE] for name, value in one.event["params"].items()},
        )
    )
    if made.status != LoggedModelStatus.READY:
        client.log_model_artifacts(made.model_id, str(write_model(store, one.event["model"], folder)))
        client.finalize_logged_model(made.model_id, "READY")
    outputs = client.get_run(run.info.run_id).outputs
    if outputs is None or all(output.model_id != made.model_id for output in outputs.model_outputs):
        client.log_outputs(run.info.run_id, [LoggedModelOutput(made.model_id, 0)])
    return str(made.model_id)


def _word(name: str) -> str:
    return _WORDS.sub("_", name)[:250]
