"""Prints what mlopsc costs as ratios to what it stands on: CPU seconds, best of several, all in this run.

    python tests/benchmarks/bench.py [--repeat N]

Every command is measured in turn, round after round, so that a busy machine slows all of them alike. CPU time is that
of the process and all its descendants (`wait4`). Exit status 1 when a limit is exceeded.
"""

import argparse
import gc
import os
import shutil
import subprocess
import sys
import tempfile
import time
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from pathlib import Path

ROOT = Path(__file__).parents[2]
FLIGHTS = ROOT / "examples/flights"
MLOPSC = str(Path(sys.executable).parent / "mlopsc")


@dataclass(frozen=True)
class Row:
    """One line of the table: a quotient (or a number) and the most that it may be."""

    what: str
    measured: str
    value: float
    limit: float
    unit: str = "×"

    @property
    def kept(self) -> bool:
        """Whether the limit is kept."""
        return self.value <= self.limit


def cpu_of(command: Sequence[str], folder: Path) -> float:
    """Return the CPU seconds (user and system) of a command and its descendants; raises when it fails."""
    with tempfile.TemporaryFile() as said:
        process = subprocess.Popen(command, cwd=folder, stdout=said, stderr=subprocess.STDOUT)
        _, status, usage = os.wait4(process.pid, 0)
        process.returncode = os.waitstatus_to_exitcode(status)
        if process.returncode:
            said.seek(0)
            raise SystemExit(
                f"{' '.join(command)}: exit {process.returncode}\n{said.read().decode(errors='replace')}"
            )
    return usage.ru_utime + usage.ru_stime


def best(measures: dict[str, Callable[[], float]], rounds: int) -> dict[str, float]:
    """Return the least of each measure over all rounds, interleaved; the first round only warms up."""
    for measure in measures.values():
        measure()
    least = dict.fromkeys(measures, float("inf"))
    for _ in range(rounds):
        for name, measure in measures.items():
            least[name] = min(least[name], measure())
    return least


def in_process(function: Callable[[], object]) -> float:
    """Return the CPU seconds of this process for one call."""
    gc.collect()
    started = time.process_time()
    function()
    return time.process_time() - started


def commands(rounds: int, folder: Path) -> list[Row]:
    """Start-up, `validate` of the flagship, and a fully cached run of it."""
    flights = folder / "flights"
    shutil.copytree(FLIGHTS, flights, ignore=shutil.ignore_patterns(".mlopsc", "build"))
    cpu_of([MLOPSC, "run", "--local"], flights)
    python = [sys.executable, "-c"]
    least = best(
        {
            "typer": lambda: cpu_of([*python, "import typer"], flights),
            "help": lambda: cpu_of([MLOPSC, "--help"], flights),
            "three": lambda: cpu_of([*python, "import pydantic, yaml, networkx"], flights),
            "validate": lambda: cpu_of([MLOPSC, "validate"], flights),
            "cached": lambda: cpu_of([MLOPSC, "run", "--local"], flights),
        },
        rounds,
    )
    return [
        compared("mlopsc --help / import typer", least["help"], least["typer"], 2),
        compared("validate / import pydantic, yaml, networkx", least["validate"], least["three"], 2.5),
        compared("fully cached run / validate", least["cached"], least["validate"], 1.5),
    ]


def compared(what: str, own: float, other: float, limit: float) -> Row:
    """Return the row for a quotient of two CPU times."""
    return Row(what, f"{own * 1000:.0f} / {other * 1000:.0f} ms", own / other, limit)


def large_spec(lines: int) -> str:
    """Return a sound spec of about so many lines: datasets of 60 columns each."""
    parts = ["apiVersion: mlopsc/v1", "project: {name: large}", "datasets:"]
    number = 0
    while len(parts) < lines:
        parts += [
            f"  table_{number}:",
            f"    source: {{type: parquet, path: data/table_{number}.parquet}}",
            "    primary_key: [c0]",
            "    columns:",
        ]
        for column in range(60):
            parts += [
                f"      c{column}:",
                "        type: float64",
                "        nullable: false",
                "        min: 0",
            ]
        number += 1
    parts += [
        "training:",
        "  model:",
        "    entities: {dataset: table_0, label: c1}",
        "    features: [c2]",
        "    estimator: sklearn.linear_model.Ridge",
        "    metrics: [r2]",
    ]
    return "\n".join(parts) + "\n"


