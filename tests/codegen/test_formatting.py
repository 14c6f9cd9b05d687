import ast
import subprocess
import sys

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from mlopsc.codegen.formatting import format_code
from mlopsc.codegen.literals import literal
from mlopsc.diagnostics.errors import MlopscError

words = st.text("abcdefghij([{,}]) #", max_size=30)
values = st.recursive(
    words | st.integers() | st.none(),
    lambda inner: (
        st.lists(inner, max_size=6) | st.dictionaries(words, inner, max_size=6) | st.tuples(inner, inner)
    ),
    max_leaves=30,
)


def test_a_long_line_is_opened_at_its_brackets():
    source = (
        "train(features=['distance', 'carrier'], params={'max_iter': 200, 'learning_rate': 0.1, "
        "'long_parameter_name': None}, estimator='sklearn.ensemble.HistGradientBoostingClassifier')\n"
    )
    assert format_code(source) == (
        "train(\n"
        "    features=['distance', 'carrier'],\n"
        "    params={'max_iter': 200, 'learning_rate': 0.1, 'long_parameter_name': None},\n"
        "    estimator='sklearn.ensemble.HistGradientBoostingClassifier',\n"
        ")\n"
    )


@settings(max_examples=100)
@given(values)
def test_layout_keeps_the_meaning(value):
    source = f"def f():\n    return g(x={literal(value)}, y=[a for a in ({literal(value)}, 1)])\n"
    assert ast.dump(ast.parse(format_code(source))) == ast.dump(ast.parse(source))


def test_groups_subscripts_comprehensions_and_long_strings_survive():
    wide = "a" * 60
    for source in (
        f"x = ({wide} + {wide})\n",
        f"x: Dict[{wide}, {wide}] = f({wide})\n",
        f"x = [{wide} for {wide} in {wide}]\n",
        f'x = """\n{wide}(  {wide}  )\n\n\n\n\nend"""\n',
        f"x = {wide}  # {wide}(1, 2)\n",
        f"for x in [{wide}, {wide}]:\n    pass\n",
        f"x = ({literal('y' * 120)},)\n",
    ):
        assert ast.dump(ast.parse(format_code(source))) == ast.dump(ast.parse(source))


def test_ruff_finds_nothing_to_change(tmp_path):
    rows = [
        {"name": f"column_{number}", "checks": ["not_null"] * number, "limit": number / 3}
        for number in range(9)
    ]
    source = (
        f"config = make(rows={literal(rows)}, sole={literal([rows[8]])}, nested=text({literal(rows[8])}))\n"
    )
    path = tmp_path / "generated.py"
    path.write_text(format_code(source))
    command = [
        sys.executable,
        "-m",
        "ruff",
        "format",
        "--check",
        "--isolated",
        "--line-length",
        "100",
        str(path),
    ]
    assert subprocess.run(command, capture_output=True, text=True).returncode == 0


def test_a_broken_template_is_told():
    with pytest.raises(MlopscError, match="no Python"):
        format_code("def f(:\n")
