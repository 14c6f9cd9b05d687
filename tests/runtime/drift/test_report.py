"""Reports alarm on drift, keep quiet without, and never pass what they could not compare."""

import json
import subprocess
import sys

import numpy as np
import pandas as pd
import polars as pl
import pyarrow as pa
import pytest
from scipy import stats

from mlopsc.diagnostics.errors import SpecError, StoreError
from mlopsc.runtime.drift.report import drift_report
from mlopsc.vocabulary.drift import DriftTests


def normal(n, shift=0.0, seed=0):
    return np.random.default_rng(seed).normal(shift, size=n)


def status(reference, current, **tests):
    report = drift_report(pd.DataFrame({"x": reference}), pd.DataFrame({"x": current}), tests=tests)
    return report.columns["x"].status


def test_one_outlier_does_not_hide_a_shift_by_one_sigma():
    for place in (0, 1):
        sides = [normal(5000), normal(5000, 1.0, seed=1)]
        sides[place] = np.append(sides[place], 1e6)
        report = drift_report(pd.DataFrame({"x": sides[0]}), pd.DataFrame({"x": sides[1]}))
        assert report.drifted
        assert report.columns["x"].alarms == ("psi", "ks")
        assert report.columns["x"].statistics["psi"] > 0.8


@pytest.mark.parametrize("distribution", ["normal", "counts", "categories"])
def test_at_most_one_run_in_twenty_alarms_over_50_undrifted_features(distribution):
    rng, alarms = np.random.default_rng(31), 0

    def table():
        match distribution:
            case "normal":
                values = rng.normal(size=(500, 50))
            case "counts":
                values = rng.poisson(0.7, size=(500, 50))
            case _:
                values = rng.choice(list("aaaabbbccd"), size=(500, 50))
        return pd.DataFrame(values, columns=[f"f{i}" for i in range(50)])

    for _ in range(200):
        alarms += drift_report(table(), table()).drifted
    assert alarms <= 10


def test_a_hundredth_of_sigma_in_a_million_rows_is_no_drift():
    report = drift_report(
        pd.DataFrame({"x": normal(10**6)}), pd.DataFrame({"x": normal(10**6, 0.01, seed=1)})
    )
    assert report.columns["x"].adjusted_p_values["ks"] < 0.05  # significant, and irrelevant
    assert report.columns["x"].status == "ok"


def test_half_of_the_values_going_missing_alarms():
    current = normal(500, seed=1)
    current[::2] = np.nan
    report = drift_report(pd.DataFrame({"x": normal(500)}), pd.DataFrame({"x": current}))
    assert report.columns["x"].status == "drift"
    assert report.columns["x"].alarms == ("missing",)
    assert report.columns["x"].statistics["missing"] == 0.5
    assert status(normal(500), current, missing=None) == "ok"


def test_all_values_going_missing_alarms_or_is_empty_but_never_passes():
    gone = np.full(500, np.nan)
    assert status(normal(500), gone) == "drift"
    assert status(normal(500), gone, missing=None) == "empty"
    assert status(gone, gone) == "empty"
    assert status(gone, normal(500)) == "empty"
    assert status(normal(500), np.array([])) == "empty"
    assert status(np.array([]), np.array([])) == "empty"


def test_few_values_are_insufficient_whatever_they_say():
    assert status(normal(5000), normal(99, 10)) == "insufficient_data"
    assert status(normal(99), normal(5000, 10)) == "insufficient_data"
    assert status(normal(99), normal(5000, 10), min_rows=50) == "drift"
    current = np.where(np.arange(200) < 199 - 20, np.nan, 0.5)
    assert status(current, current) == "insufficient_data"


def test_a_constant_is_constant_while_it_stays_and_drifts_when_it_changes():
    same, other = np.full(500, 3.0), np.full(500, 4.0)
    assert status(same, same) == "constant"
    assert status(same, other) == "drift"
    assert status(same, normal(500)) == "drift"
    assert status(normal(500), same) == "drift"
    assert status(["a"] * 500, ["a"] * 500) == "constant"
    assert status(["a"] * 500, ["b"] * 500) == "drift"


def test_categories_drift_by_share_and_by_a_new_category():
    rng = np.random.default_rng(0)
    before = rng.choice(["a", "b", "c"], 1000, p=[0.5, 0.3, 0.2])
    assert status(before, rng.choice(["a", "b", "c"], 1000, p=[0.5, 0.3, 0.2])) == "ok"
    assert status(before, rng.choice(["a", "b", "c"], 1000, p=[0.2, 0.3, 0.5])) == "drift"
    assert status(before, rng.choice(["a", "b", "d"], 1000, p=[0.5, 0.3, 0.2])) == "drift"


