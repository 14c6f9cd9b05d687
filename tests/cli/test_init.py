"""`mlopsc init`: from a file of data to a registered model, or to a message and nothing else."""

import json
import os
import signal
import subprocess
import sys
from pathlib import Path

import pytest
from jsonschema import Draft7Validator

from mlopsc.building import check_spec
from mlopsc.registered import load_model
from mlopsc.spec.yaml_load import load_document
from mlopsc.starting.files import add_file, undone_on_failure

ROOT = Path(__file__).parents[2]
SHARED = ROOT.parent / "shared" / "data"
PENGUINS = ROOT / "examples/penguins/data/penguins.csv"
GOLDEN = Path(__file__).parent / "golden" / "init_penguins.yaml"


@pytest.fixture(autouse=True)
def folder(tmp_path, monkeypatch):
    """An empty folder that is the working directory."""
    for name in ("MLOPSC_REGISTRY_URL", "MLOPSC_STORE_URL", "NO_COLOR", "FORCE_COLOR"):
        monkeypatch.delenv(name, raising=False)
    project = tmp_path / "project"
    project.mkdir()
    monkeypatch.chdir(project)
    return project


def rows(count=60):
    return [
        f"{n},{n * 7 % 13},{'abc'[n % 3]},{'yes' if n * 7 % 13 + n % 3 > 7 else 'no'}" for n in range(count)
    ]


def write(path, lines):
    Path(path).write_text("\n".join(lines) + "\n")


@pytest.fixture
def data(folder):
    write("data.csv", ["id,size,colour,late", *rows()])


def everything(folder):
    return sorted(path.relative_to(folder).as_posix() for path in folder.rglob("*"))


def test_the_spec_of_the_penguins_reads_as_it_should(cli, folder):
    done = cli("init", "--from", str(PENGUINS), "--label", "species")
    assert done.status == 0, done.err
    text = (folder / "mlops.yaml").read_text().replace(str(PENGUINS), "penguins.csv")
    if os.environ.get("UPDATE_GOLDEN"):
        GOLDEN.parent.mkdir(exist_ok=True)
        GOLDEN.write_text(text)
    assert text == GOLDEN.read_text(), "UPDATE_GOLDEN=1 pytest tests/cli/test_init.py writes it anew"


def test_it_runs_registers_and_says_what_comes_next(cli, folder, data):
    done = cli("init", "--from", "data.csv", "--label", "late")
    assert done.status == 0, done.err
    assert "left out id: the primary key" in done.err
    assert "data/1  staging" not in done.out
    assert "late/1   staging  registered" in done.out
    assert done.out.endswith(
        "$ mlopsc monitor late_drift\n  $ mlopsc registry promote late/1 --to production\n"
    )
    assert sorted(path.name for path in folder.iterdir()) == [
        ".gitignore",
        ".mlopsc",
        "data.csv",
        "mlops.yaml",
    ]
    assert set(load_model("late@staging").features) == {"size", "colour"}
    assert cli("registry", "promote", "late/1", "--to", "production").status == 0
    assert cli("run").out.count("cached") >= 8


def test_two_of_them_write_the_same(cli, folder, data):
    assert cli("init", "--from", "data.csv", "--label", "late").status == 0
    first = (folder / "mlops.yaml").read_bytes()
    (folder / "mlops.yaml").unlink()
    assert cli("init", "--from", "data.csv", "--label", "late").status == 0
    assert (folder / "mlops.yaml").read_bytes() == first


def test_the_gate_is_a_little_below_what_was_measured(cli, folder, data):
    told = json.loads(cli("init", "--from", "data.csv", "--label", "late", "--json").out)
    measured = told["measured"]["roc_auc"]
    least = load_document(folder / "mlops.yaml").value["gates"]["good_enough"]["min"]
    assert measured - 0.2 < least < measured - 0.01
    assert round(least, 2) == least
    assert told["run"]["status"] == "succeeded"
    assert told["left_out"] == [
        {"columns": ["id"], "reason": "the primary key: a model could only learn it by heart"}
    ]


