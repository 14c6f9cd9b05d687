"""A wheel of an installed package, made from the package's own files: the same files give the same bytes.

Nothing is built and no network is asked, so that an image gets exactly the code that compiled for it, also where
that is an editable checkout. For distributions of pure Python.
"""

import base64
import hashlib
import io
import zipfile
from collections.abc import Iterator
from importlib.metadata import Distribution, PackageNotFoundError, distribution
from importlib.util import find_spec
from pathlib import Path

from mlopsc.diagnostics.errors import MlopscError

_TAG = "py3-none-any"
_EPOCH = (1980, 1, 1, 0, 0, 0)
_METADATA = ("METADATA", "entry_points.txt")
_WHEEL = f"Wheel-Version: 1.0\nGenerator: mlopsc\nRoot-Is-Purelib: true\nTag: {_TAG}\n"


def wheel(name: str) -> tuple[str, bytes]:
    """Return file name and content of the wheel of an installed distribution.

    Its packages are the one of its own name and those that its entry points name. Raises MlopscError when it is not
    installed, or is not made of Python packages alone.
    """
    try:
        found = distribution(name)
    except PackageNotFoundError as error:
        raise MlopscError(
            f"{name} is not installed as a distribution: there is nothing to make a wheel of"
        ) from error
    stem = f"{name.replace('-', '_')}-{found.version}"
    files = dict(sorted({**dict(_packages(found, name)), **_metadata(found, f"{stem}.dist-info")}.items()))
    record = f"{stem}.dist-info/RECORD"
    files[record] = "".join(f"{path},{_digest(data)},{len(data)}\n" for path, data in files.items()).encode()
    files[record] += f"{record},,\n".encode()
    return f"{stem}-{_TAG}.whl", _archive(files)


def _packages(found: Distribution, name: str) -> Iterator[tuple[str, bytes]]:
    """Yield path and content of every file of a distribution's packages, but for compiled bytecode."""
    tops = {name.replace("-", "_"), *(point.module.partition(".")[0] for point in found.entry_points)}
    for top in sorted(tops):
        spec = find_spec(top)
        folders = list((spec and spec.submodule_search_locations) or ())
        if len(folders) != 1:
            raise MlopscError(f"{name} is not made of packages: there is no one folder of {top!r}")
        folder = Path(folders[0])
        for path in folder.rglob("*"):
            if path.suffix in (".so", ".pyd"):
                raise MlopscError(f"{name} is not pure Python: {path.name}")
            if path.is_file() and "__pycache__" not in path.parts and path.suffix != ".pyc":
                yield f"{top}/{path.relative_to(folder).as_posix()}", path.read_bytes()


def _metadata(found: Distribution, folder: str) -> dict[str, bytes]:
    texts = {part: found.read_text(part) for part in _METADATA}
    files = {f"{folder}/{part}": text.encode() for part, text in texts.items() if text is not None}
    for license in found.metadata.get_all("License-File") or ():
        text = found.read_text(f"licenses/{license}") or found.read_text(license)
        if text is not None:
            files[f"{folder}/licenses/{license}"] = text.encode()
    return files | {f"{folder}/WHEEL": _WHEEL.encode()}


def _digest(data: bytes) -> str:
    digest = base64.urlsafe_b64encode(hashlib.sha256(data).digest()).decode().rstrip("=")
    return f"sha256={digest}"


def _archive(files: dict[str, bytes]) -> bytes:
    """Return the files as a zip; stored, since builds of zlib differ in what they make of the same bytes."""
    buffer = io.BytesIO()
    with zipfile.ZipFile(buffer, "w", zipfile.ZIP_STORED) as archive:
        for path, data in files.items():
            entry = zipfile.ZipInfo(path, _EPOCH)
            entry.external_attr = 0o644 << 16
            entry.create_system = 3
            archive.writestr(entry, data)
    return buffer.getvalue()