def loading(rounds: int, folder: Path) -> list[Row]:
    """A large spec into typed sections, against CSafeLoader and pydantic doing no more than that."""
    import yaml
    from pydantic import TypeAdapter

    from mlopsc.spec.datasets import Dataset
    from mlopsc.spec.environments import resolve
    from mlopsc.spec.spec import read_spec
    from mlopsc.spec.yaml_load import load_document

    path = folder / "large.yaml"
    path.write_text(large_spec(50_000), "utf-8")
    datasets = TypeAdapter(dict[str, Dataset])

    def ours() -> object:
        document = load_document(path)
        resolved = resolve(document)
        spec, faults = read_spec(resolved.document)
        assert not faults, faults[0].message
        return spec

    def theirs() -> object:
        text = path.read_text("utf-8")
        return datasets.validate_python(yaml.load(text, Loader=yaml.CSafeLoader)["datasets"])

    least = best({"ours": lambda: in_process(ours), "theirs": lambda: in_process(theirs)}, rounds)
    return [compared("50,000-line spec / CSafeLoader + pydantic", least["ours"], least["theirs"], 1.3)]


def many_steps(steps: int) -> str:
    """Return a spec that lowers to about so many steps: chains of SQL views over one dataset, ten a chain."""
    parts = [
        "apiVersion: mlopsc/v1",
        "project: {name: many}",
        "datasets:",
        "  base:",
        "    source: {type: parquet, path: base.parquet}",
        "    columns: {id: {type: int64}, y: {type: int64}, x: {type: float64}}",
        "    primary_key: [id]",
        "features:",
    ]
    trainings = max(1, steps // 15)
    for number in range(trainings):
        table = "base"
        for link in range(10):
            view = f"view_{number}_{link}"
            parts.append(f"  {view}: {{sql: 'select id, y, x + 1 as x from {table}', primary_key: [id]}}")
            table = view
    parts.append("training:")
    for number in range(trainings):
        parts += [
            f"  model_{number}:",
            f"    entities: {{view: view_{number}_9, label: y}}",
            "    features: [x]",
            "    estimator: sklearn.linear_model.LogisticRegression",
            "    metrics: [accuracy]",
        ]
    return "\n".join(parts) + "\n"


def compiling(rounds: int, folder: Path) -> list[Row]:
    """The compiler on growing specs: CPU a step must not grow."""
    from mlopsc.api import check_spec

    counts: dict[int, int] = {}
    measures: dict[str, Callable[[], float]] = {}
    for steps in (100, 300, 1000):
        project = folder / f"steps_{steps}"
        project.mkdir()
        path = project / "mlops.yaml"
        path.write_text(many_steps(steps), "utf-8")
        plan = check_spec(path).require()
        counts[steps] = sum(len(pipeline.steps) for pipeline in plan.pipelines)
        measures[str(steps)] = lambda path=path: in_process(lambda: check_spec(path).require())  # type: ignore[misc]
    least = best(measures, rounds)
    each = {steps: least[str(steps)] / counts[steps] * 1000 for steps in counts}
    told = ", ".join(f"{counts[steps]}: {each[steps]:.2f}" for steps in counts)
    return [Row("compile, ms a step at 1,000 steps / at 100", told, each[1000] / each[100], 1.5)]


def scheduling(rounds: int, folder: Path) -> list[Row]:
    """Fifty steps that do next to nothing: what the scheduler itself costs for each."""
    from mlopsc.plan.plan import Artifact, Pipeline, Plan, Source, Step
    from mlopsc.targets import RunRequest, find_backend

    project = folder / "noop"
    source = Source(file="mlops.yaml", line=1, column=1)

    def step(number: int) -> Step:
        before = (
            {f"decision_{number - 1}": Artifact(step=f"step_{number - 1}", port="decision")} if number else {}
        )
        configuration = {"operation": "verdict", "decisions": list(before)}
        outputs = {"decision": "decision"}
        return Step(
            name=f"step_{number}",
            operation="verdict",
            configuration=configuration,
            inputs=before,
            outputs=outputs,  # type: ignore[arg-type]
            source=source,
        )

    steps = tuple(step(number) for number in range(50))
    pipeline = Pipeline(name="noop", kind="train", title="Fifty steps that do nothing.", steps=steps)
    plan = Plan(project="noop", spec="mlops.yaml", pipelines=(pipeline,))
    backend = find_backend("local")

    def run() -> float:
        shutil.rmtree(project, ignore_errors=True)
        project.mkdir()
        started = os.times()
        result = backend.run(RunRequest(plan=plan, pipeline=pipeline, project=project))
        assert result.status == "succeeded", [step.reason for step in result.steps if step.status == "failed"]
        ended = os.times()
        return sum(ended[:4]) - sum(started[:4])

    least = best({"noop": run}, rounds)["noop"] / len(steps) * 1000
    return [Row("local scheduler, CPU of a no-op step (of 50)", f"{least:.2f} ms", least, 3, "ms")]


PLAIN = """
import {engine}pandas, skops.io
model = skops.io.load("plain.skops", trusted=skops.io.get_untrusted_types(file="plain.skops"))
table = pandas.read_parquet("new.parquet")
{features}
probability = model.predict_proba(table[{names}])
table[["time_hour", "carrier", "flight"]].assign(
    prediction=model.classes_[probability.argmax(axis=1)],
    probability_false=probability[:, 0],
    probability_true=probability[:, 1],
).to_parquet("plain.parquet")
"""
"""What one would write by hand: the input is not checked, nothing is recorded."""
JOIN = """
flights, weather = table, pandas.read_parquet("data/weather.parquet")
known = "case when f.time_hour - w.time_hour <= interval 3 hour then {0} end as {0}"
columns = ", ".join(["f.*", *(known.format(one) for one in ("visib", "wind_speed", "precip"))])
same = "f.origin = w.origin and f.time_hour >= w.time_hour"
table = duckdb.sql(f"select {columns} from flights f asof left join weather w on {same}").df()
"""
LINEAR = {
    "features: [origin_weather, distance,": "features: [distance,",
    "sklearn.ensemble.HistGradientBoostingClassifier": "sklearn.linear_model.LogisticRegression",
    "params: {max_iter: 200}": "params: {max_iter: 1000}",
    "min: 0.65": "min: 0.5",
}
"""What turns the flagship's model into a small one without a join."""


def predicting(rounds: int, folder: Path) -> list[Row]:
    """A million rows from Parquet: trees with a join at a point in time, and a linear model, against plain scripts."""
    trees, linear = folder / "trees", folder / "linear"
    for project in (trees, linear):
        shutil.copytree(FLIGHTS, project, ignore=shutil.ignore_patterns(".mlopsc", "build"))
    spec = (linear / "mlops.yaml").read_text("utf-8")
    for old, new in LINEAR.items():
        assert old in spec, old
        spec = spec.replace(old, new)
    (linear / "mlops.yaml").write_text(spec, "utf-8")
    weather, own = ["visib", "wind_speed", "precip"], ["distance", "carrier", "hour"]
    scripts = {
        "trees and a join": (trees, PLAIN.format(engine="duckdb, ", features=JOIN, names=[*weather, *own])),
        "a linear model": (linear, PLAIN.format(engine="", features="", names=own)),
    }
    measures: dict[str, Callable[[], float]] = {}
    for what, (project, script) in scripts.items():
        prepare(project)
        (project / "plain.py").write_text(script, "utf-8")
        command = [
            MLOPSC,
            "predict",
            "late_arrival@staging",
            "new.parquet",
            "--out",
            "out.parquet",
            "--no-cache",
        ]
        measures[what] = lambda command=command, project=project: cpu_of(command, project)  # type: ignore[misc]
        plain = [sys.executable, "plain.py"]
        measures[f"plain {what}"] = lambda plain=plain, project=project: cpu_of(plain, project)  # type: ignore[misc]
    least = best(measures, rounds)
    return [
        compared(f"1M predictions, {what} / plain script", least[what], least[f"plain {what}"], 1.3)
        for what in scripts
    ]


def serving(rounds: int, folder: Path) -> list[Row]:
    """One entity of 200,000, ten columns, from the embedded online store."""
    sys.path.insert(0, str(Path(__file__).parent))
    from serving import milliseconds

    words = {
        "view": "features of one entity, median wall time",
        "training": "… with a function of each row",
    }
    return [
        Row(words[what], f"99 %: {slow:.2f} ms", median, 5, " ms")
        for what, (median, slow) in milliseconds(folder).items()
    ]


def joining(rounds: int, folder: Path) -> list[Row]:
    """Joins at a point in time and window aggregates: by hand, and Feast where `make bench-peers` has installed it."""
    sys.path.insert(0, str(Path(__file__).parent))
    from joins import measured

    rows, wrong = measured(min(rounds, 3), folder)
    if wrong:
        raise SystemExit("joins give another result than by hand")
    return [Row(row.what, row.measured, row.value, row.limit) for row in rows]


def training(rounds: int, folder: Path) -> list[Row]:
    """A first run with metrics, a gate and a registration, against a script that does the same by hand."""
    sys.path.insert(0, str(Path(__file__).parent))
    from training import measured

    return [Row(row.what, row.measured, row.value, row.limit) for row in measured(min(rounds, 3), folder)]


def prepare(project: Path) -> None:
    """Train, write a million rows of the training's own, and lay the estimator out as skops saves it."""
    import zipfile

    import duckdb

    from mlopsc import load_model

    cpu_of([MLOPSC, "run", "--local"], project)
    rows = "select * exclude (arr_delay, dep_delay) from $flights, range(3) limit 1000000"
    with duckdb.connect() as connection:
        flights = f"'{project / 'data/flights.parquet'}'"
        connection.execute(f"copy ({rows.replace('$flights', flights)}) to '{project / 'new.parquet'}'")
    hexadecimal = load_model("late_arrival@staging", project=project).digest.removeprefix("sha256:")
    blob = project / ".mlopsc/store/blobs" / hexadecimal[:2] / hexadecimal
    with zipfile.ZipFile(blob) as archive:
        (project / "plain.skops").write_bytes(archive.read("estimator.skops"))


def main() -> int:
    """Measure everything and print the table."""
    parser = argparse.ArgumentParser(
        description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter
    )
    parser.add_argument("--repeat", type=int, default=7, metavar="N", help="rounds of each measure")
    rounds = parser.parse_args().repeat
    rows: list[Row] = []
    print("measuring: a minute or more …", file=sys.stderr)
    for measure in (commands, scheduling, loading, compiling, predicting, serving, joining, training):
        with tempfile.TemporaryDirectory() as folder:
            rows += measure(rounds, Path(folder))
    width = max(len(row.what) for row in rows)
    seen = max(len(row.measured) for row in rows)
    print(f"{'CPU time, best of ' + str(rounds):<{width}}  {'measured':<{seen}}  {'value':>8}  {'limit':>7}")
    for row in rows:
        value, limit = f"{row.value:.2f}{row.unit}", f"{row.limit:g}{row.unit}"
        print(
            f"{row.what:<{width}}  {row.measured:<{seen}}  {value:>8}  {limit:>7}  {'ok' if row.kept else 'TOO MUCH'}"
        )
    return 0 if all(row.kept for row in rows) else 1


if __name__ == "__main__":
    sys.exit(main())
