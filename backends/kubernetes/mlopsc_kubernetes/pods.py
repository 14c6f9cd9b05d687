"""The pod of a run: one container in the project's image, whose command is that of a laptop.

It runs as nobody in particular, may gain no rights, and writes to nothing but two empty folders: the project's state,
which ends with the pod (registry and store are elsewhere), and `/tmp`.
"""

from posixpath import basename, join, normpath
from typing import Any

from mlopsc.codegen.kubernetes import KubernetesSecret
from mlopsc.plan.plan import Pipeline, Plan
from mlopsc.runtime.context import STATE_FOLDER
from mlopsc.vocabulary.parameters import PARAMETER_VARIABLE
from mlopsc.vocabulary.predicting import INPUT
from mlopsc.vocabulary.references import format_scalar
from mlopsc_kubernetes.names import model_of
from mlopsc_kubernetes.resources import resources
from mlopsc_kubernetes.settings import KubernetesSettings, Toleration

CONTAINER = "mlopsc"
_SCRATCH = {"state": STATE_FOLDER, "tmp": "/tmp"}  # noqa: S108 (an empty folder of the pod)


def pod_template(plan: Plan, pipeline: Pipeline, settings: KubernetesSettings) -> dict[str, Any]:
    """Return the specification of the pod that runs a pipeline."""
    files = secret_files(pipeline, settings)
    who = {"serviceAccountName": settings.service_account} if settings.service_account else {}
    return {
        "restartPolicy": "Never",
        **who,
        "automountServiceAccountToken": False,
        "enableServiceLinks": False,
        "securityContext": {
            "runAsNonRoot": True,
            "runAsUser": settings.user,
            "runAsGroup": settings.user,
            "fsGroup": settings.user,
            "seccompProfile": {"type": "RuntimeDefault"},
        },
        **_placement(settings),
        "containers": [_container(plan, pipeline, settings, files)],
        "volumes": [
            *({"name": name, "emptyDir": {}} for name in _SCRATCH),
            *(
                {
                    "name": f"secret-{number}",
                    "secret": {
                        "secretName": secret.name,
                        "items": [{"key": secret.key, "path": basename(path)}],
                    },
                }
                for number, (path, secret) in enumerate(files.items(), start=1)
            ),
        ],
    }


def command(plan: Plan, pipeline: Pipeline) -> list[str]:
    """Return the words after `mlopsc` with which a pipeline is run from the project's folder, as Kubernetes takes them.

    An input to predict for is an argument: Kubernetes puts the parameter's variable in its place.
    """
    spec = [] if plan.spec == "mlops.yaml" else [f"./{plan.spec}"]
    environment = [f"--environment={plan.environment}"] if plan.environment else []
    options = [*environment, *(f"--var={name}={value}" for name, value in plan.variables.items())]
    match pipeline.kind:
        case "train":
            return [literally(word) for word in ("run", *spec, "--local", *options)]
        case "monitor":
            return [literally(word) for word in ("monitor", pipeline.name, *spec, *options)]
        case "predict":
            given = f"$({PARAMETER_VARIABLE}{INPUT})"
            return ["predict", model_of(pipeline), given, *(literally(word) for word in (*spec, *options))]
        case "materialize":
            where = [] if plan.spec == "mlops.yaml" else [f"--spec=./{plan.spec}"]
            return [literally(word) for word in ("features", "materialize", *where, *options)]


def secret_files(pipeline: Pipeline, settings: KubernetesSettings) -> dict[str, KubernetesSecret]:
    """Return the Secrets that the pipeline's steps read as files, by absolute path in the container."""
    return {
        normpath(join(settings.directory, source["file"])): settings.secrets[name]
        for name, source in secret_sources(pipeline).items()
        if source.get("file") and name in settings.secrets
    }


def secret_sources(pipeline: Pipeline) -> dict[str, dict[str, str]]:
    """Return the secrets that the pipeline's steps use, as the spec declares them."""
    return {
        name: source
        for step in pipeline.steps
        for name, source in step.configuration.get("secrets", {}).items()
    }


def literally(text: str) -> str:
    """Return a text that is the given one after Kubernetes has expanded `$(NAME)` and `$$` in it."""
    return text.replace("$", "$$")


def _container(
    plan: Plan, pipeline: Pipeline, settings: KubernetesSettings, files: dict[str, KubernetesSecret]
) -> dict[str, Any]:
    asked = resources(pipeline, settings.policy)
    return {
        "name": CONTAINER,
        "image": settings.image,
        "workingDir": settings.directory,
        "command": [CONTAINER],
        "args": command(plan, pipeline),
        "env": _environment(pipeline, settings),
        **({"resources": asked} if asked else {}),
        "securityContext": {
            "allowPrivilegeEscalation": False,
            "capabilities": {"drop": ["ALL"]},
            "readOnlyRootFilesystem": True,
        },
        "volumeMounts": [
            *({"name": name, "mountPath": join(settings.directory, path)} for name, path in _SCRATCH.items()),
            *(
                {
                    "name": f"secret-{number}",
                    "mountPath": path,
                    "subPath": basename(path),
                    "readOnly": True,
                }
                for number, path in enumerate(files, start=1)
            ),
        ],
    }


def _environment(pipeline: Pipeline, settings: KubernetesSettings) -> list[dict[str, Any]]:
    plain = {
        "HOME": "/tmp",  # noqa: S108
        **settings.env,
        **{
            f"{PARAMETER_VARIABLE}{name}": format_scalar(value)
            for name, value in settings.parameters.items()
            if name in pipeline.parameters
        },
    }
    secret = {
        **settings.env_secrets,
        **{
            source["env"]: settings.secrets[name]
            for name, source in secret_sources(pipeline).items()
            if source.get("env") and name in settings.secrets
        },
    }
    return [
        {"name": "MLOPSC_ACTOR", "valueFrom": {"fieldRef": {"fieldPath": "metadata.name"}}},
        *({"name": name, "value": literally(value)} for name, value in plain.items()),
        *(
            {"name": name, "valueFrom": {"secretKeyRef": {"name": one.name, "key": one.key}}}
            for name, one in secret.items()
        ),
    ]


def _placement(settings: KubernetesSettings) -> dict[str, Any]:
    found: dict[str, Any] = {}
    if settings.image_pull_secrets:
        found["imagePullSecrets"] = [{"name": name} for name in settings.image_pull_secrets]
    if settings.node_selector:
        found["nodeSelector"] = dict(settings.node_selector)
    if settings.tolerations:
        found["tolerations"] = [_toleration(one) for one in settings.tolerations]
    return found


def _toleration(one: Toleration) -> dict[str, str]:
    told = {name: value for name, value in one if value is not None}
    return {**told, "operator": "Equal" if one.value is not None else "Exists"}
