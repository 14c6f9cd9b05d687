"""What the documentation claims about the code is so."""

import importlib.util
import re
import tomllib
from pathlib import Path


def test_every_name_in_the_architecture_exists(root):
    text = (root / "docs/architecture.md").read_text("utf-8")
    for name in sorted(set(re.findall(r"`(mlopsc(?:_\w+)?(?:\.\w+)*)`", text))):
        module, _, attribute = name.rpartition(".")
        try:
            importlib.import_module(name)
        except ModuleNotFoundError:
            assert hasattr(importlib.import_module(module), attribute), name


def test_the_architecture_names_every_package_and_layer(root):
    text = (root / "docs/architecture.md").read_text("utf-8")
    parts = [path for path in (root / "src/mlopsc").iterdir() if not path.name.startswith("_")]
    names = {
        f"mlopsc.{path.stem}" for path in parts if path.suffix == ".py" or (path / "__init__.py").is_file()
    }
    names |= {path.name for path in root.glob("backends/*/mlopsc_*")}
    assert sorted(name for name in names if f"`{name}`" not in text) == []


def test_the_architecture_has_the_layers_that_the_linter_checks(root):
    """Every layer is in the table, and none stands above one that the contract puts above it."""
    tools = tomllib.loads((root / "pyproject.toml").read_text("utf-8"))["tool"]
    contract = next(one for one in tools["importlinter"]["contracts"] if one["type"] == "layers")
    height = {
        name: depth for depth, line in enumerate(contract["layers"]) for name in re.split(r"\s*[|:]\s*", line)
    }
    height = {name: depth for name, depth in height.items() if importlib.util.find_spec(name)}
    table = (root / "docs/architecture.md").read_text("utf-8").partition("## Layers")[2].partition("## ")[0]
    cells = "\n".join(line.split("|")[2] for line in table.splitlines() if line.startswith("|"))
    listed = [name for name in re.findall(r"`(mlopsc[\w.]+)`", cells) if name in height]
    assert sorted(listed) == sorted(height)
    assert [height[name] for name in listed] == sorted(height[name] for name in listed)


def test_every_dependency_has_its_reasons(root):
    """Name and bounds stand in docs/decisions, as pyproject.toml has them."""
    project = tomllib.loads((root / "pyproject.toml").read_text("utf-8"))["project"]
    text = "\n".join(path.read_text("utf-8") for path in (root / "docs/decisions").glob("*.md")).lower()
    shown = {"pyyaml": "pyyaml", "jinja2": "jinja"}
    for requirement in [
        *project["dependencies"],
        *(one for extra in project["optional-dependencies"].values() for one in extra),
    ]:
        name = re.split(r"[<>=\[]", requirement)[0]
        assert shown.get(name, name) in text, name
        for bound in re.findall(r"[<>=]=?\s*([\d.]*\d)", requirement):
            assert bound in text, requirement


def test_the_tutorial_shows_what_init_writes(root):
    """The golden file is what a test of `init` gets, with the data in another folder."""
    text = (root / "docs/tutorial.md").read_text("utf-8")
    shown = text.partition("```yaml\n")[2].partition("```")[0]
    golden = (root / "tests/cli/golden/init_penguins.yaml").read_text("utf-8")
    assert shown == golden.replace("path: data/penguins.csv", "path: penguins.csv")


def test_the_readme_begins_with_the_two_commands(root):
    lines = (root / "README.md").read_text("utf-8").splitlines()
    commands = [line for line in lines if line.startswith("$ ")][:2]
    assert [line.split()[1:3] for line in commands] == [["make", "demo"], ["make", "test"]]


def test_the_short_spec_of_the_readme_has_about_twenty_lines(root):
    text = (root / "README.md").read_text("utf-8")
    assert len(text.partition("```yaml\n")[2].partition("```")[0].splitlines()) <= 20


def test_examples_name_the_published_schema(root):
    for path in root.glob("examples/*/mlops.yaml"):
        first = path.read_text("utf-8").partition("\n")[0]
        schema = first.removeprefix("# yaml-language-server: $schema=")
        assert (path.parent / schema).is_file(), path


def test_examples_are_small_enough_to_clone(root):
    size = sum(path.stat().st_size for path in root.glob("examples/*/data/*") if path.is_file())
    assert size < 4_000_000


def test_make_targets_that_pages_name_exist(root):
    made = set(re.findall(r"^([a-z-]+):", (root / "Makefile").read_text("utf-8"), re.MULTILINE))
    pages: list[Path] = [*root.glob("*.md"), *root.glob("docs/**/*.md")]
    named = {name for page in pages for name in re.findall(r"`make ([a-z-]+)`", page.read_text("utf-8"))}
    assert named <= made
