"""A tiny project of one CSV file, and the command line called in this process."""

import shutil
import signal
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from pathlib import Path

import pytest

from mlopsc.api import run_local
from mlopsc.cli import main

SPEC = """\
apiVersion: mlopsc/v1
project: {name: tiny, owner: ops}
vars:
  least: {type: float, default: 0.6}
parameters:
  as_of: {type: timestamp, default: 2024-01-18T00:00:00Z}
datasets:
  rows:
    source: {type: csv, path: rows.csv}
    primary_key: [id]
    event_time: seen
    columns:
      id: {type: int64}
      seen: {type: timestamp}
      size: {type: float64}
      colour: {type: string}
      late: {type: bool}
training:
  lateness:
    entities: {dataset: rows, label: late, until: "${params.as_of}"}
    features: [size, colour]
    split: {type: random, test: 0.3}
    estimator: sklearn.linear_model.LogisticRegression
    metrics: [roc_auc]
    seed: 1
gates:
  good: {type: metric, training: lateness, metric: roc_auc, min: "${vars.least}"}
  better: {type: champion, training: lateness, metric: roc_auc}
registry:
  lateness:
    training: lateness
    stages:
      staging: {gates: [good]}
      production: {gates: [better]}
monitors:
  rows_drift:
    model: lateness
    stage: staging
    current: {dataset: rows, window: 10d, until: "${params.as_of}"}
"""


@dataclass(frozen=True)
class Outcome:
    """What a command line came to."""

    status: int
    out: str
    err: str


CommandLine = Callable[..., Outcome]


def _write_rows(path: Path, *, count: int = 400, larger: float = 0.0) -> None:
    lines = ["id,seen,size,colour,late"]
    for number in range(count):
        size = (number * 37 % 101) / 5
        late = size + (number * 17 % 7) > 13
        shown = size + (larger if number >= count - 200 else 0.0)
        day, hour = 1 + number // 24, number % 24
        colour = ("red", "blue", "green")[number % 3]
        lines.append(f"{number},2024-01-{day:02}T{hour:02}:00:00Z,{shown},{colour},{str(late).lower()}")
    path.write_text("\n".join(lines) + "\n")


def _surroundings(monkeypatch: pytest.MonkeyPatch, folder: Path) -> None:
    for name in ("MLOPSC_REGISTRY_URL", "MLOPSC_STORE_URL", "NO_COLOR", "FORCE_COLOR"):
        monkeypatch.delenv(name, raising=False)
    monkeypatch.setenv("MLOPSC_ACTOR", "tester")
    monkeypatch.chdir(folder)


def _make(folder: Path) -> None:
    (folder / "mlops.yaml").write_text(SPEC)
    _write_rows(folder / "rows.csv")


@pytest.fixture(scope="session")
def once_trained(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A project whose train pipeline ran; tests get copies of it."""
    folder = tmp_path_factory.mktemp("trained")
    _make(folder)
    with pytest.MonkeyPatch.context() as monkeypatch:
        _surroundings(monkeypatch, folder)
        run_local(folder / "mlops.yaml").require()
    return folder


@pytest.fixture
def project(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """The project's folder, which is the working directory; the spec is `mlops.yaml`. Nothing ran yet."""
    _make(tmp_path)
    _surroundings(monkeypatch, tmp_path)
    return tmp_path


@pytest.fixture
def trained(once_trained: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """Such a folder in which `mlopsc run` has registered version 1."""
    shutil.copytree(once_trained, tmp_path, dirs_exist_ok=True)
    _surroundings(monkeypatch, tmp_path)
    return tmp_path


@pytest.fixture
def write_rows() -> Callable[..., None]:
    """Write rows an hour apart; late are those above a size; `larger` is added to the sizes of the last 200."""
    return _write_rows


@pytest.fixture
def cli(capsys: pytest.CaptureFixture[str]) -> Iterator[CommandLine]:
    """Call the command line: `cli("run", "--json")`."""
    before = signal.getsignal(signal.SIGTERM)

    def call(*arguments: str) -> Outcome:
        capsys.readouterr()
        with pytest.raises(SystemExit) as ended:
            main(arguments)
        written = capsys.readouterr()
        assert isinstance(ended.value.code, int)
        return Outcome(ended.value.code, written.out, written.err)

    yield call
    signal.signal(signal.SIGTERM, before)
