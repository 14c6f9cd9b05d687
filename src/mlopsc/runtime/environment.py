"""What a step ran in: Python, platform, threads, and every package with its version."""

import platform
import sys
from collections.abc import Iterable, Iterator
from pathlib import Path
from typing import Any

from mlopsc.runtime.keys import library_version


def captured(libraries: Iterable[str], threads: int) -> dict[str, Any]:
    """Return this process's environment as JSON; `libraries` are those that change what the step makes.

    `packages` are all that are installed, `blas` the libraries of linear algebra that are loaded, with the kind of
    processor that they were built or chose for: with another, sums may differ in their last bits.
    """
    return {
        "python": platform.python_version(),
        "implementation": platform.python_implementation(),
        "system": platform.system(),
        "machine": platform.machine(),
        "libc": " ".join(platform.libc_ver()),
        "threads": threads,
        "libraries": {name: library_version(name) for name in sorted({"mlopsc", *libraries})},
        "blas": list(_blas()),
        "packages": dict(sorted(_installed())),
    }


def _blas() -> Iterator[dict[str, str | None]]:
    from threadpoolctl import threadpool_info  # type: ignore[import-untyped]

    kinds = ("internal_api", "version", "architecture")
    found = {
        tuple(str(one.get(kind)) for kind in kinds) for one in threadpool_info() if one["user_api"] == "blas"
    }
    for one in sorted(found):
        yield dict(zip(kinds, one, strict=True))


def _installed() -> Iterator[tuple[str, str]]:
    """Yield names and versions from the names of folders: to read each package's metadata would take longer."""
    seen = set()
    for place in sys.path:
        for entry in sorted(Path(place).glob("*.dist-info")) if place else ():
            name, _, version = entry.name.removesuffix(".dist-info").rpartition("-")
            if name and name not in seen:
                seen.add(name)
                yield name.lower().replace("_", "-").replace(".", "-"), version
