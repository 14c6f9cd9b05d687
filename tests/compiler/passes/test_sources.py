# ruff: noqa: E501 - one diagnostic is one line
from pathlib import Path

import pytest

from mlopsc.vocabulary.lock import LOCK_FILE, Lock, LockedDataset, format_lock
from mlopsc.vocabulary.versions import SourceVersion
from tests.runtime.sources.test_history import git
from tests.specs import SMALL, compiled, merged, told

COLUMNS = "columns: {carrier: {type: string}}"


def sql(source: str) -> str:
    return merged(SMALL, f"datasets: {{o: {{source: {{type: sql, {source}}}, {COLUMNS}}}}}")


@pytest.mark.parametrize(
    ("source", "expected"),
    [
        pytest.param(
            "url: 'sqlite:///s.db', query: 'select * from t where a = :a and b = :b', parameters: {aa: 1, b: 2}",
            ["MLC304 «:a» nothing says what :a is | one of aa, b"],
            id="a value that is not given",
        ),
        pytest.param(
            "url: 'sqlite:///s.db', query: select 1 as x, parameters: {a: 1}",
            [
                "MLC403? «a» the query does not use the parameter 'a' | write :a where its value belongs, or leave it out"
            ],
            id="a value that is not used",
        ),
        pytest.param(
            "url: 'postgresql://r@h/d', query: 'delete from t'",
            ["MLC304 «delete» a source only reads: expected SELECT, found delete"],
            id="a statement that deletes",
        ),
        pytest.param(
            "url: 'postgresql://r@h/d', query: 'with x as (update t set a = 1 returning *) select * from x'",
            [
                "MLC304 «with x as (update t set a = 1 returning *) select * from x» a source only reads: found UPDATE"
            ],
            id="an update inside of a SELECT",
        ),
        pytest.param(
            "url: 'postgresql://r@h/d', query: select a frm t where",
            ["MLC303 «t» Invalid expression / Unexpected token: 't'"],
            id="no SQL of the database",
        ),
        pytest.param(
            "url: {secret: db}, query: select a frm t where",
            [
                "MLC207 «db» unknown secret 'db' | declare it under `secrets`: `{env: VARIABLE}` or `{file: PATH}`"
            ],
            id="SQL of a database that only a secret knows",
        ),
        pytest.param(
            "url: 'sqlite:///s.db', query: select a from t limit 5",
            [
                "MLC408? «select a from t limit 5» the query takes some rows without saying which | add an ORDER BY on a total order, so that each run reads the same rows"
            ],
            id="any rows",
        ),
        pytest.param(
            "url: 'sqlite:///s.db', query_file: q.sql",
            ["MLC603 «q.sql» the query's file 'q.sql' does not exist"],
            id="no file of the query",
        ),
        pytest.param(
            "url: 'postgresql://me:hunter2@h/d', table: t",
            [
                "MLC404 «hunter2» a password in a URL: the spec is copied into generated files, logs and the ledger | take it out of the URL, and give it beside: `password: {secret: name}`"
            ],
            id="a password in the URL",
        ),
        pytest.param(
            "url: 'sqlite:///../s.db', table: t",
            [
                "MLC405? «sqlite:///../s.db» '../s.db' leads out of the project | put the file below the folder of the spec"
            ],
            id="a database outside of the project",
        ),
        pytest.param(
            "url: 'postgress://h/d', table: t",
            [
                "MLC608? «postgress://h/d» SQLAlchemy knows no database 'postgress' here | correct the beginning of `url`, or install the package that adds it where steps run"
            ],
            id="an unknown database",
        ),
        pytest.param(
            "url: 'sqlite:///s.db'",
            [
                "MLC109 «source» an sql source needs exactly one of `query`, `query_file` and `table`, found none"
            ],
            id="nothing to read",
        ),
    ],
)
def test_faults_of_queries(source: str, expected: list[str], tmp_path: Path) -> None:
    found = [line for line in told(tmp_path, sql(source)) if not line.startswith("MLC403? «o»")]
    assert found == expected


def test_no_parameter_is_pasted_into_a_query(tmp_path: Path) -> None:
    text = merged(
        sql("url: 'sqlite:///s.db', query: 'select ${params.x} as x'"), "parameters: {x: {type: int}}"
    )
    assert (
        "MLC112 «select ${params.x} as x» a run-time parameter cannot stand in 'query' | write :name in its place, and `parameters: {name: ${params.…}}` beside the query"
        in told(tmp_path, text)
    )


