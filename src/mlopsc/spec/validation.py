"""One entry of a spec against its model: every fault located, in the spec's words.

Models derive from `vocabulary.base.Frozen`, which is strict about scalars and takes lists for tuples, so
entries are validated as they are. pydantic tells where a fault is by a `loc` that mixes keys with marks of
unions; it is followed through the model's core schema, which knows which is which, and which keys there
would have been.
"""

from collections.abc import Iterator, Sequence
from copy import deepcopy
from dataclasses import dataclass
from typing import Any, TypeVar, get_args

from pydantic import TypeAdapter, ValidationError

from mlopsc.diagnostics.codes import CODES, report
from mlopsc.diagnostics.describe import describe, requirement
from mlopsc.diagnostics.diagnostic import Diagnostic, Span
from mlopsc.diagnostics.suggest import did_you_mean, nearest
from mlopsc.spec.document import Document, Path
from mlopsc.vocabulary.checks.choice import LAZY_CHOICES, LazyChoices
from mlopsc.vocabulary.names import DottedPath, FunctionReference, Name
from mlopsc.vocabulary.policy import Memory

T = TypeVar("T")

_EXPECTED = {
    "int_type": "a whole number",
    "int_from_float": "a whole number",
    "float_type": "a number",
    "finite_number": "a finite number",
    "string_type": "text",
    "bool_type": "true or false",
    "tuple_type": "a list",
    "list_type": "a list",
    "set_type": "a list",
    "frozen_set_type": "a list",
    "dict_type": "a map",
    "model_type": "a map",
    "model_attributes_type": "a map",
    "none_required": "null",
}
_RANGE = frozenset(
    {"greater_than", "greater_than_equal", "less_than", "less_than_equal", "multiple_of", "too_short"}
    | {"too_long", "string_too_short", "string_too_long"}
)
_FORMS = {
    get_args(kind)[1].pattern: words
    for kind, words in (
        (Name, "a name (a letter, then letters, digits or underscores, at most 63)"),
        (FunctionReference, "a function such as package.module:function"),
        (DottedPath, "a dotted path such as sklearn.linear_model.Ridge"),
        (Memory, "an amount of memory such as 512Mi or 4Gi"),
    )
}
"""What texts of a fixed form are called."""
_TIMES = {"timedelta": "MLC107", "datetime": "MLC108"}


@dataclass(frozen=True, slots=True)
class _Place:
    """Where a `loc` leads: the path of the entry's values, and the core schema of what stands there."""

    path: Path
    schema: dict[str, Any]


def validate_entry(
    adapter: TypeAdapter[T], value: Any, path: Path, document: Document
) -> tuple[T | None, list[Diagnostic]]:
    """Return the model that a value at a path of the document makes, and what is wrong with it.

    A value with faults still gives a model where they are details: keys that do not exist are read as the ones that
    were meant, or left out, and faulty values below the entry's own keys are left out. So its meaning can be checked
    in the same go. None where more is wrong.
    """
    try:
        return adapter.validate_python(value), []
    except ValidationError as error:
        translator = _Translator(adapter, value, path, document)
        return translator.salvage(error), translator.translate(error)


def misplaced_parameter(document: Document, path: Path) -> Diagnostic:
    """Return the fault of a `${params.x}` where a run has nothing to decide, or must not change a query's text."""
    help = "use ${vars.name}, which is settled when the spec is compiled"
    if path[:1] == ("datasets",) and path[-1] == "query":
        help = "write :name in its place, and `parameters: {name: ${params.…}}` beside the query"
    return report(
        "MLC112",
        f"a run-time parameter cannot stand in {_where(path)}",
        document.value_span(path),
        help=help,
    )


