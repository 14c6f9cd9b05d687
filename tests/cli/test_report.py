"""`mlopsc report`: the page of a real run, where it is written, and what stands in the way."""

import json
import re
import subprocess
import sys

import pytest

from tests.reporting.reading import read


def test_the_latest_run_is_written_to_this_folder(trained, cli):
    done = cli("report")
    assert done.status == 0, done.err
    (file,) = trained.glob("report-*.html")
    assert done.out == f"wrote {file.name}: run {file.stem.removeprefix('report-')} of train, succeeded\n"
    found = read(file.read_text(encoding="utf-8"))
    assert found.unclosed == []
    assert list(found.sections) == ["graph", "data", "metrics", "gates", "registry", "steps"]
    assert "By tester" in found.text
    for heading in (
        "ROC curve",
        "Precision and recall",
        "Cumulative gain",
        "Lift",
        "Calibration",
        "Scores by class",
        "Confusion",
    ):
        assert heading in found.sections["metrics"]
    assert "Not drawn" not in found.sections["metrics"]
    assert "good ✓ pass" in found.sections["gates"]
    assert "staging lateness/1" in found.sections["registry"]
    assert "Owner ops" in found.sections["registry"]
    assert "5 of 5 checks passed" not in found.sections["data"]  # the key is checked too
    assert "checks passed on 400 rows" in found.sections["data"]


def test_what_the_split_found_of_leaks_stands_by_the_metrics(trained, cli):
    assert cli("report", "--out", "r.html").status == 0
    words = (trained / "r.html").read_text()
    assert re.search(r"Of the features alone, size tells most of the label: AUC 0\.9\d+, where 0\.99", words)


def test_a_run_is_named_by_a_part_of_its_id_and_the_file_by_out(trained, cli):
    run = json.loads(cli("runs", "--json").out)["runs"][0]["run"]
    done = cli("report", run[:17], "--out", "pages/r.html", "--json")
    assert done.status == 0, done.err
    file = trained / "pages" / "r.html"
    assert json.loads(done.out) == {"run": run, "status": "succeeded", "file": str(file)}
    assert run in file.read_text()


def test_a_drifting_monitor_shows_both_distributions(trained, cli, write_rows):
    write_rows(trained / "rows.csv", larger=9.0)
    assert cli("monitor", "rows_drift").status == 5
    assert cli("report", "-o", "drift.html").status == 0
    text = (trained / "drift.html").read_text()
    found = read(text)
    assert list(found.sections) == ["trouble", "graph", "data", "registry", "drift", "steps"]
    assert "size numeric ✕ drift" in found.sections["drift"]
    assert text.count("<title>Distribution of ") == 2
    assert "monitor 'rows_drift': 1 of 2 features drift" in found.sections["trouble"]


def test_a_blocked_and_a_failed_run_have_pages(project, cli):
    spec = project / "mlops.yaml"
    spec.write_text(spec.read_text().replace("default: 0.6", "default: 1.1"))
    assert cli("run").status == 5
    assert cli("report", "-o", "blocked.html").status == 0
    found = read((project / "blocked.html").read_text())
    assert "good ✕ fail" in found.sections["gates"]
    assert "lateness ⊘ blocked" in found.sections["registry"]
    spec.write_text(
        spec.read_text().replace(
            "[size, colour]", "[size, colour]\n    params: {solver: newton-cg, l1_ratio: 1.0}"
        )
    )
    assert cli("run").status == 4
    assert cli("report", "-o", "failed.html").status == 0
    found = read((project / "failed.html").read_text())
    assert "train_lateness ✕ failed" in found.sections["trouble"]
    assert "Traceback" in found.sections["trouble"]


