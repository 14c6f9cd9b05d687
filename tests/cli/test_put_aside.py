"""Lines of CSV put aside: what the run tells of them, and the artifact that holds them."""

import json

import pytest


@pytest.fixture
def spoilt(project):
    """The project's rows with two lines that cannot be read, and a source that puts them aside."""
    rows = project / "rows.csv"
    lines = rows.read_text().splitlines()
    rows.write_text("\n".join([*lines[:3], "oops", *lines[3:], f"x{lines[3]}"]) + "\n")
    spec = project / "mlops.yaml"
    source = "{type: csv, path: rows.csv, bad_lines: quarantine}"
    spec.write_text(spec.read_text().replace("{type: csv, path: rows.csv}", source))
    return len(lines)


def test_a_run_tells_of_lines_put_aside_also_when_they_are_cached(spoilt, cli):
    for _ in range(2):
        made = json.loads(cli("run", "--json").out)
        assert made["warnings"]["rows"][0] == (
            "2 lines were put aside, the first rows.csv, line 4: expected 5 cells, found 1"
        )
    told = cli("artifact", "load_rows.rejected")
    assert f" {spoilt + 2} " in told.out
    assert "expected int64" in told.out


def test_by_default_a_bad_line_ends_the_run(project, cli):
    rows = project / "rows.csv"
    rows.write_text(rows.read_text() + "oops\n")
    outcome = cli("run")
    assert outcome.status in (1, 4)
    assert "expected 5 cells, found 1" in outcome.out + outcome.err
