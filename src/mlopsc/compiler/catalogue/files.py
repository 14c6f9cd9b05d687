"""Where a catalogue lies: shipped with the package, else in the user's cache, else made and put there."""

import os
import sys
from collections.abc import Mapping
from contextlib import suppress
from functools import cache
from importlib.metadata import PackageNotFoundError, version
from pathlib import Path

from mlopsc.compiler.catalogue.generate import SCHEMA_VERSION
from mlopsc.diagnostics.errors import MlopscError


def sklearn_version() -> str:
    """Return the version of the installed scikit-learn without importing it; MlopscError if there is none."""
    try:
        return version("scikit-learn")
    except PackageNotFoundError as error:
        raise MlopscError("scikit-learn is not installed", help="pip install scikit-learn") from error


def library_version(library: str) -> str:
    """Return the version of the installed booster library, or of the newest whose catalogue is shipped."""
    try:
        return version(library)
    except PackageNotFoundError:
        from packaging.version import Version  # rarely needed

        shipped = [path.stem.partition("-")[2] for path in Path(__file__).parent.glob(f"{library}-*.json")]
        return max(shipped, key=Version)


def cache_folder(environment: Mapping[str, str] = os.environ) -> Path:
    """Return the folder of files that can be made again: MLOPSC_CACHE_DIR, else below XDG_CACHE_HOME."""
    if named := environment.get("MLOPSC_CACHE_DIR"):
        return Path(named)
    home = environment.get("XDG_CACHE_HOME")
    return (Path(home) if home else Path("~/.cache").expanduser()) / "mlopsc"


def read_text(release: str, folder: Path, library: str = "sklearn") -> str:
    """Return the catalogue of a library's `release`, made and kept in `folder` when it is not there yet.

    A folder that cannot be written costs the time to make it again, nothing else.
    """
    with suppress(FileNotFoundError):
        return Path(__file__).with_name(f"{library}-{release}.json").read_text("utf-8")
    python = f"{sys.version_info.major}.{sys.version_info.minor}"
    path = folder / f"{library}-{release}-schema{SCHEMA_VERSION}-py{python}.json"
    with suppress(OSError, UnicodeDecodeError):
        if (text := path.read_text("utf-8")).endswith("}\n"):
            return text
    text = _make(library)
    with suppress(OSError):
        _write(path, text)
    return text


@cache
def _make(library: str) -> str:
    import subprocess

    command = [sys.executable, "-c", "from mlopsc.compiler.catalogue.generate import main; main()"]
    command += [] if library == "sklearn" else [library]
    done = subprocess.run(command, capture_output=True, text=True, encoding="utf-8", check=False)
    if done.returncode:
        reason = done.stderr.strip().rpartition("\n")[2]
        name = "scikit-learn" if library == "sklearn" else library
        raise MlopscError(f"{name} cannot be imported: {reason}", help=f"reinstall {name}")
    return done.stdout


def _write(path: Path, text: str) -> None:
    import tempfile

    path.parent.mkdir(parents=True, exist_ok=True)
    handle, name = tempfile.mkstemp(dir=path.parent, prefix=path.name)
    try:
        with os.fdopen(handle, "w", encoding="utf-8") as file:
            file.write(text)
            file.flush()
            os.fsync(file.fileno())
        Path(name).replace(path)
    except BaseException:
        Path(name).unlink(missing_ok=True)
        raise
