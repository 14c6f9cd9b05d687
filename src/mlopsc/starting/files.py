"""The files of a new project: all of them appear, or none, and what was there before stays."""

import contextlib
import fcntl
import json
import os
import shutil
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from pathlib import Path

from mlopsc.diagnostics.errors import UsageError
from mlopsc.runtime.atomic import cannot_write, create, discard, make_folder, temporary_path
from mlopsc.runtime.context import STATE_FOLDER

IGNORED = f"{STATE_FOLDER}/\nbuild/\n__pycache__/\n"


@contextmanager
def undone_on_failure(folder: Path) -> Iterator[list[Path]]:
    """Give a list for the files that come into being in a folder; when the block fails they are removed again.

    So are the state folder and the folder itself, if they were not there before. Raises UsageError when another process
    is in such a block for the same folder.
    """
    made: list[Path] = []
    fresh = [folder] if not folder.exists() else []
    make_folder(folder.absolute())
    held = os.open(folder, os.O_RDONLY | os.O_DIRECTORY)
    try:
        fcntl.flock(held, fcntl.LOCK_EX | fcntl.LOCK_NB)
        fresh += [folder / STATE_FOLDER] if not (folder / STATE_FOLDER).exists() else []
        yield made
    except BlockingIOError:
        raise UsageError(
            f"another process begins a project in {folder} just now", help="wait for it"
        ) from None
    except BaseException:
        for path in made:
            discard(path)
            with contextlib.suppress(OSError):
                path.parent.rmdir()  # if it is empty now
        for path in reversed(fresh):
            shutil.rmtree(path, ignore_errors=True)
        raise
    finally:
        os.close(held)


def add_file(path: Path, text: str, made: list[Path]) -> None:
    """Write a new file durably; raises UsageError when there is one of this name already, StoreError for the disk."""
    temporary = temporary_path(path.parent)
    try:
        make_folder(path.parent)
        create(temporary, text.encode())
        os.link(temporary, path)  # unlike a rename, it never replaces
        made.append(path)
    except FileExistsError:
        raise UsageError(
            f"{path} is there already", help="move it away, or choose another folder: --out DIR"
        ) from None
    except OSError as error:
        raise cannot_write(path, error) from error
    finally:
        discard(temporary)


def add_copy(origin: Path, path: Path, made: list[Path]) -> None:
    """Copy a file to a new name; raises StoreError when the disk refuses."""
    temporary = temporary_path(path.parent)
    try:
        make_folder(path.parent)
        shutil.copyfile(origin, temporary)
        os.link(temporary, path)
        made.append(path)
    except OSError as error:
        raise cannot_write(path, error) from error
    finally:
        discard(temporary)


def schema_text() -> str:
    """Return the JSON Schema of specs, for editors: with the settings of every installed target."""
    from pydantic import TypeAdapter

    from mlopsc.spec.json_schema import json_schema
    from mlopsc.targets import backend_names, find_backend

    targets: Mapping[str, TypeAdapter[object]] = {
        name: TypeAdapter(find_backend(name).settings) for name in backend_names()
    }
    return json.dumps(json_schema(targets), indent=2, ensure_ascii=False) + "\n"
