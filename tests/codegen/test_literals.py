import ast
import datetime
import math

import pytest
from hypothesis import given
from hypothesis import strategies as st

from mlopsc.codegen.literals import call, comment, docstring, dotted_name, literal
from mlopsc.diagnostics.errors import MlopscError

HOSTILE = [
    '"""',
    "'''\"\"\"\\",
    "back\\slash\nnew line\r",
    "{{7*7}} {% raw %} ${{ secrets.X }} {{$.inputs}}",
    "$(touch canary); import os",
    "\u202eright to left\u2066",
    "\x00\x1b[31m\u2028\ud800",
]
scalars = st.none() | st.booleans() | st.integers() | st.floats(allow_nan=False) | st.text()
values = st.recursive(
    scalars,
    lambda inner: st.lists(inner) | st.dictionaries(st.text(), inner) | st.tuples(inner),
    max_leaves=20,
)


@given(values)
def test_a_literal_evaluates_to_the_value(value):
    assert eval(literal(value), {"float": float}) == value


@pytest.mark.parametrize("text", HOSTILE)
def test_a_hostile_text_is_one_printable_constant(text):
    source = literal(text)
    assert source.isprintable()
    assert isinstance(ast.parse(source, mode="eval").body, ast.Constant)
    assert ast.literal_eval(source) == text


def test_numbers_that_have_no_literal_are_made_by_float():
    assert literal([math.inf, -math.inf]) == '[float("inf"), float("-inf")]'
    assert math.isnan(eval(literal(math.nan)))


def test_letters_of_any_script_stay_and_quotes_are_double_unless_that_needs_escapes():
    assert literal("naïve 日本") == '"naïve 日本"'
    assert literal('say "no"') == "'say \"no\"'"
    assert literal("it's") == '"it\'s"'


def test_times_are_calls():
    instant = datetime.datetime(2013, 12, 31, 1, tzinfo=datetime.timezone(datetime.timedelta(hours=1)))
    assert literal(instant) == "datetime.datetime(2013, 12, 31, tzinfo=datetime.UTC)"
    assert literal(datetime.timedelta(days=30)) == "datetime.timedelta(days=30)"
    assert literal(datetime.date(2013, 1, 2)) == "datetime.date(2013, 1, 2)"


def test_what_is_no_data_is_refused():
    with pytest.raises(MlopscError, match="object cannot be written as Python"):
        literal({"a": object()})


def test_names_are_checked():
    assert call("datetime.date", 2013, 1, day="2") == 'datetime.date(2013, 1, day="2")'
    for name in ("a b", "class", "os.system('x')", "é", ""):
        with pytest.raises(MlopscError, match="no Python name"):
            dotted_name(name)


@pytest.mark.parametrize("text", [*HOSTILE, 'ends with "', "\\", '\\"', '""""'])
def test_comments_and_docstrings_hold_any_text(text):
    benign = "# x\ndef f():\n    '''x'''\n"
    source = f"# {comment(text)}\ndef f():\n    {docstring(text)}\n"
    tree = ast.parse(source)
    assert len(ast.dump(tree).split("Constant")) == len(ast.dump(ast.parse(benign)).split("Constant"))
    assert ast.get_docstring(tree.body[0]) is not None