def test_a_fault_in_a_querys_file_is_told_with_its_place(tmp_path: Path) -> None:
    (tmp_path / "q.sql").write_text("select *\nfrom t where\n  a = :late")
    found = told(tmp_path, sql("url: 'sqlite:///s.db', query_file: q.sql"))
    assert (
        "MLC304 «q.sql» q.sql:3:7: nothing says what :late is | give it under `parameters: {late: …}`"
        in found
    )


def test_a_query_travels_in_its_plan_with_instants_as_such(tmp_path: Path) -> None:
    (tmp_path / "q.sql").write_text("select '${x}' as x, carrier from t where at <= :until and k > :least\n")
    text = merged(
        sql("url: 'sqlite:///s.db', query_file: q.sql, parameters: {until: '${params.as_of}', least: 5}"),
        "parameters: {as_of: {type: timestamp}}\ntraining: {late: {entities: {dataset: o, label: carrier = 'x'}, features: [carrier], split: {type: random}}}",
    )
    plan = compiled(tmp_path, text).require()
    step = next(step for pipeline in plan.pipelines for step in pipeline.steps if step.name == "load_o")
    assert step.configuration["source"] == {
        "type": "sql",
        "url": "sqlite:///s.db",
        "query": "select '$${x}' as x, carrier from t where at <= :until and k > :least\n",
        "parameters": {"until": {"timestamp": "${params.as_of}"}, "least": 5},
    }
    source = step.resolved({"as_of": "2024-01-01T00:00:00Z"}).source  # type: ignore[union-attr]
    assert source.query.startswith("select '${x}' as x")
    assert source.parameters["until"].timestamp.year == 2024


@pytest.mark.parametrize(("locked", "version"), [(False, None), (True, 3)])
def test_a_locked_run_reads_the_version_that_the_lock_holds(
    locked: bool, version: int | None, tmp_path: Path
) -> None:
    entry = LockedDataset(
        digest="sha256:0",
        writer="pyarrow 26",
        rows=1,
        columns={"carrier": "string", "size": "int64"},
        version=SourceVersion(kind="delta", id="3"),
    )
    (tmp_path / LOCK_FILE).write_text(format_lock(Lock(datasets={"o": entry})))
    text = merged(
        SMALL,
        "datasets: {o: {source: {type: delta, path: lake/o}, primary_key: [size]}}\n"
        "training: {late: {entities: {dataset: o, label: size > 1}, features: [carrier], split: {type: random}}}",
    )
    plan = compiled(tmp_path, text, locked=locked).require()
    step = next(step for pipeline in plan.pipelines for step in pipeline.steps if step.name == "load_o")
    assert step.configuration["source"].get("version") == version
    assert step.configuration["primary_key"] == ["size"]


def test_a_revision_is_looked_up_at_its_line(tmp_path: Path) -> None:
    text = merged(SMALL, "datasets: {flights: {source: {revision: v1}}}")
    help = "leave it out, or run where the repository is"
    (without,) = told(tmp_path, text)
    assert without.startswith("MLC609? «v1» `revision` needs a Git repository: ")
    assert without.endswith(f"| {help}")
    git(tmp_path, "init", "-q")
    git(tmp_path, "add", "-f", "data")
    git(tmp_path, "-c", "user.name=a", "-c", "user.email=a@example.com", "commit", "-qm", "one")
    assert told(tmp_path, text) == [
        "MLC609 «v1» the Git repository knows no revision 'v1' | is it spelled right, and fetched? A shallow clone has the newest commits alone"
    ]
    git(tmp_path, "tag", "v1")
    (tmp_path / "data" / "flights.parquet").unlink()
    assert told(tmp_path, text) == []


@pytest.mark.parametrize(("pull", "expected"), [(False, "MLC603 "), (True, "MLC603? ")])
def test_missing_files_that_dvc_tracks_are_offered(pull: bool, expected: str, tmp_path: Path) -> None:
    (tmp_path / ".dvc").mkdir()
    (tmp_path / "gone.csv.dvc").write_text(
        "outs: [{md5: e5ebd4c02cefbe7955977c67ada242b7, hash: md5, path: gone.csv}]"
    )
    dvc = str(pull).lower()
    fault, *_ = told(
        tmp_path,
        merged(SMALL, f"datasets: {{o: {{source: {{type: csv, path: gone.csv, dvc: {{pull: {dvc}}}}}}}}}"),
    )[::-1]
    assert fault.startswith(f"{expected}«gone.csv» no such file: 'gone.csv'; DVC tracks it by gone.csv.dvc")
