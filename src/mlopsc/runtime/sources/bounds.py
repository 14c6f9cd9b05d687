"""A source's limits, held against what is found: so many files, so many bytes when unpacked."""

from collections.abc import Sized
from dataclasses import dataclass

from mlopsc.diagnostics.errors import MlopscError
from mlopsc.vocabulary.policy import memory_bytes
from mlopsc.vocabulary.sources import Files, Limits

_FLOOR = 256 << 20
"""Bytes up to which no ratio is suspicious."""


def require_few(paths: Sized, source: Files) -> None:
    """Raise MlopscError when a glob matches more files than its source's limit."""
    if len(paths) > source.limits.files:
        raise MlopscError(
            f"{source.path!r} matches {len(paths)} files, more than {source.limits.files}",
            help="if that is meant, raise `limits: {files: …}` of the source",
        )


@dataclass
class Budget:
    """How many bytes compressed files may still hold."""

    limits: Limits
    spent: int = 0

    def spend(self, count: int, label: str, *, packed: int, held: int) -> None:
        """Count bytes of a file that held `held` in `packed` so far. Raises MlopscError when they are too many."""
        self.spent += count
        if self.spent > memory_bytes(self.limits.unpacked):
            raise MlopscError(
                f"{label} holds more than {self.limits.unpacked} bytes, the limit of what is unpacked",
                help="if that is meant, raise `limits: {unpacked: …}` of the source",
            )
        if held > _FLOOR and held > packed * self.limits.ratio:
            raise MlopscError(
                f"{label} holds more than {self.limits.ratio} times its own size, as a decompression bomb does",
                help="if that is meant, raise `limits: {ratio: …}` of the source",
            )
