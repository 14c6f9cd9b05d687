"""Pages of the documentation and their code blocks, as the tests of this folder look at them."""

import re
from dataclasses import dataclass
from pathlib import Path

ROOT = Path(__file__).parents[2]
_FENCE = re.compile(r"^```(\w*)[^\n]*\n(.*?)^```\s*$", re.MULTILINE | re.DOTALL)
_NOTE = re.compile(r"<!--\s*(.*?)\s*-->", re.DOTALL)
_PROJECT = re.compile(r"^<!--\s*project: (\S+)\s*-->$", re.MULTILINE)


@dataclass(frozen=True)
class Block:
    """A fenced block: its language, its text, its line, and what the comment right above it says."""

    language: str
    text: str
    line: int
    note: str

    @property
    def skipped(self) -> bool:
        """Whether the page says why it is not run."""
        return self.note.startswith("not run: ")

    @property
    def engines(self) -> tuple[str, ...]:
        """The engines without which the block cannot be run, by their marks: `<!-- needs: kfp, prefect -->`."""
        found = re.match(r"needs: ([a-z0-9, ]+)", self.note)
        return tuple(found.group(1).replace(",", " ").split()) if found else ()

    @property
    def exit_status(self) -> int:
        """The exit status that the block's last command is to have: `<!-- exit 1 -->`, else 0."""
        found = re.search(r"\bexit (\d+)$", self.note)
        return int(found.group(1)) if found and not self.skipped else 0

    @property
    def file(self) -> str | None:
        """The file that the block is the text of: `<!-- file: name -->`."""
        return self.note.removeprefix("file: ") if self.note.startswith("file: ") else None


@dataclass(frozen=True)
class Page:
    """A Markdown file. `project` is the example whose copy its commands run in: `<!-- project: path -->`."""

    path: Path
    blocks: tuple[Block, ...]
    project: Path | None

    @property
    def name(self) -> str:
        """The path in the repository."""
        return self.path.relative_to(ROOT).as_posix()

    @property
    def engines(self) -> tuple[str, ...]:
        """The engines that any of its blocks needs."""
        return tuple(sorted({engine for block in self.blocks for engine in block.engines}))


def read_page(path: Path) -> Page:
    """Return the page in a Markdown file; one in an example's folder runs in a copy of that example."""
    text = path.read_text("utf-8")
    blocks = []
    for found in _FENCE.finditer(text):
        above = text[: found.start()].rstrip().rpartition("\n\n")[2].rpartition("```")[2]
        notes = [note.group(1) for note in _NOTE.finditer(above) if above.rstrip().endswith(note.group(0))]
        line = text.count("\n", 0, found.start()) + 1
        blocks.append(
            Block(found.group(1), found.group(2), line, " ".join(notes[-1].split()) if notes else "")
        )
    project = _PROJECT.search(text)
    folder = (
        ROOT / project.group(1)
        if project
        else path.parent
        if (path.parent / "mlops.yaml").is_file()
        else None
    )
    return Page(path, tuple(blocks), folder)


def all_pages() -> list[Page]:
    """Return every page; `backends/README.md` has a test of its own, with the backend that it builds."""
    places = [*ROOT.glob("*.md"), *ROOT.glob("docs/**/*.md"), *ROOT.glob("examples/*/README.md")]
    return [read_page(path) for path in sorted(places)]
