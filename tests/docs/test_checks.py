"""Each check's page shows an example that holds on one table, and tells its keys."""

import sys
from pathlib import Path
from typing import Any

import pyarrow as pa
import pytest
import yaml

from mlopsc.runtime.checks import validate_table
from mlopsc.vocabulary.checks.kinds import FAMILIES

EXAMPLES: dict[str, dict[str, Any]] = yaml.safe_load(
    (Path(__file__).parents[2] / "docs/checks.yaml").read_text("utf-8")
)
ORDERS = pa.table(
    {
        "id": [1, 2, 3, 4, 5],
        "email": ["ann@shop.com", "bob@mail.org", "cy@x.com", "dee@post.org", None],
        "country": ["DE", "DE", "FR", "US", "DE"],
        "amount": [15.0, 20.0, 12.5, 30.0, 40.0],
        "discount": [5.0, 0.0, 0.0, 0.0, 0.0],
        "net": [10.0, 20.0, 12.5, 30.0, 40.0],
        "placed": ["2024-01-02", "2024-01-03", "2024-01-03", "2024-01-05", "2024-01-06"],
        "shipped": ["2024-01-03", "2024-01-04", "2024-01-03", "2024-01-09", None],
        "status": ["sent", "sent", "sent", "back", "new"],
        "payload": ['{"items": 2}', '{"items": 1}', '{"items": 1}', '{"items": 9}', '{"items": 3}'],
        "first_item": ["cup", "pot", "cup", "pan", "cup"],
        "second_item": ["pot", None, "pan", "cup", None],
    }
)

FUNCTION = """\
def too_cheap(table, least):
    return table["amount"] - table["discount"] < least
"""


@pytest.mark.parametrize("name", EXAMPLES)
def test_an_example_holds(name: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    (tmp_path / "order_checks.py").write_text(FUNCTION)
    monkeypatch.chdir(tmp_path)
    monkeypatch.setattr(sys, "path", [*sys.path])
    payments = pa.table({"id": [1, 2, 3, 4, 5]})
    (result,) = validate_table(
        ORDERS, checks=[{"expect": name, **EXAMPLES[name]}], others={"payments": payments}
    ).results
    assert result.passed, result


def test_every_check_of_great_expectations_has_an_example() -> None:
    names = [name for family, names in FAMILIES.items() if family != "beyond" for name in names]
    assert [name for name in names if name not in EXAMPLES] == []
