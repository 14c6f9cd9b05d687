"""Contracts and sources beyond the examples: rows put aside, lines left out, a workbook, folders, functions of rows."""

import json
import shutil
from dataclasses import replace
from pathlib import Path

import pytest

SPEC = """\
apiVersion: mlopsc/v1
project: {name: clinic, owner: o}
targets: {kfp: {image: 'registry.example.com/clinic:1.0'}}
datasets:
  visits:
    source: {type: csv, path: visits.csv, bad_lines: quarantine}
    primary_key: [id]
    event_time: at
    columns:
      id: {type: int64}
      ward: {type: int64}
      at: {type: timestamp}
      pulse: {type: float64}
      returned: {type: bool}
    checks:
      - {expect: column_values_to_be_between, column: pulse, min_value: 20, max_value: 250, on_failure: quarantine}
      - {expect: column_values_to_be_in_set, column: ward, value_set: [1, 2], on_failure: warn}
      - {expect: column_values_to_match_regex, column: note, regex: "^[a-z]+$", where: "pulse > 60", mostly: 0.9}
      - {expect: foreign_key, column_list: [ward], dataset: wards, references: [number]}
  wards:
    source: {type: excel, path: wards.xlsx, sheet: Wards}
    columns: {number: {type: int64}, beds: {type: int64}}
  staff:
    source: {type: parquet, path: "staff/*/*.parquet", hive_partitioning: true}
    event_time: since
features:
  staffed: {dataset: staff, entity: {ward: ward}, known_at: entered, available_after: 1h, columns: [nurses]}
  crowding: {python: "clinic:crowding", rows: [pulse, nurses], columns: {crowding: float64}}
  roomy: {sql: "SELECT v.*, w.beds FROM visits v JOIN wards w ON v.ward = w.number", primary_key: [id], event_time: at}
training:
  returns:
    entities: {view: roomy, label: returned, where: "pulse is not null"}
    features: [pulse, beds, staffed, crowding]
    estimator: sklearn.linear_model.LogisticRegression
    metrics: [roc_auc, accuracy]
    seed: 1
    split: {type: time, test: 0.25}
    accept: {MLC415: wards keep their beds}
"""
CODE = """\
import pandas


def crowding(table):
    return pandas.DataFrame({"crowding": table["pulse"] / table["nurses"].fillna(1)})
"""


@pytest.fixture
def clinic(tmp_path: Path) -> Path:
    """Return the folder of a small project whose data have faults of several kinds."""
    import openpyxl
    import pyarrow as pa
    import pyarrow.parquet as pq

    folder = tmp_path / "clinic"
    folder.mkdir()
    (folder / "mlops.yaml").write_text(SPEC)
    (folder / "clinic.py").write_text(CODE)
    rows = [
        f"{n},{n % 3 + 1},2026-01-{n % 20 + 1:02}T12:00:00Z,{400 if n % 17 == 0 else 50 + n % 40},well,{n % 5 < 2}"
        for n in range(120)
    ]
    lines = ["id,ward,at,pulse,note,returned", *rows, "7;broken", "121,1"]
    (folder / "visits.csv").write_text("\n".join(lines) + "\n")
    book = openpyxl.Workbook()
    sheet = book.active
    sheet.title = "Wards"
    for row in (("number", "beds"), (1, 10), (2, 20), (3, 30)):
        sheet.append(row)
    book.save(folder / "wards.xlsx")
    for ward in (1, 2, 3):
        part = folder / "staff" / f"ward={ward}"
        part.mkdir(parents=True)
        times = [1_767_225_600_000_000 + day * 86_400_000_000 for day in range(0, 20, 4)]  # from 2026-01-01
        table = {
            "since": pa.array(times, pa.timestamp("us", "UTC")),
            "entered": pa.array([time + ward * 43_200_000_000 for time in times], pa.timestamp("us", "UTC")),
            "nurses": pa.array([ward + n for n in range(5)], pa.int64()),
        }
        pq.write_table(pa.table(table), part / "part.parquet")
    return folder


def test_rows_aside_and_sources_of_all_kinds_are_the_same_as_locally(mlopsc, clinic, running, request):
    server = request.getfixturevalue("prefect_environment") if running == "prefect" else {}
    found = {}
    for target, surroundings in (("local", {}), (running, server)):
        folder = shutil.copytree(clinic, clinic.with_name(target))
        commands = replace(mlopsc, surroundings=surroundings)
        found[target] = json.loads(commands("run", "--target", target, "--json", cwd=folder))
    outputs = [{step["name"]: step["outputs"] for step in report["steps"]} for report in found.values()]
    assert {"data", "rejected"} <= outputs[0]["validate_visits"].keys()
    assert outputs[1] == outputs[0]
    assert found[running]["metrics"] == found["local"]["metrics"]
    assert [report["status"] for report in found.values()] == ["succeeded", "succeeded"]
