"""Exact pins of what an image needs: the installed versions of some distributions and of all that they depend on.

They are taken from this environment, which has just compiled and perhaps run the project. No hashes and no addresses:
where packages come from is the builder's setting of pip.
"""

import re
from collections.abc import Iterable
from importlib.metadata import PackageNotFoundError, distribution

from packaging.requirements import Requirement

from mlopsc.diagnostics.errors import MlopscError


def pins(wanted: Iterable[str], *, without: str) -> tuple[str, ...]:
    """Return `name==version` of the wanted requirements (`kfp`, `mlopsc[postgres]`) and their dependencies, sorted.

    `without` is the distribution that travels as a wheel instead: its dependencies count, itself does not. Raises
    MlopscError when one is not installed here, or was installed from a folder or an address, where no index has it.
    """
    versions: dict[str, str] = {}
    extras: dict[str, set[str]] = {}
    waiting = [(Requirement(text), "this project") for text in wanted]
    while waiting:
        requirement, by = waiting.pop()
        name = _canonical(requirement.name)
        known = extras.setdefault(name, set())
        if name in versions and requirement.extras <= known:
            continue
        known |= requirement.extras
        versions[name] = _version(requirement.name, by, local=name == _canonical(without))
        waiting += [(one, name) for one in _requirements(requirement.name, known)]
    versions.pop(_canonical(without), None)
    return tuple(f"{name}=={version}" for name, version in sorted(versions.items()))


def installed(requirement: str) -> bool:
    """Whether a distribution, with its extras' requirements, is installed here."""
    wanted = Requirement(requirement)
    try:
        for one in _requirements(wanted.name, wanted.extras):
            distribution(one.name)
    except PackageNotFoundError:
        return False
    return True


def _requirements(name: str, extras: Iterable[str]) -> list[Requirement]:
    """Return what an installed distribution with these extras needs here; raises PackageNotFoundError."""
    found = [Requirement(text) for text in distribution(name).requires or ()]
    return [
        one
        for one in found
        if one.marker is None or any(one.marker.evaluate({"extra": extra}) for extra in ("", *extras))
    ]


def _version(name: str, by: str, *, local: bool) -> str:
    try:
        found = distribution(name)
    except PackageNotFoundError as error:
        raise MlopscError(
            f"the image needs {name} (for {by}), which is not installed here: its version cannot be pinned",
            help=f"pip install {name}",
        ) from error
    if not local and found.read_text("direct_url.json") is not None:
        raise MlopscError(
            f"the image needs {name} (for {by}), which was installed here from a folder or an address: "
            "no index can give it to the image",
            help=f"install a published version of {name}, or put its package into the project's folder",
        )
    return found.version


def _canonical(name: str) -> str:
    return re.sub(r"[-_.]+", "-", name).lower()
