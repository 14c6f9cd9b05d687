"""`mlopsc card`: what was declared when a version was registered, and nothing that nobody declared."""

import json
import subprocess
import sys

import pytest

from tests.reporting.reading import read

CARD = """
    card:
      intended_use: Warn of late rows
      out_of_scope: [Blame, Salaries]
      licence: CC BY 4.0
"""
MODEL = "    training: lateness\n    stages:"


@pytest.fixture
def declared(trained, cli):
    """A project with a version 1 without declarations, and a version 2 with them, of the same model."""
    spec = trained / "mlops.yaml"
    spec.write_text(
        spec.read_text().replace(
            "    training: lateness\n    stages:", f"    training: lateness{CARD}    stages:"
        )
    )
    done = cli("run")
    assert done.status == 0, done.err
    return trained


def test_a_card_tells_what_was_declared_when_the_version_was_registered(declared, cli):
    old, new = cli("card", "lateness/1").out, cli("card", "lateness").out
    assert new.startswith("# Model card: lateness/2\n")
    assert "- **Intended use**: Warn of late rows\n" in new
    assert "- **Out of scope**:\n    - Blame\n    - Salaries\n" in new
    assert "- **Intended use**: not declared\n" in old
    assert "- **Limitations**: not declared\n" in new
    assert "Salaries" not in old
    spec = declared / "mlops.yaml"
    spec.write_text(
        spec.read_text().replace("Warn of late rows", "Something else").replace("test: 0.3", "test: 0.5")
    )
    assert cli("card", "lateness/2").out == new


def test_a_card_tells_data_numbers_gates_and_stages(declared, cli):
    said = cli("card", "lateness@staging").out
    for wanted in (
        "- **Owner**: ops",
        "- **Rows trained on**: 280",
        "- **Divided**: at random; 30% are the test part",
        "| rows | csv rows.csv | 400 |",
        "| size | double |",
        "| metric | model | majority |",
        "Confidence intervals were not asked for.",
        "No slices were declared",
        "No fairness gate guards a stage of it",
        "| good | metric | pass | roc_auc",
        "- **Holds now**: staging",
        "| tester | promote | lateness/2 | staging |",
        "| rows_drift | staging | drift of inputs in rows | by hand |",
        "- **Command**: mlopsc reproduce lateness/2",
        "- **Parameter as_of**: 2024-01-18T00:00:00Z",
        "Annex IV 1(e)",
    ):
        assert wanted in said, wanted


def test_a_card_is_a_page_too(declared, cli):
    done = cli("card", "lateness", "-o", "c.html")
    assert (done.status, done.out) == (0, "wrote c.html: card of lateness/2\n")
    page = (declared / "c.html").read_text(encoding="utf-8")
    found = read(page)
    assert found.unclosed == []
    assert "Intended use Warn of late rows" in found.sections["use"]
    assert "Limitations not declared" in found.sections["limits"]
    assert "ROC curve" in found.sections["plots"]
    assert cli("card", "lateness", "--format", "html").out.rstrip() == page
    assert cli("card", "lateness", "-o", "c.md").status == 0
    assert (declared / "c.md").read_text(encoding="utf-8") == cli("card", "lateness").out


def test_a_card_is_data_too(declared, cli):
    found = json.loads(cli("card", "lateness/2", "--json").out)
    (use,) = [one for one in found["sections"] if one["anchor"] == "use"]
    assert found["version"] == "lateness/2"
    assert use["declared"][0] == {"heading": "Intended use", "texts": ["Warn of late rows"]}
    assert use["declared"][1] == {"heading": "Intended users", "texts": None}


@pytest.mark.parametrize(
    ("asked", "said"),
    [("nobody", "unknown model 'nobody'"), ("lateness/9", "lateness/9"), ("lateness@nowhere", "nowhere")],
)
def test_an_unknown_version_is_told(trained, cli, asked, said):
    done = cli("card", asked)
    assert (done.status, done.out) == (3, "")
    assert said in done.err


@pytest.mark.parametrize(
    ("card", "said"),
    [
        ("{intended_us: x}", "did you mean 'intended_use'?"),
        ("{limitations: none}", "expected a list"),
        ("{licence: ''}", "licence"),
    ],
)
def test_a_card_that_is_misconfigured_is_told_at_its_line(project, cli, card, said):
    spec = project / "mlops.yaml"
    text = spec.read_text().replace(
        "    training: lateness\n    stages:", f"    training: lateness\n    card: {card}\n    stages:"
    )
    spec.write_text(text)
    done = cli("validate")
    line = text.split("\n").index(f"    card: {card}") + 1
    assert done.status == 1
    assert f"mlops.yaml:{line}:" in done.out + done.err
    assert said in done.out + done.err


def test_a_card_is_made_without_the_libraries_of_training(declared):
    script = (
        "import sys\nfrom mlopsc.cli import main\n"
        "try:\n    main(['card', 'lateness', '-o', 'x.html'])\n"
        "except SystemExit as ended:\n    assert not ended.code\n"
        "heavy = {'pandas', 'sklearn', 'scipy', 'pyarrow', 'duckdb', 'skops', 'kfp', 'prefect', 'matplotlib'}\n"
        "assert not heavy & set(sys.modules), heavy & set(sys.modules)\n"
    )
    done = subprocess.run([sys.executable, "-c", script], cwd=declared, capture_output=True, text=True)
    assert done.returncode == 0, done.stderr
