import re
import subprocess
from collections.abc import Sequence
from pathlib import Path

import pytest
import yaml

from mlopsc.diagnostics.codes import CODES, GROUPS, explain, report
from mlopsc.diagnostics.diagnostic import Diagnostic, Severity, Span, count, in_order
from mlopsc.diagnostics.errors import UsageError
from mlopsc.diagnostics.table.code import Code
from mlopsc.spec.environments import resolve
from mlopsc.spec.yaml_load import parse_document
from mlopsc.vocabulary.lock import Lock, LockedDataset, format_lock
from tests.specs import FLIGHTS, compiled, merged

ROOT = Path(__file__).parents[2]
WITH_REGRESSION = merged(
    FLIGHTS,
    "training: {delay: {entities: {dataset: flights, label: dep_delay}, features: [distance, hour], "
    "estimator: sklearn.linear_model.Ridge, metrics: [r2]}}",
)

ROWS = [code for group in GROUPS.values() for code in group]
FROM_TEXT = [code for code in ROWS if code.code.startswith("MLC0") and code.code > "MLC003"]
BY_BACKENDS = {"MLC316", "MLC501", "MLC502", "MLC503", "MLC505", "MLC506", "MLC507", "MLC508"}
COMPILED = [code for code in ROWS if code.code > "MLC100" and code.code not in BY_BACKENDS]
FROM_ENVIRONMENTS = [CODES[f"MLC{number}"] for number in (110, 111, 114, 115, 116)]


def test_codes_and_slugs_are_unique_and_in_order() -> None:
    codes = [row.code for row in ROWS]
    assert codes == sorted(set(codes))
    assert len({row.slug for row in ROWS}) == len(ROWS)


@pytest.mark.parametrize("row", ROWS, ids=lambda row: row.code)
def test_every_code_is_explained_with_a_fault_and_a_fix(row: Code) -> None:
    assert re.fullmatch(r"MLC[0-6]\d\d", row.code)
    assert re.fullmatch(r"[a-z]+(-[a-z0-9]+)*", row.slug)
    assert row.summary.endswith(".")
    assert len(row.summary) < 80
    assert len(row.explanation) > 50
    assert row.fault.strip() != row.fix.strip()
    assert isinstance(yaml.safe_load(row.fix), dict)


@pytest.mark.parametrize("row", [r for r in FROM_TEXT if r.code != "MLC010"], ids=lambda row: row.code)
def test_the_fault_of_a_yaml_code_raises_it_and_the_fix_does_not(row: Code) -> None:
    assert row.code in {found.code for found in parse_document(row.fault).diagnostics}
    assert parse_document(row.fix).diagnostics == ()


@pytest.mark.parametrize("row", FROM_ENVIRONMENTS, ids=lambda row: row.code)
def test_the_fault_of_a_variable_code_raises_it_and_the_fix_does_not(row: Code) -> None:
    assert row.code in {found.code for found in resolve(parse_document(row.fault)).diagnostics}
    assert resolve(parse_document(row.fix)).diagnostics == ()


@pytest.mark.parametrize("row", COMPILED, ids=lambda row: row.code)
def test_the_fault_of_a_code_raises_it_when_compiled_and_the_fix_has_no_errors(
    row: Code, tmp_path: Path
) -> None:
    assert row.code in {found.code for found in _compiled(tmp_path, row, row.fault)}
    fixed = _compiled(tmp_path, row, row.fix)
    assert [found for found in fixed if found.severity is Severity.ERROR or found.code == row.code] == []


def test_every_code_is_reported_somewhere() -> None:
    sources = [path for folder in ("src", "backends") for path in (ROOT / folder).rglob("*.py")]
    text = "\n".join(path.read_text() for path in sources if path.parent.name != "table")
    assert [row.code for row in ROWS if row.code not in text] == []


def _compiled(folder: Path, row: Code, example: str) -> Sequence[Diagnostic]:
    """Complete an example with the sections that it leaves out, put its surroundings there, and compile it."""
    environment = re.search(r"-e (\w+)", example)
    (folder / "mlops.lock").unlink(missing_ok=True)
    if row.code == "MLC604" and example == row.fault:
        (folder / "mlops.lock").write_text("<<<<<<< HEAD\n")
    if row.code == "MLC609":
        subprocess.run(["git", "init", "-q", folder], check=True)
    if row.code == "MLC602" and example == row.fault:
        columns = {"time_hour": "timestamp", "tailnum": "string"}
        locked = LockedDataset(digest="sha256:0", writer="pyarrow 26", rows=1, columns=columns)
        (folder / "mlops.lock").write_text(format_lock(Lock(datasets={"flights": locked})))
    text = merged(WITH_REGRESSION, example)
    return compiled(folder, text, environment=environment and environment[1]).diagnostics


@pytest.mark.parametrize("name", ["MLC201", "mlc201", "201", "unknown-dataset", " MLC201 "])
def test_a_code_is_explained_by_code_number_or_slug(name: str) -> None:
    assert (
        explain(name)
        == """\
error[MLC201] unknown-dataset: A dataset is not declared.

References are bare names of entries under 'datasets'. The help names the nearest.

This is wrong:

    features:
      origin_weather: {dataset: weathr, entity: [origin], columns: [visib]}

This is right:

    features:
      origin_weather: {dataset: weather, entity: [origin], columns: [visib]}
"""
    )


def test_an_unknown_code_gets_a_suggestion() -> None:
    with pytest.raises(UsageError) as caught:
        explain("unknown-datset")
    assert caught.value.help == "did you mean 'unknown-dataset'?"


def test_a_report_takes_slug_and_severity_from_the_table() -> None:
    unused = report("MLC403", "variable 'x' is not used")
    assert (unused.slug, unused.severity) == ("unused", Severity.WARNING)
    assert report("MLC403", "x", severity=Severity.ERROR).severity is Severity.ERROR


def test_reports_are_ordered_by_place_and_counted_once() -> None:
    late = report("MLC201", "b", Span("a.yaml", 9, 1, 9, 2))
    early = report("MLC403", "a", Span("a.yaml", 2, 5, 2, 6))
    nowhere = report("MLC113", "c")
    assert in_order([late, early, nowhere, late]) == [nowhere, early, late]
    assert count([late, early, nowhere]) == "2 errors, 1 warning"