def test_without_a_run_nothing_is_run(cli, folder, data):
    done = cli("init", "--from", "data.csv", "--label", "late", "--no-run")
    assert done.status == 0
    assert "not measured yet: better than chance" in (folder / "mlops.yaml").read_text()
    assert everything(folder / ".mlopsc") == ["mlops.v1.schema.json"]
    assert done.out.endswith("$ mlopsc validate\n  $ mlopsc run\n")
    assert cli("validate", "--strict").status == 0


def test_the_editors_schema_is_there_and_takes_the_spec(cli, folder, data):
    cli("init", "--from", "data.csv", "--label", "late", "--no-run")
    first = (folder / "mlops.yaml").read_text().partition("\n")[0]
    schema = json.loads((folder / first.partition("$schema=")[2]).read_text())
    Draft7Validator(schema).validate(load_document(folder / "mlops.yaml").value)


def test_data_from_elsewhere_are_copied_or_named_by_a_url(cli, folder, tmp_path):
    write(tmp_path / "rows.csv", ["id,size,colour,late", *rows()])
    assert cli("init", "--from", "../rows.csv", "--label", "late", "--no-run").status == 0
    assert (folder / "data/rows.csv").read_bytes() == (tmp_path / "rows.csv").read_bytes()
    assert "path: data/rows.csv" in (folder / "mlops.yaml").read_text()
    assert (
        cli("init", "--from", "../rows.csv", "--label", "late", "--no-run", "--out", "b", "--no-copy").status
        == 0
    )
    assert f"path: file://{tmp_path}/rows.csv" in (folder / "b/mlops.yaml").read_text()
    assert cli("validate", "b").status == 0


def test_a_copy_never_replaces_another_file(cli, folder, tmp_path):
    write(tmp_path / "rows.csv", ["id,size,colour,late", *rows()])
    (folder / "data").mkdir()
    (folder / "data/rows.csv").write_text("precious")
    done = cli("init", "--from", "../rows.csv", "--label", "late", "--no-run")
    assert done.status == 2
    assert "data/rows.csv is there already and is another file" in done.err
    assert (folder / "data/rows.csv").read_text() == "precious"


def test_it_overwrites_nothing(cli, folder, data):
    (folder / "mlops.yaml").write_text("mine\n")
    done = cli("init", "--from", "data.csv", "--label", "late")
    assert done.status == 2
    assert "mlops.yaml is there already" in done.err
    assert (folder / "mlops.yaml").read_text() == "mine\n"
    (folder / "mlops.yaml").unlink()
    (folder / ".gitignore").write_text("*.log\n")
    assert cli("init", "--from", "data.csv", "--label", "late", "--no-run").status == 0
    assert (folder / ".gitignore").read_text() == "*.log\n"


NUMBERS = ["a,y", *(f"{n},{n % 4}" for n in range(40))]


