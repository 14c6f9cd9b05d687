"""Every example on every backend that entry points name, a third party's among them."""

import json
import os
import shutil
import subprocess
import sys
import tomllib
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field, replace
from pathlib import Path
from typing import Any, NamedTuple

import pytest

from mlopsc.targets import backend_names, runner_names

ROOT = Path(__file__).parents[2]
THIRD_PARTY = Path(__file__).parent / "third_party"
EXAMPLES = sorted(path.parent for path in ROOT.glob("examples/*/mlops.yaml"))
REFERENCE = "local"
PATIENTS = """\
patient,age,sex,bmi,weight_class,blood_pressure,ldl_to_hdl,at_risk,log_triglycerides,glucose
1001,48,female,21.6,normal,87,2.1,no,3.9,69
1002,72,male,30.5,obese,93,4.4,yes,4.7,85
1003,,male,25.1,,83,,,4.5,92
"""
"""Rows as the transform of the example `custom_code` describes them."""
_NEEDS = {"prefect": [pytest.mark.prefect], "kfp": [pytest.mark.kfp]}
"""Marks of backends that need an engine; any other runs in the default suite."""


THIRD = "runbook"
"""The third party's backend, which runs pipelines and is not installed in this environment."""

EMITTING = sorted({*backend_names(), THIRD})


def pytest_generate_tests(metafunc: pytest.Metafunc) -> None:
    """Give tests their examples and backends; `emitting` is any backend, `running` one that runs."""
    if "example" in metafunc.fixturenames:
        metafunc.parametrize("example", EXAMPLES, ids=[path.name for path in EXAMPLES])
    if "emitting" in metafunc.fixturenames:
        metafunc.parametrize("emitting", EMITTING)
    if "running" in metafunc.fixturenames:
        others = sorted({*runner_names(), THIRD} - {REFERENCE})
        metafunc.parametrize("running", [pytest.param(name, marks=_NEEDS.get(name, [])) for name in others])


_ONE_BY_ONE = """\
import contextlib, io, json, sys
from mlopsc.cli import main

def told(arguments):
    out, err = io.StringIO(), io.StringIO()
    try:
        with contextlib.redirect_stdout(out), contextlib.redirect_stderr(err):
            main(arguments)
    except SystemExit as ended:
        return ended.code, out.getvalue(), err.getvalue()

print(json.dumps([told(arguments) for arguments in json.loads(sys.argv[1])]))
"""


class Told(NamedTuple):
    """What a command came to."""

    status: int
    out: str
    err: str


@dataclass(frozen=True)
class CommandLine:
    """`mlopsc`, with the third party's backend beside it as if it were installed."""

    path: Path
    surroundings: Mapping[str, str] = field(default_factory=dict)

    def __call__(self, *arguments: object, cwd: Path, status: int | None = 0) -> str:
        """Return what a command prints; fails unless it exits with `status` (None: any)."""
        command = [str(Path(sys.executable).parent / "mlopsc"), *map(str, arguments)]
        done = self._run(command, cwd)
        if status is not None:
            assert done.returncode == status, f"{command}\n{done.stdout}\n{done.stderr}"
        return done.stdout

    def one_by_one(self, commands: Sequence[Sequence[str]], cwd: Path) -> list[Told]:
        """Return what each command comes to; all are carried out in one process, which starts once."""
        done = self._run([sys.executable, "-P", "-c", _ONE_BY_ONE, json.dumps(commands)], cwd)
        assert done.returncode == 0, done.stderr
        return [Told(*one) for one in json.loads(done.stdout)]

    def _run(self, command: Sequence[str], cwd: Path) -> "subprocess.CompletedProcess[str]":
        environment = {name: value for name, value in os.environ.items() if not name.startswith("MLOPSC_")}
        environment |= {
            "PYTHONPATH": str(self.path),
            "COLUMNS": "110",
            **self.surroundings,
        }
        return subprocess.run(command, cwd=cwd, env=environment, capture_output=True, text=True, timeout=900)

    def run_everything(self, folder: Path, target: str) -> dict[str, dict[str, Any]]:
        """Run the train pipeline, every monitor and every prediction of a project on a target; return their reports."""
        asked = {"train": ["run"]}
        asked |= {monitor: ["monitor", monitor] for monitor in declared(folder, "monitors")}
        for model in declared(folder, "registry"):
            asked[f"predict_{model}"] = ["predict", f"{model}/1", rows_for(folder)]
        commands = [[*command, "--target", target, "--json"] for command in asked.values()]
        told = dict(zip(asked, self.one_by_one(commands, folder), strict=True))
        # A monitor that finds drift exits with 5, on every target.
        for pipeline in asked.keys() - declared(folder, "monitors"):
            assert told[pipeline].status == 0, told[pipeline]
        return {pipeline: json.loads(one.out) for pipeline, one in told.items()}