class _Translator:
    def __init__(self, adapter: TypeAdapter[Any], value: Any, path: Path, document: Document) -> None:
        self.adapter, self.value, self.path, self.document = adapter, value, path, document
        schema: Any = adapter.core_schema
        self.definitions: dict[str, Any] = {}
        if schema["type"] == "definitions":
            self.definitions = {part["ref"]: part for part in schema["definitions"]}
            schema = schema["schema"]
        self.schema: dict[str, Any] = schema

    def translate(self, error: ValidationError) -> list[Diagnostic]:
        faults = [(self._locate(item), item) for item in error.errors(include_url=False)]
        deepest = {place.path[:length] for place, _ in faults for length in range(len(place.path))}
        ruled = {place.path for place, item in faults if _is_rule(item)}
        alternatives: dict[Path, list[str]] = {}
        found: dict[Diagnostic, None] = {}
        kept = []
        unknown = [place.path for place, item in faults if item["type"] == "extra_forbidden"]
        for place, item in faults:
            if item["type"] == "missing" and any(
                path[:-1] == place.path[:-1] and nearest(str(path[-1]), [str(place.path[-1])])
                for path in unknown
            ):
                continue  # it is there, misspelt
            if item["type"] == "too_short" and place.path in deepest:
                continue  # only what could be read was counted
            if item["type"] in _EXPECTED:
                if place.path in deepest or (place.path in ruled and isinstance(item["input"], str)):
                    continue  # another branch of a union, which the value was not meant for
                wanted = alternatives.setdefault(place.path, [])
                if _EXPECTED[item["type"]] not in wanted:
                    wanted.append(_EXPECTED[item["type"]])
            kept.append((place, item))
        several = len({place.path for place, _ in kept}) < len(kept)
        for place, item in kept:
            if several and _is_reference(item) and _mentions_none(item["input"]):
                continue  # the value was not meant as a reference
            found[self._diagnostic(place, item, alternatives.get(place.path, []))] = None
        return list(found)

    def salvage(self, error: ValidationError) -> Any:
        """Return the model of the value without its faulty details, None where it is not one then either."""
        value = deepcopy(self.value)
        for item in error.errors(include_url=False):
            place = self._locate(item)
            unknown = item["type"] == "extra_forbidden"
            if not unknown and (len(place.path) < 2 or item["type"] == "missing"):
                return None
            owner = _at(value, place.path[:-1])
            if not isinstance(owner, dict) or place.path[-1] not in owner:
                continue  # a list's entry, or gone with an earlier fault of the same value
            left_out = owner.pop(place.path[-1])
            free = [name for name in self._fields(place.schema) if name not in owner] if unknown else []
            if meant := nearest(str(place.path[-1]), free):
                owner[meant] = left_out
        try:
            return self.adapter.validate_python(value)
        except ValidationError:
            return None

    def _diagnostic(self, place: _Place, item: Any, alternatives: list[str]) -> Diagnostic:
        kind, found, context = item["type"], item["input"], item.get("ctx", {})
        at = self.path + place.path
        is_key = bool(item["loc"]) and item["loc"][-1] == "[key]"
        span = self.document.key_span(at) if is_key else self.document.value_span(at)
        if isinstance(found, str) and "${params." in found and kind != "extra_forbidden":
            return misplaced_parameter(self.document, at)
        if kind == "extra_forbidden":
            key = str(place.path[-1])
            known = self._fields(place.schema)
            given = _at(self.value, place.path[:-1])
            free = [name for name in known if name not in given] if isinstance(given, dict) else known
            hint = did_you_mean(key, free if nearest(key, free) else known, noun="keys here are", limit=40)
            hint = _renamed(key, found, known) or hint
            return report("MLC101", f"unknown key '{key}'", self.document.key_span(at), help=hint)
        if kind == "missing":
            return self._missing(place.path[:-1], str(place.path[-1]), None)
        if kind == "union_tag_not_found":
            names = _quoted(context["discriminator"])
            choices = _choices(place.schema)
            return self._missing(place.path, names[0], f"one of {', '.join(choices)}")
        if kind == "union_tag_invalid" or (
            place.schema.get("type") == "tagged-union" and _has(found, "type")
        ):
            name = _quoted(context.get("discriminator", "'type'"))[0]
            choices = _choices(place.schema)
            return self._choice(found[name] if isinstance(found, dict) else found, choices, (*at, name))
        if kind in {"literal_error", "enum"}:
            expected = place.schema.get("expected") or [member.value for member in place.schema["members"]]
            return self._choice(found, [str(choice) for choice in expected], at)
        if kind in _EXPECTED:
            wanted = " or ".join(alternatives)
            hint = _hint(wanted, found) or (self._keys(place.schema) if wanted == "a map" else None)
            return report("MLC103", f"expected {wanted}, found {describe(found)}", span, help=hint)
        return self._rule(place, item, span)

    def _keys(self, schema: dict[str, Any]) -> str | None:
        """Say which keys a map has, or what its first one tells of several kinds."""
        if schema.get("type") == "tagged-union":
            return f"write {{{schema['discriminator']}: …}}, one of {', '.join(_choices(schema))}"
        keys = self._fields(schema)
        return did_you_mean("", keys, noun="its key is" if len(keys) == 1 else "its keys are", limit=40)

    def _rule(self, place: _Place, item: Any, span: Span) -> Diagnostic:
        kind, found = item["type"], item["input"]
        message = str(item["msg"]).removeprefix("Value error, ").removeprefix("Assertion failed, ")
        if kind in CODES:  # a validator of the vocabulary that knows its code
            return report(kind, message, span, help=item.get("ctx", {}).get("help"))
        if kind == "too_short":
            least = item["ctx"]["min_length"]
            return report("MLC105", f"expected at least {least} {'entry' if least == 1 else 'entries'}", span)
        if kind in _RANGE:
            return report("MLC105", f"{requirement(message)}, found {describe(found)}", span)
        if kind == "string_pattern_mismatch":
            pattern = item["ctx"]["pattern"]
            words = _FORMS.get(pattern, f"text of the form {pattern}")
            return report("MLC106", f"expected {words}, found {describe(found)}", span)
        if kind == "value_error":
            return report(_TIMES.get(self._inner(place.schema).get("type", ""), "MLC109"), message, span)
        return report("MLC103", f"{requirement(message)}, found {describe(found)}", span)

    def _missing(self, path: Path, key: str, hint: str | None) -> Diagnostic:
        span = self.document.key_span(self.path + path)
        return report("MLC102", f"{_where(self.path + path)} lacks the key '{key}'", span, help=hint)

    def _choice(self, found: Any, choices: Sequence[str], at: Path) -> Diagnostic:
        span = self.document.value_span(at)
        hint = did_you_mean(found, choices, limit=40) if isinstance(found, str) else None
        if at and at[-1] == "expect":
            hint = hint or "checks are named as in Great Expectations, without 'expect_'"
            return report("MLC314", f"unknown check {describe(found).removeprefix('text ')}", span, help=hint)
        expected = f"expected one of {', '.join(choices)}" if len(choices) > 1 else f"expected {choices[0]}"
        known = hint if hint and hint.startswith("did") else None
        return report("MLC104", f"{expected}, found {describe(found)}", span, help=known)

    def _locate(self, item: Any) -> _Place:
        candidates = list(self._follow(self.schema, item["loc"], self.value, ()))
        for candidate in candidates:
            value = _at(self.value, candidate.path[:-1] if item["type"] == "missing" else candidate.path)
            if value is item["input"]:
                return candidate
        if candidates:
            return candidates[0]
        path: Path = ()
        for part in item["loc"]:
            if _at(self.value, (*path, part)) is not None:
                path = (*path, part)
        return _Place(path, {})

    def _follow(self, schema: Any, loc: tuple[Any, ...], value: Any, path: Path) -> Iterator[_Place]:
        """Yield the places that the rest of a `loc` may mean, below a schema and a value."""
        schema = self._inner(schema)
        if not loc:
            yield _Place(path, schema)
            return
        part, rest = loc[0], loc[1:]
        inside = value[part] if _has(value, part) else None
        match schema["type"]:
            case "model-fields" | "typed-dict" | "dataclass-args":
                field = schema["fields"].get(part)
                if field is None:  # an unknown key: its place is told by the fields there are
                    yield _Place((*path, part), schema)
                else:
                    yield from self._follow(field["schema"], rest, inside, (*path, part))
            case "dict":
                key = rest and rest[0] == "[key]"
                side = schema.get("keys_schema" if key else "values_schema", {"type": "any"})
                yield from self._follow(side, rest[1:] if key else rest, inside, (*path, part))
            case "tuple" | "list" | "set" | "frozenset":
                items = schema.get("items_schema", {"type": "any"})
                if isinstance(items, list):
                    items = items[min(part, len(items) - 1)] if isinstance(part, int) else items[0]
                yield from self._follow(items, rest, inside, (*path, part))
            case "tagged-union":
                if part in schema["choices"]:
                    yield from self._follow(schema["choices"][part], rest, value, path)
            case "union":
                for choice in schema["choices"]:
                    branch = choice[0] if isinstance(choice, tuple) else choice
                    yield from self._follow(branch, rest, value, path)
            case "function-plain" if (lazy := _lazy(schema)) and isinstance(value, dict):
                if lazy.name_of(value) in lazy.names:
                    chosen: Any = TypeAdapter(lazy.model_of(lazy.name_of(value))).core_schema
                    if chosen["type"] == "definitions":
                        self.definitions |= {part["ref"]: part for part in chosen["definitions"]}
                        chosen = chosen["schema"]
                    yield from self._follow(chosen, loc, value, path)
            case _:
                return

    def _inner(self, schema: dict[str, Any]) -> dict[str, Any]:
        """Return a schema without what only wraps it, and that adds nothing to a `loc`."""
        while True:
            if schema["type"] == "definition-ref":
                schema = self.definitions[schema["schema_ref"]]
            elif schema["type"] in {"tagged-union", "union", "dict", "tuple"} or "schema" not in schema:
                return schema
            else:
                schema = schema["schema"]

    def _fields(self, schema: dict[str, Any]) -> list[str]:
        return sorted(schema.get("fields", {}))


