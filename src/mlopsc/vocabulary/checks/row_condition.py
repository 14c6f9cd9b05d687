"""Great Expectations' `row_condition`, in the syntax of pandas' `query` or as a structured condition, as SQL.

Nulls mean what they do there. In pandas a comparison with a missing value is false, and so `!=` is true, and `not`
makes true of false; a condition that the parser of Great Expectations reads is SQL's: it is not met, whatever it is.
"""

import ast
import io
import re
import tokenize
from collections.abc import Mapping
from typing import Annotated, Any, Literal

from pydantic import AfterValidator, StringConstraints

ConditionParser = Literal["pandas", "great_expectations", "great_expectations__experimental__"]

_LENGTH = 10_000
_COMPARISONS: dict[type[ast.cmpop], str] = {
    ast.Eq: "=", ast.NotEq: "<>", ast.Lt: "<", ast.LtE: "<=", ast.Gt: ">", ast.GtE: ">=",
}  # fmt: skip
_ARITHMETIC: dict[type[ast.operator], str] = {ast.Add: "+", ast.Sub: "-", ast.Mult: "*", ast.Div: "/"}
_WORDS = {"&": "and", "|": "or", "~": "not", "&&": "and", "||": "or"}
_OPERATORS = {"==": "=", "!=": "<>", "<": "<", "<=": "<=", ">": ">", ">=": ">="}
_GX = re.compile(
    r'\s*col\("(?P<column>[^"]+)"\)\s*(?:(?P<null>\.not_?null\(\))|(?P<operator>==|!=|<=|>=|<|>)\s*'
    r"(?:(?P<number>[+-]?\d+(?:\.\d*)?(?:[eE][+-]?\d+)?)"
    r"""|(?P<date>date\()?(?:"(?P<double>[^"']*)"|'(?P<single>[^"']*)')(?(date)\))))\s*""",
    re.IGNORECASE,
)


class _Untranslated(ValueError):
    """What there is no SQL for, with the place in the text where that is known."""


def as_sql(condition: str | Mapping[str, Any]) -> str:
    """Return the SQL of a condition; raises ValueError, with the place, for what cannot be said in it."""
    if isinstance(condition, Mapping):
        return _structured(condition)
    if len(condition) > _LENGTH:
        raise _Untranslated(f"the condition has {len(condition)} characters, at most {_LENGTH} are read")
    if found := _GX.fullmatch(condition):
        return _of_great_expectations(found)
    if 'col("' in condition:
        raise _Untranslated(
            f'{condition!r} is no condition of Great Expectations: expected col("NAME"), an operator and a value'
        )
    return _Pandas(condition).sql()


def _of_great_expectations(found: re.Match[str]) -> str:
    column = quoted(found["column"])
    if found["null"]:
        return f"{column} is not null"
    if found["number"]:
        value = found["number"]
    else:
        value = _literal(found["double"] if found["double"] is not None else found["single"])
    return f"{column} {_OPERATORS[found['operator']]} {value}"


def quoted(column: str) -> str:
    """Return a column's name as SQL has it."""
    return '"' + column.replace('"', '""') + '"'


def _literal(value: object) -> str:
    match value:
        case bool():
            return "true" if value else "false"
        case int() | float():
            return repr(value)
        case str():
            return "'" + value.replace("'", "''") + "'"
        case _:
            raise _Untranslated(f"{value!r} is neither a number nor a text")


def _structured(condition: Mapping[str, Any]) -> str:
    match condition:
        case {"type": "and" | "or" as word, "conditions": [*parts]} if parts:
            return "(" + f" {word} ".join(f"({_structured(part)})" for part in parts) + ")"
        case {"type": "nullity", "column": column, "is_null": bool() as is_null}:
            return f"{_named(column)} is {'null' if is_null else 'not null'}"
        case {
            "type": "comparison",
            "column": column,
            "operator": "IN" | "NOT_IN" as word,
            "parameter": [*values],
        }:
            inside = _among(_named(column), [_literal(value) for value in values])
            return inside if word == "IN" else f"not {inside}"
        case {"type": "comparison", "column": column, "operator": operator, "parameter": value}:
            if operator not in _OPERATORS:
                known = ", ".join([*_OPERATORS, "IN", "NOT_IN"])
                raise _Untranslated(f"unknown operator {operator!r}: expected one of {known}")
            return _compared(_named(column), _OPERATORS[operator], _literal(value))
        case {"type": "pass_through", "pass_through_filter": str() as text}:
            return as_sql(text)
        case _:
            raise _Untranslated(
                f"{dict(condition)!r} is no condition: expected `type` comparison (column, operator, parameter), "
                "nullity (column, is_null), and, or (conditions) or pass_through (pass_through_filter)"
            )


def _named(column: object) -> str:
    match column:
        case {"name": str() as name}:
            return quoted(name)
        case str():
            return quoted(column)
        case _:
            raise _Untranslated(f"{column!r} is no column: expected its name")


def _compared(left: str, operator: str, right: str) -> str:
    """Return a comparison that is false where SQL's is null, and for `<>` true."""
    if operator == "<>":
        return f"not coalesce({left} = {right}, false)"
    return f"coalesce({left} {operator} {right}, false)"


def _among(left: str, values: list[str]) -> str:
    return f"coalesce({left} in ({', '.join(values)}), false)" if values else "false"


