"""The site builds without a warning, and its generated pages cover what they describe."""

import importlib.util
import re
import subprocess
import sys
from pathlib import Path
from types import ModuleType

import pytest

from mlopsc.cli.app import COMMANDS
from mlopsc.diagnostics.codes import CODES
from mlopsc.spec.spec import SECTIONS
from mlopsc.vocabulary.checks import CHECK_NAMES


@pytest.fixture
def generate(root: Path) -> ModuleType:
    spec = importlib.util.spec_from_file_location("generate", root / "docs/generate.py")
    assert spec is not None
    assert spec.loader is not None
    module = importlib.util.module_from_spec(spec)
    spec.loader.exec_module(module)
    return module


@pytest.fixture(scope="module")
def site(tmp_path_factory: pytest.TempPathFactory) -> Path:
    folder = tmp_path_factory.mktemp("site")
    root = Path(__file__).parents[2]
    done = subprocess.run(
        [sys.executable, "-m", "mkdocs", "build", "--strict", "--quiet", "--site-dir", str(folder)],
        cwd=root,
        capture_output=True,
        text=True,
    )
    assert done.returncode == 0, done.stdout + done.stderr
    return folder


def test_nothing_on_the_site_is_fetched_from_elsewhere(site):
    """No fonts, scripts, styles or pictures of other hosts: the site works without a network."""
    foreign = re.compile(
        r'<(?:script|img|link rel="(?:stylesheet|preconnect)")[^>]*(?:src|href)="?(?:https?:)?//'
    )
    assert [page.name for page in site.rglob("*.html") if foreign.search(page.read_text("utf-8"))] == []


def test_every_code_has_its_place_on_the_site(site):
    text = (site / "reference/codes/index.html").read_text("utf-8")
    assert [code for code in CODES if f'id="{code.lower()}"' not in text] == []


def test_every_section_and_check_of_the_spec_is_described(generate):
    text = generate.spec_page()
    assert [name for name in SECTIONS if f"\n## {name}\n" not in text] == []
    assert [name for name in CHECK_NAMES if f"`{name}`" not in text] == []


def test_every_check_has_a_page(generate):
    pages = generate.check_pages()
    assert [name for name in CHECK_NAMES if f"reference/checks/{name}.md" not in pages] == []
    assert [name for name in CHECK_NAMES if f"[`{name}`]" not in pages["reference/checks/index.md"]()] == []
    page = pages["reference/checks/column_value_lengths_to_equal.md"]()
    assert "Great Expectations calls it `expect_column_value_lengths_to_equal`." in page
    assert "| `value` | whole number (≥ 0) | **required** | The number. |" in page
    assert "- {expect: column_value_lengths_to_equal, column: country, value: 2}" in page


def test_every_command_is_described_with_its_options(generate):
    text = generate.cli_page()
    assert [name for name in COMMANDS if f"\n## mlopsc {name}\n" not in text] == []
    assert "`--dry-run`" in text


def test_two_builds_give_the_same_pages(generate):
    assert {path: make() for path, make in generate.PAGES.items()} == {
        path: make() for path, make in generate.PAGES.items()
    }
