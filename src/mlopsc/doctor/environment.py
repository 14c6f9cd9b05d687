"""What a project stands on: Python, libraries within their bounds, extras, room on the disk, the file system."""

import os
import platform
import shutil
from collections.abc import Iterator
from importlib import metadata

from packaging.requirements import Requirement

from mlopsc.doctor.finding import Finding
from mlopsc.runtime.context import STATE_FOLDER, Context

_LITTLE, _TOO_LITTLE = 2e9, 1e8
"""Bytes on the disk below which that is worth a note, and a fault."""


def examine_environment(context: Context) -> Iterator[Finding]:
    """Yield what is wrong with the environment, and what is there."""
    yield from _libraries()
    yield from _disk(context)


def _libraries() -> Iterator[Finding]:
    wrong, extras = 0, _extras()
    for requirement in map(Requirement, metadata.requires("mlopsc") or ()):
        marker = requirement.marker
        if marker is not None and not any(marker.evaluate({"extra": extra}) for extra in ("", *extras)):
            continue
        found = _version(requirement.name)
        if found is None or not requirement.specifier.contains(found, prereleases=True):
            wrong += 1
            is_what = "is not installed" if found is None else f"{found} is installed"
            yield Finding(
                "environment",
                "fault",
                f"{requirement.name} {is_what}, expected {requirement.specifier}",
                f'pip install "{requirement.name}{requirement.specifier}"',
            )
    if not wrong:
        told = f", with {', '.join(extras)}" if extras else ", without extras"
        here = f"mlopsc {_version('mlopsc')} on Python {platform.python_version()}{told}"
        yield Finding("environment", "ok", f"{here}: every library within its bounds")


def _extras() -> list[str]:
    """Return the extras of which every library is installed, in whatever version."""
    needs: dict[str, list[str]] = {}
    for requirement in map(Requirement, metadata.requires("mlopsc") or ()):
        for extra in metadata.metadata("mlopsc").get_all("Provides-Extra") or ():
            if requirement.marker is not None and requirement.marker.evaluate({"extra": extra}):
                needs.setdefault(extra, []).append(requirement.name)
    return sorted(extra for extra, names in needs.items() if all(map(_version, names)))


def _version(name: str) -> str | None:
    try:
        return metadata.version(name)
    except metadata.PackageNotFoundError:
        return None


def _disk(context: Context) -> Iterator[Finding]:
    from mlopsc.runtime.registry.location import network_mount

    state = context.project / STATE_FOLDER
    place = state if state.is_dir() else context.project
    free = shutil.disk_usage(place).free
    if free < _TOO_LITTLE:
        help = "make room: `mlopsc gc` says what it could free"
        yield Finding("environment", "fault", f"{free / 1e6:.0f} MB are free in {place}", help)
    elif free < _LITTLE:
        yield Finding(
            "environment", "note", f"only {free / 1e6:.0f} MB are free in {place}", "`mlopsc gc` makes room"
        )
    else:
        yield Finding("environment", "ok", f"{free / 1e9:.0f} GB are free in {place}")
    if not os.access(place, os.W_OK, effective_ids=True):
        yield Finding(
            "environment", "note", f"{place} cannot be written to: it can be looked at, but nothing can run"
        )
    if (mount := network_mount(place)) is not None:
        yield Finding(
            "environment",
            "fault",
            f"{place} is on a network file system ({mount.type} at {mount.point}), where SQLite's locks do not hold",
            "keep the project on a local disk; share infrastructure.store and infrastructure.registry instead",
        )
