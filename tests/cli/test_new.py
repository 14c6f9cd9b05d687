"""`mlopsc new`: an example as a project of one's own, also from an installed wheel."""

import json
import os
import subprocess
import sys
import zipfile
from pathlib import Path

import pytest

from mlopsc.building import check_spec
from mlopsc.starting.examples import examples

ROOT = Path(__file__).parents[2]


@pytest.fixture(autouse=True)
def folder(tmp_path, monkeypatch):
    monkeypatch.chdir(tmp_path)
    return tmp_path


def test_every_example_is_listed_with_what_it_is(cli):
    done = cli("new", "--list")
    assert done.status == 0
    assert sorted(examples()) == sorted(path.parent.name for path in ROOT.glob("examples/*/mlops.yaml"))
    assert all(name in done.out and about in done.out for name, about in examples().items())
    assert next(iter(examples())) == "penguins"


@pytest.mark.parametrize("name", [path.parent.name for path in ROOT.glob("examples/*/mlops.yaml")])
def test_a_copy_is_a_project_without_faults(cli, folder, name):
    done = cli("new", "mine", "--example", name, "--json")
    assert done.status == 0, done.err
    told = json.loads(done.out)
    assert {"mlops.yaml", "README.md", ".gitignore"} <= set(told["files"])
    spec = folder / "mine/mlops.yaml"
    assert check_spec(spec, targets=["local"]).sound
    text = spec.read_text()
    assert "project: {name: mine" in text
    schema = text.partition("\n")[0].partition("$schema=")[2]
    assert (folder / "mine" / schema).is_file()
    assert [path.name for path in folder.iterdir()] == ["mine"]


def test_what_is_there_stays(cli, folder):
    (folder / "mine").mkdir()
    (folder / "mine/notes.txt").write_text("precious")
    done = cli("new", "mine", "--example", "penguins")
    assert (done.status, "mine is there already" in done.err) == (2, True)
    assert [path.name for path in (folder / "mine").iterdir()] == ["notes.txt"]


def test_an_empty_folder_is_filled(cli, folder):
    (folder / "mine").mkdir()
    assert cli("new", "mine", "--example", "penguins").status == 0


@pytest.mark.parametrize(
    ("arguments", "message"),
    [
        (["x", "--example", "pengins"], "did you mean 'penguins'?"),
        (["x"], "--example with one of penguins"),
        ([], "which folder shall it be?"),
    ],
)
def test_what_is_missing_is_told(cli, folder, arguments, message):
    done = cli("new", *arguments)
    assert (done.status, message in done.err) == (2, True)
    assert list(folder.iterdir()) == []


@pytest.fixture(scope="module")
def wheel(tmp_path_factory):
    """A wheel of the working tree, unpacked."""
    out = tmp_path_factory.mktemp("wheel")
    build = "from hatchling.build import build_wheel; print(build_wheel(sys.argv[1]))"
    done = subprocess.run(
        [sys.executable, "-c", f"import sys; {build}", str(out)], cwd=ROOT, capture_output=True, text=True
    )
    assert done.returncode == 0, done.stderr
    path = out / done.stdout.split()[-1]
    assert path.stat().st_size < 5_000_000
    with zipfile.ZipFile(path) as archive:
        archive.extractall(out / "unpacked")
    return out / "unpacked"


def test_the_wheel_holds_the_examples_and_nothing_that_runs_left(wheel):
    held = [path.relative_to(wheel).as_posix() for path in wheel.rglob("*")]
    assert {
        "mlopsc/examples/flights/data/flights.parquet",
        "mlopsc/examples/custom_code/diabetes/models.py",
    } <= set(held)
    assert "mlopsc/examples/penguins/.gitignore" in held
    assert [
        path for path in held if ".mlopsc" in path or "__pycache__" in path or path.startswith("examples")
    ] == []
    assert {"mlopsc_local", "mlopsc_kfp", "mlopsc_prefect"} <= set(held)


def test_a_project_is_made_from_the_wheel(wheel, folder):
    script = "import mlopsc; print(mlopsc.__file__, flush=True); from mlopsc.cli import main; main()"
    done = subprocess.run(
        [sys.executable, "-c", script, "new", "mine", "--example", "penguins"],
        env=os.environ | {"PYTHONPATH": str(wheel)},
        cwd=folder,
        capture_output=True,
        text=True,
    )
    assert done.returncode == 0, done.stderr
    assert done.stdout.startswith(str(wheel))
    assert (folder / "mine/data/penguins.csv").read_bytes() == (
        ROOT / "examples/penguins/data/penguins.csv"
    ).read_bytes()
