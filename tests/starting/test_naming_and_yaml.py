"""What is written as YAML is read back as what it was."""

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from mlopsc.spec.flow import flow, wrapped
from mlopsc.spec.yaml_load import parse_document
from mlopsc.starting.naming import monitor_name, slug, sql_name


def read(text):
    document = parse_document(f"k: {text}\n")
    assert document.diagnostics == ()
    return document.value["k"]


PRINTABLE = st.text(st.characters(exclude_categories=("Cs",)), max_size=12)


@settings(deadline=None)
@given(
    st.recursive(
        st.none() | st.booleans() | st.integers() | PRINTABLE, lambda some: st.lists(some, max_size=4)
    )
)
def test_any_value_comes_back(value):
    assert read(flow(value)) == value


@settings(deadline=None)
@given(PRINTABLE, PRINTABLE)
def test_any_map_comes_back(key, value):
    assert read(flow({key: value})) == {key: value}


LOOKING_LIKE_OTHERS = [
    *["yes", "No", "on", "~", "null", "NaN", ".inf", "="],
    *["1e-4", "0755", "12:30:45", ".5", "2024-01-01", "-"],
    *["<=50K", "a: b", "a #b", " a", "", "*a", "&a", "{{x}}", "${vars.x}"],
]


@pytest.mark.parametrize("text", LOOKING_LIKE_OTHERS)
def test_texts_that_look_like_something_else_are_quoted(text):
    assert flow(text).startswith('"')
    assert read(flow(text)) == text


@pytest.mark.parametrize(
    "text", ["Month-to-month", "Bank transfer (automatic)", "data/telco.csv", "customerID", "N/A"]
)
def test_plain_texts_stay_plain(text):
    assert flow(text) == text


def test_long_lists_are_broken_between_items():
    lines = wrapped("  features:", [f"column_{number}" for number in range(20)], 60)
    assert max(map(len, lines)) <= 60
    assert lines[1].startswith(" " * len("  features: [") + "column_")
    assert read("\n  " + "\n  ".join(lines)) == {"features": [f"column_{number}" for number in range(20)]}


@pytest.mark.parametrize(
    ("text", "name"),
    [
        ("telco_churn", "telco_churn"),
        ("Churn", "churn"),
        ("medianHouseValue", "median_house_value"),
        ("2024 sales (final)", "sales_final"),
        ("Größe", "groe"),
        ("数据", "data"),
        ("x" * 80, "x" * 63),
    ],
)
def test_names_are_made_of_whatever_there_is(text, name):
    assert slug(text, "data") == name


def test_a_monitor_has_a_name_too():
    assert len(monitor_name("x" * 63)) == 63


def test_columns_are_quoted_in_sql_where_they_must():
    assert [sql_name(name) for name in ("Churn", "default", "Body Mass (g)", 'a"b')] == [
        "Churn", '"default"', '"Body Mass (g)"', '"a""b"',
    ]  # fmt: skip