class _Pandas:
    """The text of a condition as `DataFrame.query` reads it."""

    def __init__(self, text: str) -> None:
        self.text = text
        self.columns: dict[str, str] = {}

    def sql(self) -> str:
        try:
            tree = ast.parse(self._python(), mode="eval")
            return self._condition(tree.body)
        except (SyntaxError, tokenize.TokenError, MemoryError, RecursionError) as error:
            reason = error.msg if isinstance(error, SyntaxError) else "it cannot be read"
            place = f" at character {error.offset}" if isinstance(error, SyntaxError) and error.offset else ""
            raise _Untranslated(f"{self.text!r} is no condition of pandas{place}: {reason}") from error

    def _python(self) -> str:
        """Return Python of it: names in backticks become plain ones, `&`, `|` and `~` the words that they mean."""
        plain = re.sub(r"`([^`\n]+)`", self._backticks, self.text.replace("\n", " "))
        parts = []
        for token in tokenize.generate_tokens(io.StringIO(plain).readline):
            if token.type == tokenize.OP and token.string in _WORDS:
                parts.append((tokenize.NAME, _WORDS[token.string]))
            elif token.string == "@":
                raise _Untranslated(
                    f"{self.text!r} names a variable with @, and there are none: write its value"
                )
            else:
                parts.append((token.type, token.string))
        return tokenize.untokenize(parts).strip()

    def _backticks(self, found: re.Match[str]) -> str:
        name = f"__backticked_{len(self.columns)}__"
        self.columns[name] = found[1]
        return f" {name} "

    def _condition(self, node: ast.expr) -> str:
        match node:
            case ast.BoolOp(op=op, values=values):
                word = " and " if isinstance(op, ast.And) else " or "
                return "(" + word.join(self._condition(value) for value in values) + ")"
            case ast.UnaryOp(op=ast.Not(), operand=operand):
                return f"(not {self._condition(operand)})"
            case ast.Compare(left=left, ops=ops, comparators=right):
                sides = [left, *right]
                pairs = zip(sides, ops, sides[1:], strict=False)
                return "(" + " and ".join(self._compare(*pair) for pair in pairs) + ")"
            case ast.Call(func=ast.Attribute(value=owner, attr=method), args=arguments, keywords=[]):
                return self._method(node, self._value(owner), method, arguments)
            case ast.Constant(value=bool() as value):
                return _literal(value)
            case ast.Name():
                return f"coalesce({self._value(node)}, false)"
            case _:
                raise self._not_here(
                    node, "expected a comparison, `in`, a method such as isnull(), and, or, not"
                )

    def _method(self, node: ast.expr, owner: str, method: str, arguments: list[ast.expr]) -> str:
        match method, arguments:
            case (("isnull" | "isna"), []):
                return f"({owner} is null)"
            case (("notnull" | "notna"), []):
                return f"({owner} is not null)"
            case "isin", [ast.List(elts=values) | ast.Tuple(elts=values) | ast.Set(elts=values)]:
                return _among(owner, [self._value(value) for value in values])
            case "between", [low, high]:
                return f"coalesce({owner} between {self._value(low)} and {self._value(high)}, false)"
            case _:
                known = "isnull(), isna(), notnull(), notna(), isin([…]), between(…, …)"
                raise self._not_here(node, f"known methods are {known}")

    def _compare(self, left: ast.expr, operator: ast.cmpop, right: ast.expr) -> str:
        match operator, right:
            case (
                (ast.In() | ast.Eq()),
                (ast.List(elts=values) | ast.Tuple(elts=values) | ast.Set(elts=values)),
            ):
                return _among(self._value(left), [self._value(value) for value in values])
            case (
                (ast.NotIn() | ast.NotEq()),
                (ast.List(elts=values) | ast.Tuple(elts=values) | ast.Set(elts=values)),
            ):
                return "not " + _among(self._value(left), [self._value(value) for value in values])
            case _ if type(operator) in _COMPARISONS:
                return _compared(self._value(left), _COMPARISONS[type(operator)], self._value(right))
            case _:
                raise self._not_here(right, "`in` needs a list, and `is` has no meaning")

    def _value(self, node: ast.expr) -> str:
        match node:
            case ast.Name(id=name):
                return quoted(self.columns.get(name, name))
            case ast.Constant(value=bool() | int() | float() | str() as value):
                return _literal(value)
            case ast.Constant(value=None):
                raise self._not_here(node, "nothing equals None: write COLUMN.isnull()")
            case ast.UnaryOp(op=ast.USub(), operand=operand):
                return f"(-{self._value(operand)})"
            case ast.BinOp(left=left, op=op, right=right) if type(op) in _ARITHMETIC:
                return f"({self._value(left)} {_ARITHMETIC[type(op)]} {self._value(right)})"
            case _:
                raise self._not_here(node, "expected a column, a number or a text")

    def _not_here(self, node: ast.expr, expected: str) -> _Untranslated:
        found = ast.unparse(node)
        for name, column in self.columns.items():
            found = found.replace(name, f"`{column}`")
        return _Untranslated(
            f"{found!r} in the condition {self.text!r} has no translation to SQL: {expected}"
        )


def _translatable(condition: Any) -> Any:
    as_sql(condition)
    return condition


RowCondition = Annotated[
    Annotated[str, StringConstraints(min_length=1)] | dict[str, Any], AfterValidator(_translatable)
]
"""A condition of Great Expectations that can be said in SQL."""