@pytest.mark.parametrize(
    ("arguments", "status", "said"),
    [
        (["report", "nowhere"], 2, "nor a training of this name that was evaluated"),
        (["report", "9z"], 2, "there is no run '9z' in"),
        (["report", "lateness/7"], 3, "lateness/7"),
        (["report", "lateness", "--dataset", "rows"], 2, "--dataset is for the page of a run"),
        (["report", "--out", "mlops.yaml/x.html"], 3, "cannot write"),
    ],
)
def test_what_cannot_be_is_told(trained, cli, arguments, status, said):
    done = cli(*arguments)
    assert (done.status, done.out) == (status, "")
    assert said in done.err


def test_where_nothing_ran_there_is_nothing_to_report(project, cli):
    done = cli("report")
    assert done.status == 2
    assert "there is no run in" in done.err
    assert not (project / ".mlopsc").exists()


@pytest.mark.parametrize("asked", ["lateness", "lateness/1", "lateness@staging"])
def test_a_training_and_a_version_have_a_page_of_their_evaluation(trained, cli, asked):
    done = cli("report", asked, "-o", "e.html", "--json")
    assert done.status == 0, done.err
    told = json.loads(done.out)
    assert told["training"] == "lateness"
    assert ("version" in told) is (asked != "lateness")
    found = read((trained / "e.html").read_text(encoding="utf-8"))
    assert found.unclosed == []
    wanted = ["metrics", "gates", "deciding", "plots", "data", "learning"]
    assert list(found.sections) == wanted
    assert "majority" in found.sections["metrics"]  # naive forecasts stand beside
    assert "good ✓ pass" in found.sections["gates"]
    assert "Positive class true Threshold the estimator's own" in found.sections["deciding"]
    for heading in ("ROC curve", "Lift", "Calibration", "Confusion"):
        assert heading in found.sections["plots"]
    assert "Rows trained on 280 Rows judged by 120" in found.sections["data"]
    assert "at random; 30% are the test part" in found.sections["data"]
    assert "rows 400" in found.sections["data"]
    assert "sklearn.linear_model.LogisticRegression" in found.sections["learning"]
    assert ("Holds staging" in found.text) is (asked != "lateness")


def test_the_page_of_a_version_is_what_was_declared_when_it_was_registered(trained, cli):
    spec = trained / "mlops.yaml"
    spec.write_text(spec.read_text().replace("test: 0.3", "test: 0.5"))
    assert cli("report", "lateness/1", "-o", "e.html").status == 0
    assert "at random; 30% are the test part" in read((trained / "e.html").read_text()).sections["data"]


@pytest.mark.parametrize("asked", ["lateness", "lateness/1"])
def test_a_model_for_each_segment_has_one_page(project, cli, asked):
    spec = project / "mlops.yaml"
    each = "    for_each: {column: colour, values: [red, blue, green]}\n    explain: {top: 1, repeats: 2}\n"
    spec.write_text(spec.read_text().replace("    seed: 1\n", f"    seed: 1\n{each}"))
    assert cli("run").status == 0
    assert cli("report", asked, "-o", "e.html").status == 0
    found = read((project / "e.html").read_text(encoding="utf-8"))
    assert "A model for each colour red, blue, green" in found.sections["learning"]
    assert "Rows trained on 280" in found.sections["data"]
    assert "Dependence on size" in found.sections["explanation"]


@pytest.mark.parametrize("asked", [[], ["lateness"], ["lateness/1"]])
def test_a_page_is_made_without_the_libraries_of_training(trained, asked):
    script = (
        "import sys\nfrom mlopsc.cli import main\n"
        f"try:\n    main(['report', *{asked}, '-o', 'x.html'])\n"
        "except SystemExit as ended:\n    assert not ended.code\n"
        "heavy = {'pandas', 'sklearn', 'scipy', 'pyarrow', 'duckdb', 'skops', 'kfp', 'prefect', 'matplotlib'}\n"
        "assert not heavy & set(sys.modules), heavy & set(sys.modules)\n"
    )
    done = subprocess.run([sys.executable, "-c", script], cwd=trained, capture_output=True, text=True)
    assert done.returncode == 0, done.stderr
    assert (trained / "x.html").stat().st_size < 300_000
