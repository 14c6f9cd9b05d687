"""Downloads that are held between the look at a source and the step that reads it, so that it is fetched once.

What a look fetches lies in `.mlopsc/downloads`, with a note of its fingerprint and of what the server says of it. The
step takes the very bytes that its key was made of, and puts them away; the note stays, and while the server vouches
that nothing changed (see `fetch.Validators`), the next look needs no download.
"""

import contextlib
import hashlib
import json
import os
import shutil
import tempfile
import time
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from mlopsc.diagnostics.errors import MlopscError
from mlopsc.runtime.atomic import write_bytes
from mlopsc.runtime.context import STATE_FOLDER
from mlopsc.runtime.sources.found import SourceFile
from mlopsc.runtime.sources.remote.fetch import Fetched, Validators
from mlopsc.vocabulary.sources import Files

_FORGOTTEN = 24 * 3600
"""Seconds after which bytes that no step has taken are removed."""


@dataclass(frozen=True)
class Note:
    """What was last seen of a source."""

    fingerprint: str
    validators: Validators | None
    files: tuple[tuple[str, str], ...]
    """Name in the folder, and label, of each file."""


@dataclass(frozen=True)
class Held:
    """The downloads of one source of a project."""

    folder: Path

    @classmethod
    def of(cls, source: Files, project: Path) -> "Held":
        """Return those of a source; secrets count by their names."""
        key = hashlib.sha256(source.model_dump_json(include={"path", "storage_options"}).encode()).hexdigest()
        return cls(project / STATE_FOLDER / "downloads" / key[:24])

    def note(self) -> Note | None:
        """Return what was last seen, None when nothing was or the note cannot be read."""
        try:
            told: dict[str, Any] = json.loads((self.folder / "note.json").read_bytes())
            files = tuple((str(name), str(label)) for name, label in told["files"])
            return Note(str(told["fingerprint"]), told["validators"], files)
        except (OSError, ValueError, KeyError, TypeError):
            return None

    def keep(self, fetched: Fetched, fingerprint: str) -> None:
        """Hold what was fetched, with a note; where that cannot be written, it is fetched again when needed."""
        place = self._place(fingerprint)
        with contextlib.suppress(OSError, MlopscError):
            self._sweep()
            known = self.note()
            if known is None or known.fingerprint != fingerprint:  # else a step has read these bytes already
                self._hold(fetched, place)
            files = [(file.path.name, file.label) for file in fetched.files]
            told = {"fingerprint": fingerprint, "validators": fetched.validators, "files": files}
            write_bytes(self.folder / "note.json", json.dumps(told).encode(), durable=False)

    def _hold(self, fetched: Fetched, place: Path) -> None:
        place.parent.mkdir(parents=True, exist_ok=True, mode=0o700)
        making = Path(tempfile.mkdtemp(dir=place.parent))
        for file in fetched.files:
            shutil.move(file.path, making / file.path.name)
        if place.exists():
            shutil.rmtree(making)
        else:
            os.replace(making, place)  # noqa: PTH105

    def take(self, fingerprint: str, folder: Path) -> list[SourceFile] | None:
        """Return the held files of that fingerprint, linked into a folder; None when they are not held."""
        note = self.note()
        if note is None or note.fingerprint != fingerprint:
            return None
        place, files = self._place(fingerprint), []
        try:
            for name, label in note.files:
                _link(place / name, folder / name)
                files.append(SourceFile(folder / name, label))
        except OSError:
            return None
        return files

    def put_away(self, fingerprint: str) -> None:
        """Remove the bytes, which were read; the note stays."""
        shutil.rmtree(self._place(fingerprint), ignore_errors=True)

    def forget(self) -> None:
        """Remove bytes and note: the source is not what it was."""
        shutil.rmtree(self.folder, ignore_errors=True)

    def _place(self, fingerprint: str) -> Path:
        return self.folder / fingerprint.partition(":")[2][:24]

    def _sweep(self) -> None:
        for place in self.folder.parent.glob("*/*/"):
            if place.stat().st_mtime < time.time() - _FORGOTTEN:
                shutil.rmtree(place, ignore_errors=True)


def _link(there: Path, here: Path) -> None:
    try:
        os.link(there, here)
    except OSError:
        shutil.copyfile(there, here)
