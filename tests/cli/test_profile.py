"""`mlopsc profile`: the contract that it proposes is a sound spec, and the file keeps it."""

import datetime
import json
from pathlib import Path

import pandas as pd
import pytest
from hypothesis import HealthCheck, Phase, given, settings
from hypothesis import strategies as st

from mlopsc import validate_table
from mlopsc.building import check_spec
from mlopsc.runtime.sources.load import load_source
from mlopsc.spec.yaml_load import parse_document
from mlopsc.starting.dataset_text import dataset_lines
from mlopsc.starting.look import look_at_dataset
from mlopsc.starting.place import find_place
from mlopsc.starting.proposal import Wishes

ROOT = Path(__file__).parents[2]
PENGUINS = ROOT / "examples/penguins/data/penguins.csv"
FLIGHTS = ROOT / "examples/flights/data/flights.parquet"
HEAD = "apiVersion: mlopsc/v1\nproject: {name: proposed}\n"


def proposed(path: Path) -> str:
    found = look_at_dataset(find_place(str(path), path.parent, copy=False), Wishes())
    return "\n".join([*dataset_lines(found, explained=True), ""])


def require_kept(path: Path, text: str) -> None:
    """The text makes a sound spec, and a run would find that the file keeps the contract."""
    spec = path.parent / "mlops.yaml"
    spec.write_text(HEAD + text, "utf-8")
    compiled = check_spec(spec, targets=[])
    faults = [one.message for one in compiled.diagnostics if one.severity.value == "error"]
    assert faults == []
    (dataset,) = compiled.analysis.spec.datasets.values()
    assert dataset is not None
    loaded = path.parent / "loaded.parquet"
    load_source(dataset.source, dataset.columns, project=path.parent, out=loaded)
    report = validate_table(
        loaded, columns=dataset.columns, checks=dataset.checks, primary_key=dataset.primary_key or ()
    )
    assert [result for result in report.results if not result.passed] == []


@pytest.mark.parametrize("file", [PENGUINS, FLIGHTS])
def test_real_files_keep_what_is_proposed(tmp_path, file):
    copy = tmp_path / file.name
    copy.write_bytes(file.read_bytes())
    require_kept(copy, proposed(copy))


BETWEEN = (datetime.datetime(1900, 1, 1), datetime.datetime(2200, 1, 1))  # noqa: DTZ001
CELLS = {
    "int": st.none() | st.integers(-(2**62), 2**62),
    "small": st.none() | st.integers(0, 3),
    "float": st.none() | st.floats(allow_nan=True, allow_infinity=True, width=64),
    "text": st.none() | st.text(st.characters(exclude_categories=("Cs", "Cc")), max_size=8),
    "word": st.none() | st.sampled_from(["a", "yes", "null", "#", ": x", "\u202e"]),
    "flag": st.none() | st.booleans(),
    "day": st.none() | st.dates(datetime.date(1, 1, 2), datetime.date(9999, 1, 1)),
    "moment": st.none() | st.datetimes(*BETWEEN),
}
TYPES = {
    "int": "Int64",
    "small": "Int64",
    "float": "float64",
    "text": "str",
    "word": "str",
    "flag": "boolean",
    "day": "object",
    "moment": "datetime64[us]",
}


@settings(
    max_examples=25,
    deadline=None,
    phases=[Phase.generate],
    suppress_health_check=[HealthCheck.function_scoped_fixture],
)
@given(data=st.data())
def test_any_table_keeps_what_is_proposed(tmp_path, data):
    rows = data.draw(st.integers(1, 30))
    kinds = data.draw(st.lists(st.sampled_from(sorted(CELLS)), min_size=1, max_size=5))
    columns = {}
    for number, kind in enumerate(kinds):
        name = data.draw(st.sampled_from([kind, f"{kind}_id", f"{kind} {number}", "year", "lat"])) + str(
            number
        )
        cells = data.draw(st.lists(CELLS[kind], min_size=rows, max_size=rows))
        columns[name] = pd.Series(cells, dtype=TYPES[kind])
    path = tmp_path / "table.parquet"
    pd.DataFrame(columns).to_parquet(path)
    require_kept(path, proposed(path))


@pytest.fixture
def folder(tmp_path, monkeypatch):
    (tmp_path / "penguins.csv").write_bytes(PENGUINS.read_bytes())
    monkeypatch.chdir(tmp_path)
    return tmp_path


def test_it_prints_an_entry_with_reasons(cli, folder):
    done = cli("profile", "penguins.csv", "--name", "birds")
    assert done.status == 0, done.err
    assert "  birds:\n    source: {type: csv, path: penguins.csv, nulls: [NA]}  # NA in 5 columns" in done.out
    assert (
        "      sex:               {type: string, allowed: [female, male]}  # 2 values; 11 nulls (3.2 %)"
        in done.out
    )
    assert parse_document(HEAD + done.out).diagnostics == ()


def test_it_writes_a_new_file_and_never_over_one(cli, folder):
    assert cli("profile", "penguins.csv", "-o", "birds.yaml").status == 0
    before = (folder / "birds.yaml").read_text("utf-8")
    assert "datasets:\n  penguins:" in before
    again = cli("profile", "penguins.csv", "-o", "birds.yaml")
    assert again.status == 2
    assert "birds.yaml is there already" in again.err
    assert (folder / "birds.yaml").read_text("utf-8") == before


def test_as_json_it_tells_what_was_declared_and_seen(cli, folder):
    done = cli("profile", "penguins.csv", "--json")
    found = json.loads(done.out)
    assert found["rows"] == 344
    assert found["columns"]["sex"] == {
        "declared": {"type": "string", "allowed": ["female", "male"]},
        "nulls": 11,
        "distinct": 2,
        "unique": False,
    }


def test_identifiers_beside_the_key_are_unique(tmp_path):
    path = tmp_path / "orders.csv"
    path.write_text("order_id,invoice_id,weight\n" + "".join(f"{n},{9000 - n},{n / 7}\n" for n in range(200)))
    text = proposed(path)
    assert "primary_key: [order_id]" in text
    assert "invoice_id: {type: int64, nullable: false, unique: true}  # every value different" in text
    assert "weight:     {type: float64, nullable: false, min:" in text


@pytest.mark.parametrize(
    ("arguments", "message"),
    [
        (["none.csv"], "there is no file none.csv"),
        (["penguins.csv", "--name", "two words"], "--name 'two words' is no name"),
        (["penguins.csv", "--key", "sexx"], "did you mean 'sex'"),
        (["penguins.csv", "--time", "sex"], "--time sex: it is string"),
        (["empty.csv"], "empty.csv has no rows"),
    ],
)
def test_what_cannot_be_is_refused(cli, folder, arguments, message):
    (folder / "empty.csv").write_text("a,b\n")
    done = cli("profile", *arguments)
    assert done.status == 2
    assert message in done.err
