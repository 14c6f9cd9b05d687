"""The image that steps run in: a Dockerfile and its context, which `docker build` needs nothing else for.

The context holds the project's files, the wheel of the mlopsc that compiled, and exact pins of everything that it and
the project's code import, as it is installed here. The image runs as a user without rights.
"""

import json
import re
import sys
from collections.abc import Iterator, Sequence
from pathlib import Path, PurePosixPath
from typing import Annotated

from pydantic import AfterValidator, StringConstraints

from mlopsc.codegen.context import Project, functions_of, project_files
from mlopsc.codegen.literals import comment
from mlopsc.codegen.manifest import MANIFEST, manifest
from mlopsc.codegen.requirements import installed, pins
from mlopsc.codegen.wheel import wheel
from mlopsc.codegen.writer import header
from mlopsc.plan.plan import Plan
from mlopsc.runtime.user_code import closure, resolve_reference
from mlopsc.runtime.user_libraries import distributions_of, user_libraries
from mlopsc.targets import CopiedFile, EmittedFile, GeneratedFile
from mlopsc.vocabulary.base import Frozen
from mlopsc.vocabulary.engine import SparkEngine
from mlopsc.vocabulary.estimators import booster_library
from mlopsc.vocabulary.exports import ONNX_MODULES
from mlopsc.vocabulary.policy import Policy
from mlopsc.vocabulary.sources import SecretHandle

USER = 10001
"""The user that the image runs as, by number, so that Kubernetes can tell that it is not root."""
SETTINGS = "docker"
"""The target under whose name the spec says how images are made, whichever target they are for."""
_SPEC = "mlops.yaml"
_DRIVERS = {
    **dict.fromkeys(("s3", "s3a"), "mlopsc[s3]"),
    **dict.fromkeys(("gs", "gcs"), "gcsfs"),
    **dict.fromkeys(("abfs", "abfss", "az"), "adlfs"),
    **dict.fromkeys(("http", "https"), "aiohttp"),
    **dict.fromkeys(("postgresql", "postgres"), "mlopsc[postgres]"),
    **dict.fromkeys(("redis", "rediss"), "mlopsc[redis]"),
}
"""Scheme of a URL → what reads it."""
_READERS = {"delta": "mlopsc[delta]", "iceberg": "mlopsc[iceberg]", "excel": "mlopsc[excel]"}
"""Kind of a source → what reads it."""
_REGISTRIES = ("mlopsc[postgres]",)
_STORES = ("mlopsc[s3]", "gcsfs", "adlfs")
_TESTED = ("pandas", "pyarrow", "scipy", "sklearn")
"""Packages that bring their own tests along, a fifth of the image."""


_IMAGE = re.compile(
    r"[a-z0-9][a-zA-Z0-9._-]*(:[0-9]+)?(/[a-z0-9]+([._-]+[a-z0-9]+)*)*"
    r"(:[A-Za-z0-9_][A-Za-z0-9_.-]{0,127}(@sha256:[0-9a-f]{64})?|@sha256:[0-9a-f]{64})"
)


def _tagged(image: str) -> str:
    if not _IMAGE.fullmatch(image):
        raise ValueError(
            f"expected an image with a tag or a digest, such as python:3.11-slim, found {image!r}"
        )
    return image


class ImageSettings(Frozen):
    """Settings of the target `docker`: how images are made, also those for other targets."""

    base_image: Annotated[str, AfterValidator(_tagged)] | None = None
    """The image to start from, with a tag or a digest: Debian's kind, with the Python that compiles. Left out, it is
    `python:3.11-slim` for Python 3.11, and so on."""
    include: tuple[Annotated[str, StringConstraints(min_length=1)], ...] = ()
    """Further files of the project, as globs: what code opens by itself or imports by a computed name."""
    packages: tuple[
        Annotated[
            str, StringConstraints(pattern=r"^[A-Za-z0-9]([A-Za-z0-9._-]*[A-Za-z0-9])?(\[[a-z0-9,_-]+\])?$")
        ],
        ...,
    ] = ()
    """Further packages, by name, in the versions installed here: drivers of databases and file systems, and what code
    imports by a computed name."""
    policy: Policy = Policy()
    """No target for steps: refused."""


