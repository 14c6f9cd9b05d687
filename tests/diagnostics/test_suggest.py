import pytest

from mlopsc.diagnostics.suggest import did_you_mean, nearest

NAMES = ["weather", "flights", "origin_weather", "as_of"]


@pytest.mark.parametrize(
    ("wrong", "right"),
    [
        ("weathr", "weather"),
        ("Weather", "weather"),
        ("flihgts", "flights"),
        ("origin-weather", "origin_weather"),
        ("asof", "as_of"),
        ("carriers", None),
        ("weather", None),
        ("", None),
    ],
)
def test_the_nearest_name_is_suggested_only_when_it_is_near(wrong: str, right: str | None) -> None:
    assert nearest(wrong, NAMES) == right


def test_names_of_two_letters_are_not_near_each_other() -> None:
    assert nearest("ab", ["ac", "xy"]) is None


def test_few_names_are_listed_when_none_is_near() -> None:
    assert did_you_mean("zzzz", ["b", "a"], noun="declared are") == "declared are a, b"
    assert did_you_mean("zzzz", map(str, range(100))) is None
