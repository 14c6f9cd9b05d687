"""The texts below a class's fields, read from its source."""

import ast
import inspect
from itertools import pairwise
from textwrap import dedent


def field_docstrings(kind: type) -> dict[str, str]:
    """Return field → the string that follows its declaration, in the class itself or in one that it derives from.

    Classes without source, such as those made by a function call, have none.
    """
    found: dict[str, str] = {}
    for one in reversed(kind.__mro__):
        try:
            source = dedent(inspect.getsource(one))
        except (OSError, TypeError):
            continue
        found |= _own(source)
    return found


def _own(source: str) -> dict[str, str]:
    match ast.parse(source).body:
        case [ast.ClassDef(body=body)]:
            pass
        case _:
            return {}
    found: dict[str, str] = {}
    for statement, following in pairwise(body):
        match statement, following:
            case (
                ast.AnnAssign(target=ast.Name(id=name)),
                ast.Expr(value=ast.Constant(value=str(text))),
            ):
                found[name] = inspect.cleandoc(text)
    return found
