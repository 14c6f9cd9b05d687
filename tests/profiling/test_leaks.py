"""Columns that give the label away."""

import pytest

from mlopsc.profiling.leaks import find_leaks


def leaks(opened, label, *, classes):
    return {leak.columns: leak.reason for leak in find_leaks(*opened, label, classes=classes)}


def test_parts_of_a_sum_are_found_among_others(profiled):
    rows = [f"{n * 7 % 50},{n * 13 % 90},{n * 3 % 11},{n * 7 % 50 + n * 13 % 90}" for n in range(600)]
    found = leaks(profiled("casual,registered,hour,count", rows), "count", classes=False)
    assert found == {("casual", "registered"): "casual + registered = count: not known before it"}


def test_a_difference_is_told_as_one(profiled):
    rows = [f"{n * 7 % 50},{n * 13 % 90},{n * 13 % 90 - n * 7 % 50}" for n in range(600)]
    found = leaks(profiled("cost,price,gain", rows), "gain", classes=False)
    assert found == {("cost", "price"): "price - cost = gain: not known before it"}


def test_a_product_is_found(profiled):
    pairs = [(1 + n * 7 % 50, (1 + n * 13 % 90) / 4) for n in range(600)]
    rows = [f"{quantity},{price},{quantity % 5},{quantity * price}" for quantity, price in pairs]
    found = leaks(profiled("quantity,price,shop,amount", rows), "amount", classes=False)
    assert list(found) == [("quantity", "price")]
    assert "multiplied or divided give amount" in found["quantity", "price"]


def test_a_sum_with_noise_is_something_to_learn(profiled):
    rows = [f"{n * 7 % 50},{n * 13 % 90},{n * 7 % 50 + n * 13 % 90 + n * 31 % 10}" for n in range(600)]
    assert leaks(profiled("a,b,y", rows), "y", classes=False) == {}


@pytest.mark.parametrize("label", ["n * 3 % 400", "(n * 3 % 400) ** 2", "-(n * 3 % 400)"])
def test_a_number_made_of_the_label_is_found(profiled, label):
    rows = [f"{n * 3 % 400},{n * 17 % 23},{eval(label, {'n': n})}" for n in range(2000)]
    assert list(leaks(profiled("x,other,y", rows), "y", classes=False)) == [("x",)]


def test_a_code_of_the_class_is_found(profiled):
    rows = [f"{'ABC'[n * 5 % 7 % 3]},{n % 4},{n * 5 % 7 % 3}" for n in range(300)]
    assert list(leaks(profiled("name,x,class", rows), "class", classes=True)) == [("name",)]


def test_a_threshold_on_a_number_is_found(profiled):
    rows = [f"{n * 37 % 1000},{n % 7},{'late' if n * 37 % 1000 > 400 else 'ok'}" for n in range(1000)]
    assert list(leaks(profiled("delay,x,status", rows), "status", classes=True)) == [("delay",)]


def test_a_text_that_is_there_only_for_one_class_is_found(profiled):
    rows = [
        f"{f'reason {n}' if n % 4 == 0 else ''},{n % 5},{'yes' if n % 4 == 0 else 'no'}" for n in range(400)
    ]
    assert list(leaks(profiled("reason,x,left", rows), "left", classes=True)) == [("reason",)]


def test_a_strong_feature_is_no_leak(profiled):
    rows = [f"{n * 37 % 1000},{'late' if n * 37 % 1000 + n * 91 % 300 > 550 else 'ok'}" for n in range(1000)]
    assert leaks(profiled("distance,status", rows), "status", classes=True) == {}


def test_rare_categories_say_nothing(profiled):
    """Of groups of one row each is pure by chance."""
    rows = [f"c{n},{n * 5 % 7 % 2}" for n in range(200)]
    assert leaks(profiled("code,y", rows), "y", classes=True) == {}


def test_few_rows_say_nothing_of_a_number(profiled):
    """Of bins of a row or two each is pure."""
    rows = [f"{n * 37 % 101},{n * 5 % 7 % 2}" for n in range(60)]
    assert leaks(profiled("x,y", rows), "y", classes=True) == {}