def image_settings(plan: Plan) -> ImageSettings:
    """Return how the spec wants images to be made."""
    return ImageSettings.model_validate_json(json.dumps(plan.targets.get(SETTINGS, {})))


def slim(python: str) -> str:
    """Return the image to start from for a version of Python, `3.11` or `3.11.9`."""
    return f"python:{python}-slim"


def image_files(
    plan: Plan, project: Path, *, target: str, tag: str, extras: Sequence[str] = (), folder: str = ""
) -> tuple[EmittedFile, ...]:
    """Return Dockerfile and context of the image that steps of a plan need, below `folder`.

    `extras` are those of mlopsc that the target needs; `tag` is the name that the Dockerfile suggests. Raises
    MlopscError when a file of the project or a package that the image needs is not here, or cannot travel.
    """
    settings = image_settings(plan)
    found = project_files(plan, project, settings.include)
    name, content = wheel("mlopsc")
    base = PurePosixPath(folder)
    copies = [CopiedFile((base / name).as_posix(), content)]
    copies += [CopiedFile((base / "project" / one.path).as_posix(), one.content) for one in found.files]
    head = header(plan.spec, target)
    wanted = pins(requirements(plan, project, extras), without="mlopsc")
    texts = {
        "Dockerfile": _dockerfile(plan, settings, found, head=head, wheel=name, tag=tag),
        "requirements.txt": "".join(f"{line}\n" for line in (f"# {head}", *wanted)),
        ".dockerignore": "".join(
            f"{line}\n" for line in (f"# {head}", ".dockerignore", "Dockerfile", MANIFEST)
        ),
    }
    made = [GeneratedFile((base / path).as_posix(), text) for path, text in texts.items()]
    return (*made, manifest(head, copies, folder), *copies)


def requirements(plan: Plan, project: Path, extras: Sequence[str] = ()) -> Iterator[str]:
    """Yield what steps of a plan import, as requirements: mlopsc, the code's, and what reads the plan's URLs."""
    tracked = plan.infrastructure.tracking is not None
    wanted = [*extras, *(["spark"] if _on_spark(plan) else []), *(["mlflow"] if tracked else [])]
    wanted += ["tune"] if _proposes(plan) else []
    yield f"mlopsc[{','.join(wanted)}]" if wanted else "mlopsc"
    yield from image_settings(plan).packages
    for function in functions_of(plan):
        module = resolve_reference(function).module
        yield from user_libraries(project, module, closure(project, module))
    yield from sorted(_boosters(plan))
    yield from ONNX_MODULES if _exports_onnx(plan) else ()
    steps = [step for one in plan.pipelines for step in one.steps]
    yield from distributions_of(name for step in steps for name in step.configuration.get("trust", ()))
    sources = [
        step.configuration["source"]
        for one in plan.pipelines
        for step in one.steps
        if step.operation == "load"
    ]
    registry, store = plan.infrastructure.registry, plan.infrastructure.store
    online = plan.infrastructure.online_store
    if isinstance(online, SecretHandle):
        yield _DRIVERS["redis"]
    told = online if isinstance(online, str) else None
    for source in sources:
        if source.get("type") in _READERS:
            yield _READERS[source["type"]]
    urls = [source.get(key) for source in sources for key in ("path", "url", "metadata")]
    for url in (registry, store, told, *(url for url in urls if isinstance(url, str))):
        scheme = (url or "").partition("://")[0].partition("+")[0] if "://" in (url or "") else ""
        if scheme in _DRIVERS:
            yield _DRIVERS[scheme]
    # What the environment names at run time may be any that is used here.
    open_ended = (*(() if registry else _REGISTRIES), *(() if store else _STORES))
    yield from (one for one in open_ended if installed(one))