@pytest.mark.parametrize(
    ("lines", "arguments", "status", "message"),
    [
        (NUMBERS, ["--label", "z"], 2, "--label 'z': there is no such column"),
        (NUMBERS, ["--label", "Y"], 2, "did you mean 'y'?"),
        ([], ["--label", "y"], 3, "data.csv is empty"),
        (["a,y"], ["--label", "y"], 2, "data.csv has no rows"),
        (["a,y", "1,2"], ["--label", "y"], 2, "1 row has a label"),
        (["a,y", *["1,"] * 30], ["--label", "y"], 2, "label 'y' has no value in any of 30 rows"),
        (["a,y", *(f"{n},7" for n in range(30))], ["--label", "y"], 2, "label 'y' is always 7"),
        (["a,a", "1,2"], ["--label", "a"], 3, "data.csv has column 'a' twice"),
        (["y", *(f"{n}" for n in range(30))], ["--label", "y"], 2, "no column is left to predict 'y' from"),
        (["a,y", *(f"1,{n % 3}" for n in range(90))], ["--label", "y"], 2, "a: is always 1"),
        (["a,y_id", *(f"{n % 7},k{n}" for n in range(30))], ["--label", "y_id"], 2, "it identifies them"),
        (["a,y", *(f"{n % 7},w{n % 20}" for n in range(30))], ["--label", "y"], 2, "20 different values in 30 rows"),
        (["a,y", *(f"{n},2024-01-{1 + n % 28:02}" for n in range(30))], ["--label", "y"], 2, "label 'y' is a date"),
        (NUMBERS, ["--label", "y", "--key", "y"], 2, "40 rows have 4 different values"),
        (NUMBERS, ["--label", "y", "--time", "a"], 2, "--time a: it is int64"),
        (NUMBERS, ["--label", "y", "--key", "b"], 2, "--key 'b': there is no such column"),
    ],
)  # fmt: skip
def test_what_cannot_be_begun_from_is_told_and_nothing_written(
    cli, folder, lines, arguments, status, message
):
    Path("data.csv").write_text("".join(line + "\n" for line in lines))
    done = cli("init", "--from", "data.csv", *arguments)
    assert (done.status, message in done.err) == (status, True), done.err
    assert everything(folder) == ["data.csv"]


def test_a_misspelt_file_is_told(cli, folder, data):
    done = cli("init", "--from", "dta.csv", "--label", "late")
    assert (done.status, "did you mean data.csv?" in done.err) == (2, True)


def test_wishes_overrule_what_was_found(cli, folder):
    lines = [f"{n},2024-01-{1 + n % 28:02},{n % 5},{n % 2}" for n in range(100)]
    write("data.csv", ["number,day,x,y", *lines])
    wishes = ["--time", "none", "--key", "none", "--task", "regression"]
    done = cli("init", "--from", "data.csv", "--label", "x", *wishes, "--no-run")
    assert done.status == 0, done.err
    spec = load_document(folder / "mlops.yaml").value
    assert "event_time" not in spec["datasets"]["data"]
    assert "primary_key" not in spec["datasets"]["data"]
    assert spec["training"]["x"]["estimator"] == "sklearn.linear_model.Ridge"


def test_strange_names_of_columns_go_through(cli, folder):
    lines = [f"{n % 9},{'xyz'[n % 3]},{n % 2},{n * 7 % 5}" for n in range(90)]
    write("2024 sales.csv", ['Größe (m²),"a: b, ""c""",default,#5', *lines])
    done = cli("init", "--from", "2024 sales.csv", "--label", "default")
    assert done.status == 0, done.err
    spec = load_document(folder / "mlops.yaml").value
    assert spec["training"]["default"]["entities"] == {"dataset": "sales", "label": '"default"'}
    assert spec["training"]["default"]["features"] == ["Größe (m²)", 'a: b, "c"', "#5"]


def test_rows_of_one_entity_stay_together(cli, folder):
    lines = [f"p{n // 4},{n * 7 % 11},{n % 2}" for n in range(200)]
    write("visits.csv", ["patient_id,x,ill", *lines])
    assert cli("init", "--from", "visits.csv", "--label", "ill", "--no-run").status == 0
    training = load_document(folder / "mlops.yaml").value["training"]["ill"]
    assert training["split"] == {"type": "group", "by": "patient_id", "test": 0.25}
    assert training["features"] == ["x"]


def test_json_lines_and_globs_are_data_too(cli, folder):
    for part in range(2):
        lines = [json.dumps({"x": n % 9, "c": "pq"[n % 2], "y": n * 3.7 % 5}) for n in range(part, 80, 2)]
        write(f"part-{part}.jsonl", lines)
    done = cli("init", "--from", "part-*.jsonl", "--label", "y", "--no-run")
    assert done.status == 0, done.err
    source = load_document(folder / "mlops.yaml").value["datasets"]["part"]["source"]
    assert source == {"type": "jsonl", "path": "part-*.jsonl"}


