"""Profiles: the same for the same values, small, and as good as the table that they stand for."""

import json

import numpy as np
import pandas as pd
import pytest

from mlopsc.diagnostics.errors import SpecError, StoreError
from mlopsc.runtime.drift.columns import Numbers
from mlopsc.runtime.drift.profile import (
    count_bins,
    dump_profile,
    load_profile,
    profile_column,
    profile_table,
    psi_edges,
)
from mlopsc.runtime.drift.report import drift_against_profile, drift_report


@pytest.fixture
def table():
    rng = np.random.default_rng(0)
    n = 6000
    return pd.DataFrame(
        {
            "amount": np.where(rng.random(n) < 0.1, np.nan, rng.lognormal(size=n)),
            "count": rng.poisson(0.4, n),
            "city": rng.choice(["Bern", "Zürich", "Genf"], n),
            "member": rng.random(n) < 0.3,
            "seen": pd.Timestamp("2024-01-01") + pd.to_timedelta(rng.integers(0, 10**6, n), unit="s"),
            "nothing": np.full(n, np.nan),
        }
    )


def test_a_profile_does_not_depend_on_the_order_of_rows(table):
    shuffled = table.sample(frac=1, random_state=1)
    assert dump_profile(profile_table(table)) == dump_profile(profile_table(shuffled))


def test_zeros_of_either_sign_are_one_value():
    one, other = (pd.DataFrame({"x": [0.0, -0.0, 1.0][::step]}) for step in (1, -1))
    assert dump_profile(profile_table(one)) == dump_profile(profile_table(other))
    assert b"-0.0" not in dump_profile(profile_table(one))


def test_a_profile_is_canonical_json_and_reads_back_as_it_was(table):
    data = dump_profile(profile_table(table))
    document = json.loads(data)
    text = json.dumps(document, sort_keys=True, separators=(",", ":"), ensure_ascii=False, allow_nan=False)
    assert data == (text + "\n").encode()
    assert dump_profile(load_profile(data)) == data


def test_infinities_are_values_and_travel_as_text():
    table = pd.DataFrame({"x": [-np.inf, 0.0, 1.0, np.inf]})
    data = dump_profile(profile_table(table))
    assert b'"inf"' in data
    assert load_profile(data).columns["x"].values.tolist() == [-np.inf, 0.0, 1.0, np.inf]


def test_a_report_against_a_profile_says_what_the_report_on_the_tables_says(table):
    current = table.sample(4000, replace=True, random_state=2).assign(amount=lambda t: t.amount * 2)
    profile = load_profile(dump_profile(profile_table(table)))
    direct, by_profile = drift_report(table, current), drift_against_profile(profile, current)
    assert {n: c.status for n, c in direct.columns.items()} == {
        n: c.status for n, c in by_profile.columns.items()
    }
    assert direct.columns["city"] == by_profile.columns["city"]
    assert direct.columns["count"] == by_profile.columns["count"]
    assert by_profile.columns["amount"].statistics == pytest.approx(
        direct.columns["amount"].statistics, abs=1 / 2048
    )


def test_many_labels_are_kept_as_the_most_frequent_and_the_rest():
    rng = np.random.default_rng(0)
    ids = pd.DataFrame({"id": [f"user{i}" for i in rng.integers(0, 5000, 20_000)]})
    column = profile_table(ids).columns["id"]
    assert len(column.counts) == 1000
    assert sum(column.counts.values()) + column.other == 20_000
    assert not drift_against_profile(profile_table(ids), ids.sample(5000, random_state=1)).drifted


def test_a_profile_stays_small():
    rng = np.random.default_rng(0)
    assert len(dump_profile(profile_table(pd.DataFrame({"x": rng.normal(size=100_000)})))) < 80_000


def test_psi_bins_are_the_references_deciles_with_open_ends():
    ordered = Numbers.of("numeric", 100, np.arange(1.0, 101.0))
    edges = psi_edges(ordered)
    assert edges.tolist() == [10, 20, 30, 40, 50, 60, 70, 80, 90]
    assert count_bins(ordered, edges).tolist() == [10] * 10
    assert count_bins(Numbers.of("numeric", 2, np.array([-1e9, 1e9])), edges).tolist() == [1, *[0] * 8, 1]


def test_a_frequent_value_has_a_bin_of_its_own():
    ordered = np.sort(np.concatenate([np.zeros(60), np.linspace(-1, -0.1, 20), np.linspace(0.1, 1, 20)]))
    column = Numbers.of("numeric", 100, ordered)
    edges = psi_edges(column)
    counts = count_bins(column, edges)
    assert 60 in counts.tolist()
    constant = profile_column(Numbers.of("numeric", 50, np.full(50, 7.0)), compact=True)
    assert constant.bin_counts.tolist() == [0, 50, 0]


@pytest.mark.parametrize(
    "data", [b"", b"[]", b"{}", b'{"version":2}', b'{"version":1,"rows":1,"columns":{"x":{}}}']
)
def test_what_is_no_profile_is_refused(data):
    with pytest.raises(StoreError, match="profile"):
        load_profile(data)


def test_an_unknown_column_is_named(table):
    with pytest.raises(SpecError, match="unknown column 'amuont'") as caught:
        profile_table(table, ["amuont"])
    assert caught.value.help == "did you mean 'amount'?"
