"""Digests of content, written `sha256:<64 hex digits>`."""

import hashlib
import re
from pathlib import Path

from mlopsc.diagnostics.errors import StoreError

CHUNK = 1 << 20
"""Bytes read at a time."""

_DIGEST = re.compile(r"sha256:([0-9a-f]{64})")


def digest_of_bytes(data: bytes) -> str:
    """Return the digest of `data`."""
    return f"sha256:{hashlib.sha256(data).hexdigest()}"


def digest_of_file(path: Path) -> str:
    """Return the digest of the file's bytes; raises OSError when it cannot be read."""
    with path.open("rb") as file:
        return f"sha256:{hashlib.file_digest(file, 'sha256').hexdigest()}"


def hex_of(digest: str) -> str:
    """Return the hex digits of a digest, safe in a path; raises StoreError when the text is no digest."""
    match = _DIGEST.fullmatch(digest)
    if match is None:
        raise StoreError(f"expected a digest such as sha256:<64 hex digits>, found {digest!r}")
    return match[1]


def blob_name(digest: str) -> str:
    """Return where a store keeps the content: `blobs/ab/<hex>`."""
    digits = hex_of(digest)
    return f"blobs/{digits[:2]}/{digits}"
