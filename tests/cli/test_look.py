"""Looking at what ran: `mlopsc runs`, `mlopsc run show`, `mlopsc artifact`."""

import json
import re
import shutil
import sqlite3

import pyarrow as pa
import pyarrow.parquet as pq
import pytest

from mlopsc.cli import contents
from mlopsc.diagnostics.errors import StoreError
from mlopsc.history import find_run


def test_runs_are_filtered_by_pipeline_and_status(trained, cli):
    assert cli("monitor", "rows_drift", "--json").status == 0
    both = json.loads(cli("runs", "--json").out)["runs"]
    assert [run["pipeline"] for run in both] == ["rows_drift", "train"]
    assert [run["pipeline"] for run in json.loads(cli("runs", "-p", "train", "--json").out)["runs"]] == [
        "train"
    ]
    assert len(json.loads(cli("runs", "-n", "1", "--json").out)["runs"]) == 1
    assert cli("runs", "--status", "failed").out.startswith("no such runs in ")
    assert len(json.loads(cli("runs", "--status", "succeeded", "--json").out)["runs"]) == 2
    assert cli("runs", "--status", "suceeded").err.endswith("= help: did you mean 'succeeded'?\n")


def test_a_run_is_shown_with_all_that_it_came_to(trained, cli):
    run = find_run(trained).run.id
    shown = cli("run", "show")
    assert (shown.status, shown.err) == (0, "")
    for line in (rf"run +{run}", r"status +succeeded", r"parameter +as_of = 2024-01-18",
                 rf"logs +.mlopsc/runs/{run}",                 r"train_lateness +run",
                 r"lateness +roc_auc +0\.9", r"good +pass", r"lateness/1 +staging"):  # fmt: skip
        assert re.search(line, shown.out), line
    found = json.loads(cli("run", "show", "--json").out)
    assert (found["run"], found["status"], found["registered"]["lateness"]["version"]) == (
        run,
        "succeeded",
        1,
    )
    assert found["steps"][0]["source"] == "mlops.yaml:8:3"
    assert found["started"] < found["ended"]
    for part in (run, run[:-1], run[-4:]):
        assert json.loads(cli("run", "show", part, "--json").out)["run"] == run


def test_a_spec_that_is_called_show_is_run_as_a_path(project, cli):
    shutil.copy("mlops.yaml", "show")
    assert json.loads(cli("run", "./show", "--dry-run", "--json").out)["dry_run"]
    assert cli("run", "show").err.startswith("error: there is no run in ")


def test_a_part_of_an_id_that_fits_several_runs_is_refused(trained, cli):
    cli("run", "--json")
    refused = cli("run", "show", "20")
    assert (refused.status, refused.err.startswith("error: 2 runs begin with '20': ")) == (2, True)


def test_a_run_whose_process_is_gone_says_so(trained, cli):
    with sqlite3.connect(trained / ".mlopsc/journal.db") as journal:
        journal.execute("update runs set status = 'running', ended = null, pid = 1, born = 'long ago'")
        journal.execute("update steps set status = 'running' where name = 'train_lateness'")
    shown = cli("run", "show")
    assert re.search(r"status +crashed\n +because +\S", shown.out)
    assert json.loads(cli("run", "show", "--json").out)["status"] == "crashed"
    assert len(json.loads(cli("runs", "--status", "crashed", "--json").out)["runs"]) == 1


def test_a_table_shows_its_schema_and_its_first_rows(trained, cli):
    shown = cli("artifact", "load_rows", "--rows", "2")
    assert shown.err.startswith("of run 20")
    assert "  400 rows, 5 columns\n" in shown.out
    assert re.search(r"seen +timestamp\[us, tz=UTC\] +0\n", shown.out)
    assert re.search(r" 0  2024-01-01 00:00:00\+00:00 +0 +red +false\n", shown.out)
    assert "the first 2 of 400 rows" in shown.out
    found = json.loads(cli("artifact", "load_rows", "-n", "1", "--json").out)
    assert (found["type"], found["port"], found["content"]["rows"]) == ("dataset", "data", 400)
    assert found["content"]["head"] == [
        {"id": 0, "seen": "2024-01-01T00:00:00+00:00", "size": 0.0, "colour": "red", "late": False}
    ]


def test_several_outputs_are_listed_and_one_is_named(trained, cli):
    listed = cli("artifact", "split_lateness")
    assert re.findall(r"split_lateness\.(\w+) +table", listed.out) == ["test", "train"]
    assert "rows, 5 columns" in cli("artifact", "split_lateness.test").out
    assert cli("artifact", "split_lateness", "--out", "x.csv").err == (
        "of run " + find_run(trained).run.id + listed.err.partition(find_run(trained).run.id)[2]
        + "error: split_lateness made several artifacts: --out takes one\n"
        "  = help: name one: split_lateness.report, split_lateness.test, split_lateness.train\n"
    )  # fmt: skip