def _lazy(schema: dict[str, Any]) -> LazyChoices | None:
    found: LazyChoices | None = schema.get("metadata", {}).get(LAZY_CHOICES)
    return found


def _choices(schema: dict[str, Any]) -> list[str]:
    lazy = _lazy(schema)
    return [str(choice) for choice in (lazy.names if lazy else schema.get("choices", {}))]


def _renamed(key: str, value: Any, known: Sequence[str]) -> str | None:
    """Return how a key of an earlier version, with its value, is written now; None for any other key."""
    if key == "severity" and "on_failure" in known:
        meant = {"error": "block", "critical": "block", "warn": "warn", "warning": "warn", "info": "warn"}
        return (
            f"did you mean `on_failure: {meant.get(value, 'block') if isinstance(value, str) else 'block'}`?"
        )
    return None


def _is_rule(item: Any) -> bool:
    """Say whether a value had the right type and broke a rule of its text."""
    return item["type"] == "value_error" and not _is_reference(item)


def _is_reference(item: Any) -> bool:
    return item["type"] == "value_error" and "expected a reference" in item["msg"]


def _mentions_none(value: Any) -> bool:
    return not (isinstance(value, str) and "${params." in value)


def _at(value: Any, path: Path) -> Any:
    for part in path:
        if not _has(value, part):
            return None
        value = value[part]
    return value


