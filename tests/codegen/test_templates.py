import ast
import sys

import jinja2
import pytest

from mlopsc.codegen.templates import render
from mlopsc.diagnostics.errors import MlopscError

TEMPLATE = """\
# {{ title | comment }}
def {{ name | name }}({{ name | name }}={{ value }}):
    {{ title | docstring }}
{% for item in items %}
    yield {{ item }}
{% endfor %}
"""


@pytest.fixture
def package(tmp_path, monkeypatch):
    (tmp_path / "templated_package" / "templates").mkdir(parents=True)
    (tmp_path / "templated_package" / "__init__.py").touch()
    (tmp_path / "templated_package" / "templates" / "module.py.j2").write_text(TEMPLATE)
    monkeypatch.syspath_prepend(tmp_path)
    yield "templated_package"
    sys.modules.pop("templated_package", None)


def test_every_value_becomes_a_literal(package):
    text = render(package, "module.py.j2", title="Do it", name="run", value="x\n)", items=[None, 1.5, "y"])
    assert text == (
        '# Do it\ndef run(run="x\\n)"):\n    """Do it"""\n    yield None\n    yield 1.5\n    yield "y"\n'
    )


def test_a_payload_changes_nothing_but_constants(package):
    payload = '"""\nimport os\n{{ 7 * 7 }}{% raw %}\\'
    text = render(package, "module.py.j2", title=payload, name="run", value=payload, items=[payload])
    benign = render(package, "module.py.j2", title="x", name="run", value="x", items=["x"])

    def shape(source):
        tree = ast.parse(source)
        for node in ast.walk(tree):
            if isinstance(node, ast.Constant):
                node.value = None
        return ast.dump(tree)

    assert shape(text) == shape(benign)


def test_a_name_is_checked_not_quoted(package):
    with pytest.raises(MlopscError, match="no Python name"):
        render(package, "module.py.j2", title="", name="run(), x", value=1, items=[])


def test_a_forgotten_value_is_an_error(package):
    with pytest.raises(jinja2.UndefinedError, match="'value' is undefined"):
        render(package, "module.py.j2", title="", name="run", items=[])
