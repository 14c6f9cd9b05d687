"""The only zip that is written or read: stored members in a row, without times, options or anything between.

Two archives with equal members have equal bytes. Reading accepts no other layout, and that leaves no room for
compression bombs, overlapping or repeated members, encryption, links, hidden data, or a path in a name.
"""

import re
from collections.abc import Mapping
from io import BytesIO
from typing import BinaryIO
from zipfile import ZIP_STORED, BadZipFile, ZipFile, ZipInfo

from mlopsc.diagnostics.errors import StoreError

MAX_BYTES = 2**32 - 2**24
"""An archive is smaller than this (4 GiB, less some room for its directory)."""
_DATE = (1980, 1, 1, 0, 0, 0)
_LOCAL, _CENTRAL, _END, _END64, _MANY = 30, 46, 22, 56 + 20, 65_535


def pack(members: Mapping[str, bytes]) -> bytes:
    """Return the archive of the members, in their order. Raises StoreError when it would be too large."""
    if sum(map(len, members.values())) >= MAX_BYTES:
        raise StoreError(
            f"the model is larger than {MAX_BYTES} bytes", help="train a smaller one, such as fewer trees"
        )
    buffer = BytesIO()
    with ZipFile(buffer, "w", ZIP_STORED) as archive:
        for name, data in members.items():
            info = ZipInfo(name, _DATE)
            info.create_system, info.external_attr = 3, 0o644 << 16
            archive.writestr(info, data)
    return buffer.getvalue()


def unpack(file: BinaryIO, allowed: re.Pattern[str], *, only: str | None = None) -> dict[str, bytes]:
    """Return the members, or the one named `only`, of an archive that `pack` made.

    Every name must match `allowed` fully. Raises StoreError for whatever `pack` would not have written.
    """
    size = file.seek(0, 2)
    if size >= MAX_BYTES:
        raise StoreError(f"not a model: {size} bytes, expected less than {MAX_BYTES}")
    try:
        with ZipFile(file) as archive:
            _check_layout(archive, size, allowed)
            names = archive.namelist() if only is None else [only]
            return {name: archive.read(name) for name in names}
    except (BadZipFile, KeyError, EOFError, NotImplementedError, RuntimeError, ValueError, OSError) as error:
        raise StoreError(f"not a model, or damaged: {error}") from error


def _check_layout(archive: ZipFile, size: int, allowed: re.Pattern[str]) -> None:
    position, directory, names = 0, 0, set()
    for info in archive.infolist():
        plain = (
            info.compress_type == ZIP_STORED
            and info.file_size == info.compress_size
            and info.flag_bits == 0
            and info.date_time == _DATE
            and not info.extra
            and not info.comment
        )
        if not allowed.fullmatch(info.filename) or info.filename in names:
            raise BadZipFile(f"unexpected member {info.filename!r}")
        if not plain or info.header_offset != position:
            raise BadZipFile(f"member {info.filename!r} is not stored plainly, one after the other")
        names.add(info.filename)
        position += _LOCAL + len(info.filename) + info.file_size
        directory += _CENTRAL + len(info.filename)
    end = _END + (_END64 if len(names) > _MANY else 0)
    if archive.start_dir != position or position + directory + end != size or archive.comment:
        raise BadZipFile("something lies before, between or after its members")
