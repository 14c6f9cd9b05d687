"""Which files were seen to hold which content: unchanged files need not be hashed again.

An identity is size, modification and change time and inode of a file. The list is a hint: an entry that is
lost costs one more hashing, an entry that does not fit the file makes it be hashed.
"""

import contextlib
import os
from dataclasses import dataclass, field
from pathlib import Path

from mlopsc.runtime.atomic import write_bytes

_COMPACT_ABOVE = 1000  # lines that no longer count


@dataclass(frozen=True, slots=True)
class Identity:
    """What a write to a file cannot leave as it was; `size` in bytes, times in nanoseconds."""

    size: int
    modified: int
    changed: int
    inode: int

    @classmethod
    def of(cls, path: Path) -> "Identity | None":
        """Return the identity of the regular file at `path`, None when there is none."""
        try:
            found = os.stat(path)  # noqa: PTH116
        except OSError:
            return None
        return cls(found.st_size, found.st_mtime_ns, found.st_ctime_ns, found.st_ino)


@dataclass(slots=True)
class Identities:
    """Identities by content digest, in one file of lines that any number of processes append to."""

    file: Path
    _known: dict[str, Identity] | None = None
    _hashed_here: dict[str, Identity] = field(default_factory=dict)

    def knows(self, digest: str, identity: Identity) -> bool:
        """Whether the file with this identity was once seen, by any process, to hold this content."""
        if self._known is None:
            self._known = self._read()
        return self._known.get(digest) == identity

    def hashed_here(self, digest: str, identity: Identity) -> bool:
        """Whether this very process has read the whole file with this identity and found this content."""
        return self._hashed_here.get(digest) == identity

    def note(self, digest: str, identity: Identity, *, hashed: bool = True) -> None:
        """Remember that the file with this identity holds the content that `digest` names.

        `hashed`: this process has read it whole.
        """
        if hashed:
            self._hashed_here[digest] = identity
        if self.knows(digest, identity):
            return
        assert self._known is not None
        self._known[digest] = identity
        line = f"{digest} {identity.size} {identity.modified} {identity.changed} {identity.inode}\n"
        with contextlib.suppress(OSError):
            descriptor = os.open(self.file, os.O_WRONLY | os.O_APPEND | os.O_CREAT | os.O_CLOEXEC, 0o644)
            try:
                os.write(descriptor, line.encode())
            finally:
                os.close(descriptor)

    def _read(self) -> dict[str, Identity]:
        try:
            lines = self.file.read_text("utf-8", "replace").splitlines()
        except OSError:
            return {}
        known: dict[str, Identity] = {}
        for line in lines:
            with contextlib.suppress(ValueError):  # a line cut short by a kill
                digest, *numbers = line.split(" ")
                size, modified, changed, inode = map(int, numbers)
                known[digest] = Identity(size, modified, changed, inode)
        if len(lines) - len(known) > _COMPACT_ABOVE:
            self._compact(known)
        return known

    def _compact(self, known: dict[str, Identity]) -> None:
        text = "".join(
            f"{digest} {entry.size} {entry.modified} {entry.changed} {entry.inode}\n"
            for digest, entry in known.items()
        )
        write_bytes(self.file, text.encode(), durable=False)