def test_a_model_is_summed_up_with_the_versions_that_hold_it(trained, cli):
    shown = cli("artifact", "train_lateness.model").out
    assert re.search(r"estimator +sklearn.linear_model.LogisticRegression\n", shown)
    assert re.search(r"versions +lateness/1 @staging\n", shown)
    assert re.search(r"size +double +numeric +\S+ to \S+\n", shown)
    assert re.search(r"\n +size +colour *\n", shown)
    none = cli("artifact", "champion_lateness_production")
    assert "no model: no version held the stage then" in none.out


@pytest.mark.parametrize(
    ("step", "line"),
    [
        ("validate_rows.report", r"pass +column_values_to_be_of_type +id +int64"),
        ("evaluate_lateness.metrics", r"roc_auc +0\.9\d+\n"),
        ("gate_good.decision", r"reason +roc_auc 0\.9\d+ is at least 0\.6"),
        ("profile_lateness.profile", r"size +numeric +\d+ +0 +deciles "),
    ],
)
def test_each_type_is_shown_in_its_way(trained, cli, step, line):
    shown = cli("artifact", step)
    assert shown.status == 0
    assert re.search(line, shown.out)


def test_artifacts_are_written_as_they_are_or_as_the_suffix_says(trained, cli):
    digest = find_run(trained).step("load_rows").outputs["data"]
    for suffix in ("parquet", "csv", "json", "jsonl"):
        assert cli("artifact", "load_rows", "--out", f"rows-out.{suffix}").status == 0
    assert (trained / "rows-out.parquet").read_bytes() == find_run(trained).context(trained).store().get_path(
        digest
    ).read_bytes()
    assert (trained / "rows-out.csv").read_text().splitlines()[:2] == [
        '"id","seen","size","colour","late"',
        '0,2024-01-01 00:00:00.000000Z,0,"red",false',
    ]
    records = json.loads((trained / "rows-out.json").read_text())
    assert len(records) == 400
    assert records == [json.loads(line) for line in (trained / "rows-out.jsonl").read_text().splitlines()]
    assert cli("artifact", "gate_good", "--out", "gate.json").status == 0
    assert json.loads((trained / "gate.json").read_text())["verdict"] == "pass"


def test_what_is_not_there_is_told_with_what_is(trained, cli):
    unknown = cli("artifact", "train_latenes")
    assert (unknown.status, unknown.err.splitlines()[1]) == (2, "  = help: did you mean 'train_lateness'?")
    assert cli("artifact", "train_lateness.modle").err.endswith("did you mean 'model'?\n")
    assert cli("artifact", "a", "b", "c").status == 2
    assert cli("artifact", "2020", "train_lateness").err.startswith("error: there is no run '2020' in ")


def test_a_damaged_or_missing_blob_is_told_with_what_to_do(trained, cli):
    recorded = find_run(trained)
    blob = recorded.context(trained).store().get_path(recorded.step("load_rows").outputs["data"])
    blob.chmod(0o644)
    blob.write_bytes(blob.read_bytes()[:-1] + b"!")
    damaged = cli("artifact", "load_rows")
    assert damaged.status == 3
    assert "`mlopsc run --from load_rows` makes it anew" in damaged.err
    blob.unlink()
    assert cli("artifact", "load_rows", "--out", "x.csv").status == 3
    assert not (trained / "x.csv").exists()


def test_a_step_that_made_nothing_says_what_became_of_it(project, cli):
    (project / "rows.csv").write_text("id,seen,size,colour,late\n1,never,2,red,true\n")
    assert cli("run", "--json").status == 4
    refused = cli("artifact", "load_rows")
    assert refused.status == 2
    assert re.search(r"step load_rows of run \S+ made nothing; it is failed: ", refused.err)


def test_control_characters_in_data_do_not_reach_the_terminal(tmp_path, capsys):
    file = tmp_path / "t.parquet"
    hostile = "\x1b]0;title\x07\u202e<b>" + "long " * 20
    pq.write_table(pa.table({"a\x1b[31m": [hostile, None], "n": [float("nan"), 1.0]}), file)
    contents.show(file, "table", 5, label="t", context=None, digest="")
    shown = capsys.readouterr().out
    assert not re.search(r"[\x00-\x09\x0b-\x1f\x7f\u202e]", shown)
    assert r"\x1b]0;title\x07\u202e<b>long" in shown
    assert contents.read(file, "table", 5)["head"][0]["n"] is None


def test_an_artifact_that_is_no_table_is_told(tmp_path):
    file = tmp_path / "t.parquet"
    file.write_bytes(b"PAR1 and no more")
    with pytest.raises(StoreError, match=r"is no Parquet file"):
        contents.show(file, "table", 5, label="t", context=None, digest="")
