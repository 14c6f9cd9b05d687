"""Templates of generated code: text with `for` and simple `if`, where every value becomes a literal.

`{{ value }}` writes a Python literal, always. What shall be code is said so: `{{ name | name }}`,
`# {{ text | comment }}`, `{{ text | docstring }}`; each checks or escapes what it is given. An emitter
passes an expression as `Code`, made by `mlopsc.codegen.literals.call` and its kin.
"""

from functools import cache
from importlib import resources
from typing import Any

import jinja2

from mlopsc.codegen.formatting import format_code
from mlopsc.codegen.literals import Code, comment, docstring, dotted_name, literal


def render(package: str, template: str, /, **values: Any) -> str:
    """Return laid-out, parsed Python made from a template in the folder `templates` of a package.

    Raises jinja2.UndefinedError for a name that the template uses and `values` lack, MlopscError for a value
    that cannot be written or a result that is no Python.
    """
    return format_code(environment(package).get_template(template).render(values))


@cache
def environment(package: str) -> jinja2.Environment:
    """Return the environment for a package's templates."""
    made = jinja2.Environment(
        loader=jinja2.FunctionLoader(lambda name: _source(package, name)),
        undefined=jinja2.StrictUndefined,
        finalize=_finalize,
        autoescape=False,  # noqa: S701  # this is Python, not HTML: `finalize` makes every value a literal
        trim_blocks=True,
        lstrip_blocks=True,
        keep_trailing_newline=True,
    )
    made.filters.update(name=dotted_name, comment=comment, docstring=docstring)
    return made


def _source(package: str, name: str) -> str:
    return resources.files(package).joinpath("templates", name).read_text(encoding="utf-8")


def _finalize(value: Any) -> Code:
    if isinstance(value, jinja2.Undefined):
        str(value)  # StrictUndefined raises, with the name in its message
    return literal(value)