def _has(value: Any, part: Any) -> bool:
    if isinstance(value, dict):
        return part in value
    return isinstance(value, list) and isinstance(part, int) and part < len(value)


def _where(path: Path) -> str:
    """Return how a diagnostic calls an entry: its last key, and the position in a list."""
    names = [part for part in path if isinstance(part, str)]
    name = f"'{names[-1]}'" if names else "the file"
    return f"entry {path[-1] + 1} of {name}" if path and isinstance(path[-1], int) else name


def _quoted(text: str) -> list[str]:
    """Return the names that pydantic lists in quotes: `'a' | 'b'`."""
    return [part.strip(" '") for part in text.split("|")]


def _hint(wanted: str, found: Any) -> str | None:
    if isinstance(found, bool | int | float) and wanted == "text":
        shown = ("true" if found else "false") if isinstance(found, bool) else found
        return f"write it in quotes: '{shown}'"
    if isinstance(found, str):
        if wanted == "true or false" and found.lower() in {"yes", "no", "on", "off", "true", "false"}:
            return f"write {'true' if found.lower() in {'yes', 'on', 'true'} else 'false'}, without quotes"
        if "number" in wanted and found.replace("_", "").lstrip("-").replace(".", "", 1).isdigit():
            return f"write {found.replace('_', '')}, without quotes"
        if wanted == "a list":
            return f"write [{found}]" if found.isprintable() and "," not in found else None
    return None