def _dockerfile(
    plan: Plan, settings: ImageSettings, found: Project, *, head: str, wheel: str, tag: str
) -> str:
    base = settings.base_image or slim(".".join(map(str, sys.version_info[:2])))
    labels = {"org.opencontainers.image.title": plan.project}
    if found.code is not None:
        labels["mlopsc.code"] = found.code
    tests = " -o ".join(f"-path '*/{name}/*'" for name in _TESTED)
    command = ["mlopsc", "run", *([] if plan.spec == _SPEC else [plan.spec])]
    command += [] if plan.environment is None else ["--environment", plan.environment]
    pip = "python3 -m pip --python /opt/mlopsc/bin/python3"
    return f"""\
# {comment(head)}
# Build it in this folder: docker build --tag {comment(tag)} .
# Packages come from where pip is set up to look in the base image, or from --build-arg PIP_INDEX_URL=...; that
# argument is no part of the image.

FROM {base} AS packages
ARG PIP_INDEX_URL
ARG PIP_EXTRA_INDEX_URL
WORKDIR /build
RUN python3 -m venv --without-pip /opt/mlopsc
COPY requirements.txt ./
# Without the tests of the large packages, which nothing imports.
RUN {pip} install --no-cache-dir --requirement requirements.txt \\
    && find /opt/mlopsc/lib -type d -name tests \\( {tests} \\) -prune -exec rm -r {{}} +
COPY {wheel} ./
RUN {pip} install --no-cache-dir --no-deps ./{wheel} \\
    && {pip} check

FROM {base}
{system_packages(plan)}ENV PATH=/opt/mlopsc/bin:$PATH \\
    MLOPSC_PROJECT=/project \\
    PYTHONUNBUFFERED=1
# Whichever user of group 0 it runs as (OpenShift chooses one), it may write to its home and to .mlopsc alone.
RUN useradd --uid {USER} --gid 0 --create-home mlopsc \\
    && chmod 0770 /home/mlopsc \\
    && install --directory --owner {USER} --group 0 --mode 0770 /project/.mlopsc
ENV HOME=/home/mlopsc
COPY --from=packages /opt/mlopsc /opt/mlopsc
WORKDIR /project
COPY project/ ./
{_lines("LABEL", labels)}
USER {USER}:0
CMD {json.dumps(command)}
"""


def _on_spark(plan: Plan) -> bool:
    return isinstance(plan.infrastructure.engine, SparkEngine)


def _proposes(plan: Plan) -> bool:
    """Whether a search asks Optuna what to try."""
    return any(step.configuration.get("by") == "tpe" for one in plan.pipelines for step in one.steps)


def _exports_onnx(plan: Plan) -> bool:
    return any(step.operation == "export_onnx" for one in plan.pipelines for step in one.steps)


def _boosters(plan: Plan) -> set[str]:
    """Return the libraries beside scikit-learn whose estimators are trained."""
    estimators = (step.configuration.get("estimator") for one in plan.pipelines for step in one.steps)
    return {name for one in estimators if (name := booster_library(one))}


def system_packages(plan: Plan) -> str:
    """Return the instruction that installs what Spark and LightGBM, which brings no OpenMP along, run on."""
    wanted = ["default-jre-headless"] if _on_spark(plan) else []
    wanted += ["libgomp1"] if "lightgbm" in _boosters(plan) else []
    if not wanted:
        return ""
    return f"""\
RUN apt-get update \\
    && apt-get install --yes --no-install-recommends {" ".join(wanted)} \\
    && rm -rf /var/lib/apt/lists/*
"""


def _lines(instruction: str, values: dict[str, str]) -> str:
    said = [f"{name}={json.dumps(value)}" for name, value in values.items()]
    return f"{instruction} " + " \\\n    ".join(said)
