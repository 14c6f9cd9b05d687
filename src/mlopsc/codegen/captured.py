"""The image of an environment that was captured: what steps of a plan import, in the versions of then.

It holds no project: a version's recipe and data come to it when it is run. What is installed here has no say in the
versions; mlopsc itself is the one at hand.
"""

import re
from collections.abc import Iterable, Mapping
from pathlib import Path
from typing import Any

from packaging.requirements import Requirement

from mlopsc.codegen.image import requirements, system_packages
from mlopsc.codegen.wheel import wheel
from mlopsc.plan.plan import Plan

_BUILD = "/build"
_OWN = "mlopsc"


def captured_context(
    plan: Plan, project: Path, environment: Mapping[str, Any], base: str
) -> dict[str, bytes]:
    """Return Dockerfile and context, by file name, for the environment in which a version of the plan was trained.

    `environment` is what `runtime.environment.captured` tells. `base` is the image to start from. Raises MlopscError
    when there is no wheel to make of mlopsc.
    """
    name, content = wheel(_OWN)
    wanted = {*requirements(plan, project), *environment["libraries"]}
    versions = {one: version for one, version in environment["packages"].items() if one != _OWN}
    return {
        "Dockerfile": _dockerfile(plan, base).encode(),
        "requirements.txt": _lines(_merged(wanted, f"file://{_BUILD}/{name}")),
        "constraints.txt": _lines(f"{one}=={version}" for one, version in versions.items()),
        name: content,
    }


def _merged(wanted: Iterable[str], own: str) -> list[str]:
    """Return requirements, each distribution once with all its extras; mlopsc is the wheel at the address `own`."""
    extras: dict[str, set[str]] = {}
    for requirement in map(Requirement, wanted):
        name = re.sub(r"[-_.]+", "-", requirement.name).lower()
        extras.setdefault(name, set()).update(requirement.extras)
    texts = {name: f"{name}[{','.join(sorted(more))}]" if more else name for name, more in extras.items()}
    return sorted(f"{text} @ {own}" if name == _OWN else text for name, text in texts.items())


def _lines(texts: Iterable[str]) -> bytes:
    return "".join(f"{text}\n" for text in sorted(texts)).encode()


def _dockerfile(plan: Plan, base: str) -> str:
    pip = "python3 -m pip --python /opt/mlopsc/bin/python3"
    return f"""\
FROM {base}
ARG PIP_INDEX_URL
ARG PIP_EXTRA_INDEX_URL
{system_packages(plan)}WORKDIR {_BUILD}
COPY . ./
# The constraints are all that was installed then; pip takes of it what mlopsc and the project's code need.
RUN python3 -m venv --without-pip /opt/mlopsc \\
    && {pip} install --no-cache-dir --requirement requirements.txt --constraint constraints.txt \\
    && {pip} check
ENV PATH=/opt/mlopsc/bin:$PATH \\
    PYTHONUNBUFFERED=1
"""