def test_statistics_and_p_values_are_scipys():
    rng = np.random.default_rng(2)
    a = pd.DataFrame({"x": rng.normal(size=700), "c": rng.choice(list("uvw"), 700)})
    b = pd.DataFrame({"x": rng.normal(0.1, size=500), "c": rng.choice(list("uvw"), 500, p=[0.5, 0.3, 0.2])})
    report = drift_report(a, b)
    ks = stats.ks_2samp(a.x, b.x)
    assert report.columns["x"].statistics["ks"] == pytest.approx(ks.statistic, abs=1e-9)
    assert report.columns["x"].p_values["ks"] == pytest.approx(ks.pvalue, abs=1e-9)
    chi2 = stats.chi2_contingency(np.stack([t.c.value_counts().sort_index() for t in (a, b)]))
    assert report.columns["c"].statistics["chi2"] == pytest.approx(chi2.statistic, abs=1e-9)
    assert report.columns["c"].p_values["chi2"] == pytest.approx(chi2.pvalue, abs=1e-9)


@pytest.mark.parametrize("form", ["pandas", "polars", "pyarrow", "csv", "parquet"])
def test_every_form_of_a_table_gives_the_same_report(form, tmp_path):
    rng = np.random.default_rng(3)
    tables = [
        pd.DataFrame(
            {
                "x": np.where(rng.random(300) < 0.1, np.nan, rng.normal(shift, size=300)),
                "c": pd.array(rng.choice(["a", "b", None], 300, p=[0.6, 0.3, 0.1]), dtype="str"),
                "b": rng.random(300) < 0.4,
                "t": pd.Timestamp("2024-01-01") + pd.to_timedelta(rng.integers(0, 10**6, 300), unit="s"),
            }
        )
        for shift in (0, 1)
    ]
    expected = drift_report(*tables).to_json()

    def convert(table, name):
        match form:
            case "polars":
                return pl.from_pandas(table)
            case "pyarrow":
                return pa.Table.from_pandas(table)
            case "csv":
                table.to_csv(tmp_path / name, index=False)
                return tmp_path / name
            case "parquet":
                table.to_parquet(tmp_path / name)
                return str(tmp_path / name)
        return table

    assert drift_report(convert(tables[0], "reference"), convert(tables[1], "current")).to_json() == expected


def test_the_report_is_canonical_json_without_nan_and_a_short_text():
    gone = pd.DataFrame({"x": np.full(200, np.nan), "y": normal(200, 2), "z": normal(200)})
    report = drift_report(gone.assign(y=normal(200)), gone)
    document = json.loads(report.to_json(), parse_constant=lambda name: pytest.fail(name))
    assert document["drifted"] is True
    assert document["columns"]["x"]["status"] == "empty"
    assert report.undecided == ("x",)
    lines = report.to_text().splitlines()
    assert lines[0] == "1 of 3 columns drift, 1 undecided (200 reference rows, 200 current rows)"
    assert lines[1] == "  x: empty: no values in either side"
    assert lines[2].startswith("  y: drift: psi ")


def test_columns_that_only_one_table_has_are_errors():
    a, b = pd.DataFrame({"age": normal(200)}), pd.DataFrame({"aeg": normal(200)})
    with pytest.raises(SpecError, match="column 'aeg' that the reference lacks") as caught:
        drift_report(a, b)
    assert caught.value.help == "did you mean 'age'?"
    with pytest.raises(SpecError, match="lacks the column 'age'"):
        drift_report(a, b, columns=["age"])
    with pytest.raises(SpecError, match="unknown column 'size'"):
        drift_report(a, a, columns=["size"])
    extra = a.assign(id=range(200))
    assert list(drift_report(a, extra, columns=["age"]).columns) == ["age"]


def test_a_column_of_another_kind_is_an_error():
    with pytest.raises(SpecError, match="'x' is numeric in the reference and categorical in the current"):
        status(normal(200), ["a"] * 200)


def test_wrong_arguments_say_where():
    with pytest.raises(SpecError, match=r"tests\.numeric\.0: .*'psi' or 'ks'.*found 'chi2'"):
        status(normal(200), normal(200), numeric=["chi2"])
    with pytest.raises(SpecError, match="expected a table, found list"):
        drift_report([1], [2])
    with pytest.raises(StoreError, match="cannot read the table"):
        drift_report("nowhere.csv", "nowhere.csv")
    twice = pd.DataFrame([[1, 2]], columns=["x", "x"])
    with pytest.raises(SpecError, match="'x' occurs 2 times"):
        drift_report(twice, twice)


def test_the_form_of_the_spec_is_the_default():
    assert (
        DriftTests.model_validate({"numeric": ["psi", "ks"], "categorical": ["psi", "chi2"], "missing": 0.1})
        == DriftTests()
    )


def test_a_column_without_a_test_of_its_kind_is_no_pass():
    assert status(normal(200), normal(200), numeric=[], missing=None) == "insufficient_data"


def test_the_vocabulary_imports_no_numbers():
    code = "import sys, mlopsc.vocabulary.drift; print({'numpy', 'pandas', 'scipy'} & set(sys.modules))"
    assert subprocess.run([sys.executable, "-c", code], capture_output=True, text=True).stdout == "set()\n"
