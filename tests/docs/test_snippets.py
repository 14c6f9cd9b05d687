"""Every command, every Python block and every piece of YAML in the documentation is what it says."""

import os
import shutil
import subprocess
import sys
from collections.abc import Callable, Mapping
from pathlib import Path

import pytest

from mlopsc.spec.environments import resolve
from mlopsc.spec.spec import read_spec
from mlopsc.spec.yaml_load import load_document
from tests.docs.pages import Block, Page

RUN = ("console", "python")
SHOWN = ("yaml", "text", "toml", "json")
HEAD = "apiVersion: mlopsc/v1\nproject: {name: snippet}\n"


def test_a_page_holds_only_blocks_whose_truth_can_be_told(page):
    """A shell block without prompts, or one without a language, would not be run."""
    assert [block.line for block in page.blocks if block.language not in (*RUN, *SHOWN)] == []


def test_what_a_page_does_not_run_it_gives_a_reason_for(page):
    reasons = [block.note.removeprefix("not run: ") for block in page.blocks if block.skipped]
    assert all(len(reason.split()) >= 3 for reason in reasons)


def test_commands_and_python_of_a_page_do_what_it_shows(page, tmp_path):
    run_blocks(page, tmp_path / "project", {}, lambda block: not block.engines)


def test_commands_that_need_engines_do_what_the_page_shows(engine_page, request, tmp_path):
    """The page from its beginning, with what needs a Prefect server, kfp, or another engine."""
    surroundings = request.getfixturevalue("prefect_environment") if "prefect" in engine_page.engines else {}
    run_blocks(engine_page, tmp_path / "project", surroundings, lambda block: True)


def run_blocks(
    page: Page, folder: Path, surroundings: Mapping[str, str], wanted: Callable[[Block], bool]
) -> None:
    """Run the wanted blocks of a page one after the other, in a copy of its project."""
    if page.project is None:
        folder.mkdir()
    else:
        ignored = shutil.ignore_patterns(".mlopsc", "build", "__pycache__")
        shutil.copytree(page.project, folder, ignore=ignored)
    for block in page.blocks:
        if block.skipped or not wanted(block):
            continue
        if block.file is not None:
            (folder / block.file).parent.mkdir(parents=True, exist_ok=True)
            (folder / block.file).write_text(block.text, "utf-8")
        elif block.language == "console":
            for command, shown, last in commands(block.text):
                status = block.exit_status if last else 0
                compare(
                    f"{page.name}:{block.line}: {command}",
                    execute(["bash", "-c", command], folder, status, surroundings),
                    shown,
                )
        elif block.language == "python":
            execute([sys.executable, "-c", block.text], folder, block.exit_status, surroundings)


def test_yaml_of_a_page_is_sound(page, tmp_path):
    """Pieces of a spec have its shape; whole specs and files are checked by the commands that use them."""
    for block in page.blocks:
        if block.language != "yaml" or block.skipped or block.file is not None:
            continue
        whole = block.text.startswith(("apiVersion", "# yaml-language-server"))
        path = tmp_path / "mlops.yaml"
        path.write_text(block.text if whole else HEAD + block.text, "utf-8")
        document = load_document(path)
        resolved = resolve(document)
        _, faults = read_spec(resolved.document)
        missing = "the file lacks the key"  # of a piece of a spec
        told = [fault.message for fault in (*document.diagnostics, *faults)]
        told = [message for message in told if not message.startswith(missing)]
        assert told == [], f"{page.name}:{block.line}"


def commands(text: str) -> list[tuple[str, list[str], bool]]:
    """Return the commands of a block with the output that it shows, and whether it is the last one."""
    found: list[tuple[str, list[str]]] = []
    for line in text.splitlines():
        if line.startswith("$ "):
            found.append((line[2:], []))
        elif found:
            found[-1][1].append(line)
        else:
            pytest.fail(f"a console block begins with output: {line!r}")
    return [(command, shown, number == len(found) - 1) for number, (command, shown) in enumerate(found)]


def execute(command: list[str], folder: Path, status: int, surroundings: Mapping[str, str]) -> str:
    """Run a command as a user of this environment would, and return everything that it says."""
    environment = {
        name: value for name, value in os.environ.items() if not name.startswith(("MLOPSC_", "PYTEST_"))
    }
    environment["PATH"] = f"{Path(sys.executable).parent}{os.pathsep}{environment['PATH']}"
    environment |= {"COLUMNS": "110", "PYTHONDONTWRITEBYTECODE": "1", **surroundings}
    done = subprocess.run(
        command,
        cwd=folder,
        env=environment,
        stdout=subprocess.PIPE,
        stderr=subprocess.STDOUT,
        text=True,
        timeout=600,
    )
    assert done.returncode == status, f"{command[-1]}\n{done.stdout}"
    return done.stdout


def compare(what: str, output: str, shown: list[str]) -> None:
    """Find the shown lines in the output, in order; `…` stands for anything, blank lines and blanks do not count."""
    lines = iter([" ".join(line.split()) for line in output.splitlines()])
    for line in (" ".join(line.split()) for line in shown if line.strip()):
        pieces = line.split("…")
        if line != "…" and not any(matches(pieces, candidate) for candidate in lines):
            pytest.fail(f"{what}\n\nnot found in the output: {line}\n\n{output}")


def matches(pieces: list[str], line: str) -> bool:
    """Say whether a line consists of the pieces, with anything between them."""
    if len(pieces) == 1:
        return line == pieces[0]
    at = len(pieces[0])
    if not line.startswith(pieces[0]) or not line.endswith(pieces[-1]):
        return False
    for piece in pieces[1:-1]:
        found = line.find(piece.strip(), at)
        if found < 0:
            return False
        at = found + len(piece.strip())
    return at <= len(line) - len(pieces[-1])
