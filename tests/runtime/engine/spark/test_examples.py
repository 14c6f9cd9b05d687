"""The data steps of projects give the same on DuckDB and on Spark: every table and every report, number by number."""

import json
import shutil
from pathlib import Path
from typing import Any

import pyarrow.parquet as pq
import pytest

from mlopsc.compiler.compile import compile_file
from mlopsc.plan.plan import Plan
from mlopsc.runtime.context import Context
from mlopsc.runtime.operations import run_operation
from mlopsc.runtime.sources.peek import peek_schema
from mlopsc.runtime.store import digest_of_file
from mlopsc.vocabulary.engine import SparkEngine
from tests.runtime.engine.spark.agreement import differences

pytestmark = pytest.mark.spark

ROOT = Path(__file__).parents[4]
DATA_STEPS = ("load", "validate", "sql_view", "transform", "features", "split", "profile", "drift")

VIEWS = """\
apiVersion: mlopsc/v1
project: {name: penguins}
datasets:
  penguins:
    source: {type: csv, path: data/penguins.csv, nulls: [NA]}
    columns: {species: {type: string, nullable: false}, year: {type: int64}, body_mass_g: {type: float64, min: 2000}}
    checks:
      - {expect: column_mean_to_be_between, column: body_mass_g, min_value: 4000, max_value: 4500}
      - {expect: column_values_to_match_regex, column: species, regex: "^[A-Z]", where: "year > 2007"}
features:
  timed:
    sql: >-
      SELECT row_number() OVER (ORDER BY species, island, bill_length_mm, bill_depth_mm, flipper_length_mm, body_mass_g,
      sex) AS id,
      *, make_timestamptz(year, 1 + (flipper_length_mm % 12)::BIGINT, 1, 0, 0, 0) AS seen FROM penguins
      WHERE flipper_length_mm IS NOT NULL
    primary_key: [id]
    event_time: seen
  islands:
    sql: >-
      SELECT island, seen, avg(body_mass_g) AS mass, count(*) FILTER (WHERE sex = 'male') AS males,
      sum(bill_depth_mm) / count(bill_depth_mm) AS depth FROM timed GROUP BY island, seen HAVING count(*) > 1
    event_time: seen
  before:
    view: islands
    entity: [island]
    ttl: 400d
    available_after: 1d
    columns: [mass, males]
  recent:
    view: islands
    entity: [island]
    aggregates:
      mass_400d: {function: mean, column: mass, window: 400d}
      heaviest: {function: max, column: mass, windows: [90d, 400d]}
      months: {function: count, window: 400d}
      late: {function: count, window: 400d, where: males > 3}
      late_share: {ratio: [late, months]}
      depths: {function: count_distinct, column: depth, window: 400d}
      first_mass: {function: first, column: mass, window: 400d}
      typical: {function: quantile, column: mass, quantile: 0.3, window: 400d}
      total: {function: sum, column: depth, window: 400d}
      spread: {function: stddev, column: depth, window: 4000d}
training:
  species:
    entities: {view: timed, label: species, where: "bill_length_mm > 30"}
    features: [before, recent, bill_length_mm, body_mass_g]
    split: {type: stratified, test: 0.25}
    estimator: sklearn.linear_model.LogisticRegression
    metrics: [accuracy]
"""


def compiled(spec: Path, engine: SparkEngine | None) -> Plan:
    if engine is not None:
        told = json.dumps({"engine": engine.model_dump(mode="json")})
        spec = spec.with_name("spark.yaml")
        spec.write_text(spec.with_name("mlops.yaml").read_text("utf-8") + f"\ninfrastructure: {told}\n")
    return compile_file(spec, peek=peek_schema).require()


def carry_out(plan: Plan, project: Path, folder: Path) -> dict[tuple[str, str], Path]:
    """Run the data steps of all pipelines that need nothing else; return the files by step and port."""
    folder.mkdir()
    made: dict[tuple[str, str], Path] = {}
    for pipeline in plan.pipelines:
        values = {name: parameter.default for name, parameter in pipeline.parameters.items()}
        for step in pipeline.steps:
            needs = {port: (artifact.step, artifact.port) for port, artifact in step.inputs.items()}
            if step.operation not in DATA_STEPS or not all(need in made for need in needs.values()):
                continue
            operation = step.resolved(values)  # type: ignore[arg-type]
            outputs = {port: folder / f"{pipeline.name}-{step.name}-{port}" for port in step.outputs}
            inputs = {port: made[need] for port, need in needs.items()}
            run_operation(operation, inputs, outputs, Context(project=project))
            made |= {(step.name, port): path for port, path in outputs.items()}
    return made


def compare(project: Path, spark: SparkEngine, tmp_path: Path, *, least: int) -> None:
    spec = project / "mlops.yaml"
    plans = [compiled(spec, engine) for engine in (None, spark)]
    ours, theirs = (
        carry_out(plan, project, tmp_path / name)
        for plan, name in zip(plans, ("duckdb", "spark"), strict=True)
    )
    assert len(ours) >= least
    assert ours.keys() == theirs.keys()
    for place, path in ours.items():
        if digest_of_file(path) != digest_of_file(theirs[place]):  # numbers may differ in their last digits
            assert differences(content(path), content(theirs[place])) == [], place
    assert any(digest_of_file(path) == digest_of_file(theirs[place]) for place, path in ours.items())


def content(path: Path) -> list[Any]:
    """Return a table's columns, types and rows, or a report's entries."""
    if path.read_bytes()[:4] != b"PAR1":
        return [list(json.loads(path.read_text()).items())]
    table = pq.read_table(path)
    return [table.column_names, list(map(str, table.schema.types)), *map(list, table.to_pydict().values())]


def copied(example: str, tmp_path: Path) -> Path:
    project = tmp_path / "project"
    shutil.copytree(ROOT / "examples" / example, project, ignore=shutil.ignore_patterns(".mlopsc", "build"))
    return project


@pytest.mark.parametrize(("example", "least"), [("penguins", 5), ("custom_code", 5)])
def test_an_example_gives_the_same(spark: SparkEngine, tmp_path: Path, example: str, least: int) -> None:
    compare(copied(example, tmp_path), spark, tmp_path, least=least)


def test_views_joins_and_windows_give_the_same(spark: SparkEngine, tmp_path: Path) -> None:
    project = copied("penguins", tmp_path)
    (project / "mlops.yaml").write_text(VIEWS)
    compare(project, spark, tmp_path, least=8)


@pytest.mark.slow
def test_the_flagship_gives_the_same(spark: SparkEngine, tmp_path: Path) -> None:
    """A point-in-time join of 300,000 rows, which DuckDB and Spark sort by different means."""
    compare(copied("flights", tmp_path), spark, tmp_path, least=8)