def test_ctrl_c_leaves_nothing(folder, data):
    script = "from mlopsc.cli import main; main()"
    command = [sys.executable, "-c", script, "init", "--from", "data.csv", "--label", "late"]
    with subprocess.Popen(command, stderr=subprocess.PIPE, stdout=subprocess.DEVNULL, text=True) as process:
        for line in process.stderr:
            if "load_data" in line:  # a step has run, others follow
                process.send_signal(signal.SIGINT)
                break
        process.stderr.read()
    assert process.returncode == 130
    assert everything(folder) == ["data.csv"]


def test_two_at_once_do_not_meet(cli, folder, data):
    """The second one touches nothing of the first one's."""
    with undone_on_failure(folder) as made:
        add_file(folder / ".mlopsc/of_the_first", "", made)
        done = cli("init", "--from", "data.csv", "--label", "late", "--no-run")
        assert (done.status, "another process begins a project" in done.err) == (2, True)
        assert everything(folder) == [".mlopsc", ".mlopsc/of_the_first", "data.csv"]


def test_a_run_that_fails_leaves_nothing(cli, folder, data, monkeypatch):
    from mlopsc.starting import begin

    def broken(draft):
        return begin_text(draft).replace("LogisticRegression", "MultinomialNB")

    begin_text = begin.measuring_text
    monkeypatch.setattr(begin, "measuring_text", broken)
    write("data.csv", ["id,size,colour,late", *(row.replace(",", ",-", 1) for row in rows())])
    done = cli("init", "--from", "data.csv", "--label", "late")
    assert done.status != 0
    assert everything(folder) == ["data.csv"]


REAL = {
    "telco_churn.csv": ("Churn", "customerID", None, {"customerID"}),
    "adult_train.parquet": ("income", None, None, set()),
    "bike_hour.csv": ("cnt", "instant", "dteday", {"instant", "dteday", "casual", "registered"}),
    "california_housing.parquet": ("median_house_value", None, None, set()),
}


@pytest.mark.parametrize("name", REAL)
@pytest.mark.skipif(not SHARED.is_dir(), reason=f"no data in {SHARED.name}/data beside the repository")
def test_real_data_give_a_spec_without_faults(cli, folder, name):
    label, key, event_time, left_out = REAL[name]
    done = cli("init", "--from", os.path.relpath(SHARED / name), "--label", label, "--no-run", "--json")
    assert done.status == 0, done.err
    told = json.loads(done.out)
    assert told["primary_key"] == ([key] if key else [])
    assert told["event_time"] == event_time
    assert {column for one in told["left_out"] for column in one["columns"]} == left_out
    assert check_spec(folder / "mlops.yaml", targets=["local", "prefect"]).diagnostics == ()
    assert max(map(len, (folder / "mlops.yaml").read_text().splitlines()[2:])) <= 110


@pytest.mark.slow
@pytest.mark.parametrize("name", REAL)
@pytest.mark.skipif(not SHARED.is_dir(), reason=f"no data in {SHARED.name}/data beside the repository")
def test_real_data_give_a_registered_model(cli, folder, name):
    done = cli("init", "--from", os.path.relpath(SHARED / name), "--label", REAL[name][0])
    assert done.status == 0, done.err
    assert load_model(f"{REAL[name][0].lower()}@staging").features


def test_a_line_break_in_the_files_name_ends_no_comment(cli, folder):
    lines = [f"{number},{number % 3},{number % 2}" for number in range(100)]
    write("two\nlines: rows.csv", ["id,size,big", *lines])
    done = cli("init", "--from", "two\nlines: rows.csv", "--label", "big", "--no-run")
    assert done.status == 0, done.err
    assert (
        "# Begun by `mlopsc init` from two\\nlines: rows.csv: 100 rows" in (folder / "mlops.yaml").read_text()
    )