@pytest.fixture(scope="session")
def mlopsc(tmp_path_factory: pytest.TempPathFactory) -> CommandLine:
    """The command line, with what `pip install tests/conformance/third_party` would put in place."""
    folder = tmp_path_factory.mktemp("site-packages")
    project = tomllib.loads((THIRD_PARTY / "pyproject.toml").read_text("utf-8"))["project"]
    shutil.copytree(THIRD_PARTY / "mlopsc_runbook", folder / "mlopsc_runbook")
    metadata = folder / f"mlopsc_runbook-{project['version']}.dist-info"
    metadata.mkdir()
    (metadata / "METADATA").write_text(
        f"Metadata-Version: 2.1\nName: {project['name']}\nVersion: {project['version']}\n", "utf-8"
    )
    points = [
        f"[{group}]\n" + "".join(f"{name} = {value}\n" for name, value in named.items())
        for group, named in project["entry-points"].items()
    ]
    (metadata / "entry_points.txt").write_text("\n".join(points), "utf-8")
    return CommandLine(folder)


@pytest.fixture
def run_everything(
    mlopsc: CommandLine, running: str, request: pytest.FixtureRequest
) -> Callable[[Path], dict[str, dict[str, Any]]]:
    """Run every pipeline of a project on the backend `running`, Prefect's on the session's server."""
    server = request.getfixturevalue("prefect_environment") if running == "prefect" else {}
    commands = replace(mlopsc, surroundings=server)
    return lambda folder: commands.run_everything(folder, running)


@pytest.fixture
def third_party() -> Path:
    """The third party's project."""
    return THIRD_PARTY


@pytest.fixture
def root() -> Path:
    """The repository."""
    return ROOT


@pytest.fixture
def penguins(tmp_path: Path) -> Path:
    """A fresh copy of the smallest example."""
    return copy(ROOT / "examples/penguins", tmp_path / "penguins")


@pytest.fixture
def project(example: Path, tmp_path: Path) -> Path:
    """A fresh copy of the example, with neither store nor registry."""
    return copy(example, tmp_path / example.name)


@pytest.fixture(scope="session")
def generated(
    mlopsc: CommandLine, tmp_path_factory: pytest.TempPathFactory
) -> Callable[[Path, str], tuple[Path, list[Told]]]:
    """The project of an example, in whose folder `out-TARGET` each target was compiled to; and what it said when it
    was checked, compiled, and, by another process, compared with what was compiled."""
    known: dict[str, tuple[Path, dict[str, list[Told]]]] = {}

    def look_up(example: Path, target: str) -> tuple[Path, list[Told]]:
        if example.name not in known:
            folder = copy(example, tmp_path_factory.mktemp("generated") / example.name)
            checking = [["validate", "--strict", "--target", name] for name in EMITTING]
            compiling = [["compile", "--target", name, "--out", f"out-{name}"] for name in EMITTING]
            checked_and_made = mlopsc.one_by_one([*checking, *compiling], folder)
            compared = mlopsc.one_by_one([[*command, "--check"] for command in compiling], folder)
            many = len(EMITTING)
            told = zip(checked_and_made[:many], checked_and_made[many:], compared, strict=True)
            known[example.name] = folder, dict(zip(EMITTING, map(list, told), strict=True))
        folder, said = known[example.name]
        return folder, said[target]

    return look_up


@pytest.fixture(scope="session")
def reference(
    mlopsc: CommandLine, tmp_path_factory: pytest.TempPathFactory
) -> Callable[[Path], dict[str, dict[str, Any]]]:
    """What each example's pipelines come to on the local target; run once for each example."""
    known: dict[str, dict[str, dict[str, Any]]] = {}

    def look_up(example: Path) -> dict[str, dict[str, Any]]:
        if example.name not in known:
            folder = copy(example, tmp_path_factory.mktemp("reference") / example.name)
            known[example.name] = mlopsc.run_everything(folder, REFERENCE)
        return known[example.name]

    return look_up


def declared(folder: Path, section: str) -> list[str]:
    """Return the names that a section of a project's spec declares."""
    import yaml

    spec: dict[str, Any] = yaml.safe_load((folder / "mlops.yaml").read_text("utf-8"))
    return sorted(spec.get(section, {}))


def rows_for(folder: Path) -> str:
    """Return the file of rows to predict for: a project's own data, or a few written here where they come of code."""
    found = [
        path for name in ("penguins.csv", "flights.parquet") if (path := folder / "data" / name).is_file()
    ]
    if found:
        return str(found[0].relative_to(folder))
    (folder / "new.csv").write_text(PATIENTS, "utf-8")
    return "new.csv"


def copy(example: Path, folder: Path) -> Path:
    """Copy an example without what runs left in it."""
    shutil.copytree(example, folder, ignore=shutil.ignore_patterns(".mlopsc", "build", "__pycache__"))
    return folder
