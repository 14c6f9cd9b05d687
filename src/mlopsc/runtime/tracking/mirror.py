"""The registry's mirror in MLflow: versions of our models as versions of MLflow's, the stages they hold as aliases.

What waits in the queue says only of which model something changed. What is told is what the registry holds then, so the
order in which promotions are told does not matter, and what somebody changed in MLflow by hand is set right.
"""

import re
import time
from collections.abc import Mapping
from datetime import datetime
from typing import TYPE_CHECKING, Any

from mlopsc.runtime.store import Store
from mlopsc.runtime.tracking.event import FORMAT, REGISTRY, Event
from mlopsc.runtime.tracking.mlflow_client import TrackingFailed
from mlopsc.runtime.tracking.queue import enqueue

if TYPE_CHECKING:
    from mlflow import MlflowClient
    from mlflow.entities import LoggedModel
    from mlflow.entities.model_registry import ModelVersion

    from mlopsc.runtime.registry import Registry, Version

_VERSION, _PROJECT, _DIGEST = "mlopsc.version", "mlopsc.project", "mlopsc.model_digest"
_LONGEST = 5000
"""Characters that MLflow keeps of a version's description."""
_RESERVED = re.compile(r"latest|v\d+", re.IGNORECASE)
"""Words that mean something else to MLflow."""


def announce(store: Store, project: str, experiment: str, model: str, cause: str) -> None:
    """Let it wait that something of a model changed in the registry; `cause` tells people what. Raises StoreError."""
    at = int(time.time() * 1000)
    event: Event = {"format": FORMAT, "project": project, "experiment": experiment, REGISTRY: model}
    enqueue(store, event | {"cause": cause, "at": at}, at=at, circumstances={})


def tell_registry(
    client: "MlflowClient", registry: "Registry", event: Event, untold: frozenset[str]
) -> dict[str, Any]:
    """Make MLflow's registered model like ours, and return what it is called there.

    `untold` are digests of models whose trainings still wait: with one of them among the versions, TrackingFailed says
    so. A version that was registered before runs were tracked is not in MLflow. Raises what MLflow and the registry
    raise.
    """
    name, model = f"{event['project']}.{event[REGISTRY]}", event[REGISTRY]
    versions = registry.versions(model)
    if any(version.digest in untold for version in versions):
        raise TrackingFailed(f"registered model {name!r} waits for a training that was not told", down=False)
    _own(client, name, event["project"])
    known = _mirrored(client, name)
    for version in versions:
        if str(version.number) not in known:
            _mirror(client, name, event["experiment"], version)
    known = _mirrored(client, name)
    held = {one.stage: one.version for one in registry.holders(model)}
    stages = {stage for version in versions for stage in version.stages}
    told = client.get_registered_model(name).aliases
    for stage in sorted(stages):
        alias, holder = alias_of(stage), known.get(str(held.get(stage)))
        if holder is None:
            if alias in told:
                client.delete_registered_model_alias(name, alias)
        elif str(told.get(alias)) != str(holder.version):
            client.set_registered_model_alias(name, alias, holder.version)
    return {REGISTRY: name}


def alias_of(stage: str) -> str:
    """Return the alias that a stage is in MLflow: its own name, unless that means something else there."""
    return f"stage_{stage}" if _RESERVED.fullmatch(stage) else stage


def _own(client: "MlflowClient", name: str, project: str) -> None:
    """Make the registered model when there is none; refuse one that somebody else has made under its name."""
    from mlflow.exceptions import MlflowException

    tags = {_PROJECT: project}
    try:
        found = client.get_registered_model(name)
    except MlflowException as error:
        if error.error_code != "RESOURCE_DOES_NOT_EXIST":
            raise
        try:
            found = client.create_registered_model(name, tags)
        except MlflowException as again:
            if again.error_code != "RESOURCE_ALREADY_EXISTS":
                raise
            found = client.get_registered_model(name)  # another has made it meanwhile
    if found.tags.get(_PROJECT) != project:
        raise TrackingFailed(
            f"MLflow holds a registered model {name!r} that is not of this project",
            down=False,
            help="rename it in MLflow",
        )


def _mirrored(client: "MlflowClient", name: str) -> "dict[str, ModelVersion]":
    """Return MLflow's version for each of ours; where two were made at once, the later is taken away."""
    found: dict[str, ModelVersion] = {}
    for one in sorted(client.search_model_versions(f"name = '{name}'"), key=lambda one: int(one.version)):
        number = one.tags.get(_VERSION)
        if number is None:
            continue  # somebody's own
        if number in found:
            client.delete_model_version(name, one.version)
        else:
            found[number] = one
    return found


def _mirror(client: "MlflowClient", name: str, experiment: str, version: "Version") -> None:
    logged = _logged(client, experiment, version)
    if logged is None:
        return
    client.create_model_version(
        name,
        f"models:/{logged.model_id}",
        run_id=logged.source_run_id,
        model_id=logged.model_id,
        tags=_tags(version),
        description=description_of(version),
    )


def description_of(version: "Version") -> str | None:
    """Return in Markdown what was declared for the version's card, None where nothing was.

    It stays true: it is frozen with the version. What else a card tells, verdicts, stages, the ledger, changes.
    """
    from mlopsc.pages.declared import HEADINGS, declared
    from mlopsc.pages.markdown import plain

    said = [one for one in declared(version.lineage.get("card", {}), *HEADINGS) if one.texts is not None]
    if not said:
        return None
    lines = [f"- **{one.heading}**: {'; '.join(map(plain, one.texts or ()))}" for one in said]
    text = "\n".join([*lines, "", f"The whole card: `mlopsc card {version.name}`"])
    return text if len(text) <= _LONGEST else f"{text[: _LONGEST - 1]}…"


def _logged(client: "MlflowClient", experiment: str, version: "Version") -> "LoggedModel | None":
    """Return the model that MLflow has of a version: that of the run which registered it, else the newest."""
    found = client.get_experiment_by_name(experiment)
    if found is None:
        return None
    filter = f"tags.`{_DIGEST}` = '{version.digest}'"
    models = list(client.search_logged_models([found.experiment_id], filter))
    models.sort(key=lambda one: one.creation_timestamp, reverse=True)
    for one in models:
        run = client.get_run(one.source_run_id)
        if version.run is not None and run.data.tags.get("mlopsc.run") == version.run:
            return one
    return models[0] if models else None


def _tags(version: "Version") -> dict[str, str]:
    tags: Mapping[str, str | None] = {
        _VERSION: str(version.number),
        _DIGEST: version.digest,
        "mlopsc.owner": version.lineage.get("owner"),
        "mlopsc.run": version.run,
        "mlopsc.registered_by": version.actor,
        "mlopsc.registered_at": _time(version.created_at),
        **{f"mlopsc.gate.{name}": one["verdict"] for name, one in version.decisions.items()},
    }
    return {name: value for name, value in tags.items() if value is not None}


def _time(value: datetime) -> str:
    return value.isoformat().replace("+00:00", "Z")
