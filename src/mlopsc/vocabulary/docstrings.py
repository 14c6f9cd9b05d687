"""The texts below a class's fields, read from its source."""

import ast
import inspect
import sys
from collections.abc import Iterable, Iterator, Mapping
from functools import cache
from itertools import pairwise


def field_docstrings(kind: type) -> dict[str, str]:
    """Return field → the string that follows its declaration, in the class itself or in one that it derives from.

    Classes without source, such as those made by a function call, have none.
    """
    found: dict[str, str] = {}
    for one in reversed(kind.__mro__):
        found |= _of_module(one.__module__).get(one.__qualname__, {})
    return found


@cache
def _of_module(name: str) -> Mapping[str, dict[str, str]]:
    """Return the texts of each class of a module by qualified name; the source is parsed once for all of them."""
    try:
        source = inspect.getsource(sys.modules[name])
    except (KeyError, OSError, TypeError):
        return {}
    return dict(_classes(ast.parse(source).body, ""))


def _classes(body: Iterable[ast.stmt], prefix: str) -> Iterator[tuple[str, dict[str, str]]]:
    for statement in body:
        match statement:
            case ast.ClassDef(name=name, body=inner):
                yield f"{prefix}{name}", _own(inner)
                yield from _classes(inner, f"{prefix}{name}.")
            case ast.FunctionDef(name=name, body=inner):
                yield from _classes(inner, f"{prefix}{name}.<locals>.")


def _own(body: Iterable[ast.stmt]) -> dict[str, str]:
    found: dict[str, str] = {}
    for statement, following in pairwise(body):
        match statement, following:
            case (
                ast.AnnAssign(target=ast.Name(id=name)),
                ast.Expr(value=ast.Constant(value=str(text))),
            ):
                found[name] = inspect.cleandoc(text)
    return found
