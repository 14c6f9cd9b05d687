"""Lowering of datasets whose contract may put rows aside: all that reads them reads the rows that are left."""

from pathlib import Path

import pytest

from tests.compiler.lower.test_train import train
from tests.specs import FLIGHTS, merged

CHECK = "{expect: column_values_to_not_be_null, column: visib, on_failure: quarantine}"


@pytest.mark.parametrize(
    "fragment",
    ["datasets: {weather: {on_failure: quarantine}}", f"datasets: {{weather: {{checks: [{CHECK}]}}}}"],
)
def test_the_rows_that_are_left_go_on(tmp_path: Path, fragment: str) -> None:
    found = train(tmp_path, merged(FLIGHTS, fragment))
    validate, features = found.step("validate_weather"), found.step("features_late_arrival")
    assert validate.outputs == {"report": "report", "data": "dataset", "rejected": "table"}
    read = {port: f"{source.step}.{source.port}" for port, source in features.inputs.items()}
    assert read == {"entities": "load_flights.data", "origin_weather": "validate_weather.data"}
    assert features.after == ("validate_flights",)
    assert found.step("register_late_arrival").inputs["report_weather"].step == "validate_weather"


def test_a_foreign_key_reads_the_other_dataset_as_it_was_read(tmp_path: Path) -> None:
    """Also in a circle, and where rows of the other go aside."""
    back = "{expect: foreign_key, column_list: [origin], dataset: flights, on_failure: quarantine}"
    there = "{expect: foreign_key, column_list: [origin], dataset: weather}"
    fragment = f"datasets: {{weather: {{checks: [{back}]}}, flights: {{checks: [{there}]}}}}"
    found = train(tmp_path, merged(FLIGHTS, fragment))
    read = {
        port: f"{source.step}.{source.port}" for port, source in found.step("validate_flights").inputs.items()
    }
    assert read == {"data": "load_flights.data", "other_weather": "load_weather.data"}
    assert found.step("validate_weather").inputs["other_flights"].step == "load_flights"


def test_a_dataset_that_only_a_check_reads_is_loaded_and_validated(tmp_path: Path) -> None:
    more = "planes: {source: {type: parquet, path: data/weather.parquet}}"
    check = "{expect: foreign_key, column_list: [origin], dataset: planes}"
    found = train(tmp_path, merged(FLIGHTS, f"datasets: {{{more}, flights: {{checks: [{check}]}}}}"))
    assert found.step("validate_planes").inputs["data"].step == "load_planes"
    assert "report_planes" in found.step("register_late_arrival").inputs


def test_a_plan_without_is_as_it_was(tmp_path: Path) -> None:
    found = train(tmp_path, merged(FLIGHTS, "datasets: {weather: {on_failure: warn}}"))
    assert found.step("validate_weather").outputs == {"report": "report"}
    assert found.step("features_late_arrival").inputs["origin_weather"].step == "load_weather"


def test_each_rule_has_its_place(tmp_path: Path) -> None:
    found = train(tmp_path, FLIGHTS)
    validate = found.step("validate_flights")
    lines = FLIGHTS.splitlines()

    def line(declared: tuple[str | int, ...]) -> str:
        place = validate.place_of(declared)
        return lines[place.line - 1][place.column - 1 :]

    assert line(("checks", 1)).startswith("{expect: column_values_to_not_be_null, column: arr_delay")
    assert line(("columns", "origin", "allowed")).startswith("[EWR") or line(
        ("columns", "origin", "allowed")
    ).startswith("allowed: [EWR")
    assert line(("primary_key",)).startswith("primary_key:")
    assert line(("checks", 99)) == line(())


def test_places_are_no_part_of_what_a_step_does(tmp_path: Path) -> None:
    plain, moved = train(tmp_path, FLIGHTS), train(tmp_path, "# a remark\n" + FLIGHTS)
    for one, other in zip(plain.steps, moved.steps, strict=True):
        assert one.configuration == other.configuration
