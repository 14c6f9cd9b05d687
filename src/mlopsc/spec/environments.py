"""What is settled when a spec is compiled: the environment that was chosen, and the values of variables.

Maps of an environment merge into the spec's, lists and scalars replace. `${vars.x}` is replaced: alone it
keeps the variable's type, inside text it is formatted. `${params.x}` and `$${` stay for the run, but a
reference that could not be resolved then is an error now.
"""

from collections.abc import Iterator, Mapping
from dataclasses import dataclass, replace
from typing import Any

from pydantic import TypeAdapter

from mlopsc.diagnostics.codes import report
from mlopsc.diagnostics.describe import describe
from mlopsc.diagnostics.diagnostic import Diagnostic
from mlopsc.diagnostics.suggest import did_you_mean
from mlopsc.spec.document import Document, Path, Piece
from mlopsc.spec.validation import validate_entry
from mlopsc.vocabulary.parameters import Parameter, check_value, normal_value, read_value
from mlopsc.vocabulary.references import Reference, Scalar, format_scalar, literal, references

_VARIABLE: TypeAdapter[Parameter] = TypeAdapter(Parameter)
_FIXED = frozenset({"apiVersion", "environments"})


@dataclass(frozen=True, eq=False)
class Resolved:
    """A spec for one environment: no `vars`, `environments` or `${vars.x}` is left in its values."""

    document: Document
    diagnostics: tuple[Diagnostic, ...]
    variables: Mapping[str, Scalar]
    """Those that have a value."""
    used: frozenset[str]
    """The variables that something refers to, in this environment or another."""
    unresolved: tuple[Path, ...] = ()
    """Where references are left that lead nowhere: what else is wrong there follows from it."""


def resolve(
    document: Document, environment: str | None = None, overrides: Mapping[str, str] | None = None
) -> Resolved:
    """Return the spec for an environment; `overrides` are values of variables as a command line has them."""
    resolver = _Resolver(document)
    resolver.declare()
    resolver.check_environments()
    chosen = resolver.choose(environment)
    resolver.give(chosen, environment, overrides or {})
    return resolver.resolved(chosen, environment)


class _Resolver:
    def __init__(self, document: Document) -> None:
        self.document = document
        self.found: list[Diagnostic] = []
        self.declared: dict[str, Parameter | None] = {}  # None: declared, but wrongly
        self.values: dict[str, Scalar] = {}
        self.used: set[str] = set()
        self.origins: dict[Path, Path] = {}
        self.pieces: dict[Path, tuple[Piece, ...]] = {}
        self.parameters: dict[str, Any] = {}
        self.unresolved: dict[Path, None] = {}

    def declare(self) -> None:
        for name, entry in self._map(("vars",)).items():
            path: Path = ("vars", name)
            checked = validate_entry(_VARIABLE, entry, path, self.document)
            variable = checked[0]
            self.found += checked[1]
            self.declared[name] = variable
            if variable and variable.default is not None:
                if self._checked(name, variable, variable.default, (*path, "default")):
                    self.values[name] = self._value_of(variable, variable.default)
                else:
                    self.declared[name] = None

    def check_environments(self) -> None:
        for name in self._map(("environments",)):
            path: Path = ("environments", name)
            for section in self._map(path):
                if section in _FIXED:
                    self._fault(
                        "MLC116", f"an environment cannot change '{section}'", (*path, section), key=True
                    )
            for variable, value in self._map((*path, "vars")).items():
                at = (*path, "vars", variable)
                if variable not in self.declared:
                    self._undefined(variable, at)
                elif declared := self.declared[variable]:
                    self._checked(variable, declared, value, at)

    def choose(self, environment: str | None) -> dict[str, Any]:
        if environment is None:
            return {}
        environments = self._map(("environments",))
        if environment not in environments:
            hint = (
                did_you_mean(environment, environments, noun="declared are")
                or "declare it under `environments`"
            )
            self._fault("MLC113", f"unknown environment '{environment}'", ("environments",), hint, key=True)
            return {}
        chosen = environments[environment]
        return chosen if isinstance(chosen, dict) else {}

    def give(self, chosen: dict[str, Any], environment: str | None, overrides: Mapping[str, str]) -> None:
        given = chosen.get("vars")
        if isinstance(given, dict) and environment is not None:
            for name, value in given.items():
                declared = self.declared.get(name)
                if declared and not check_value(declared, value):
                    self.values[name] = self._value_of(declared, value)
        for name, text in overrides.items():
            if name not in self.declared:
                hint = did_you_mean(name, self.declared, noun="declared are")
                self.found.append(report("MLC110", f"undefined variable '{name}'", help=hint))
            elif variable := self.declared[name]:
                try:
                    self.values[name] = read_value(variable, text)
                except ValueError as error:
                    self.found.append(report("MLC103", f"variable '{name}': {error}"))
        for name, variable in self.declared.items():
            if variable and name not in self.values:
                hint = "give it a default, choose an environment that sets it (-e), or set it with --var"
                self._fault("MLC115", f"variable '{name}' has no value", ("vars", name), hint, key=True)

    def resolved(self, chosen: dict[str, Any], environment: str | None) -> Resolved:
        value = {k: v for k, v in self.document.value.items() if k not in ("vars", "environments")}
        self.used |= set(_variables(self.document.value.get("environments")))
        if chosen and environment is not None:
            layer = {k: v for k, v in chosen.items() if k != "vars" and k not in _FIXED}
            value = self._merge(value, layer, (), ("environments", environment))
        merged = replace(self.document, value=value, origins=self.origins, diagnostics=())
        self.document = merged
        if "${" in merged.text:
            declared = value.get("parameters")
            self.parameters = declared if isinstance(declared, dict) else {}
            value = {key: self._substitute(item, (key,)) for key, item in value.items()}
        document = replace(merged, value=value, pieces=self.pieces)
        return Resolved(
            document, tuple(self.found), dict(self.values), frozenset(self.used), tuple(self.unresolved)
        )

    def _merge(self, base: Any, layer: Any, path: Path, source: Path) -> Any:
        if isinstance(base, dict) and isinstance(layer, dict):
            merged = dict(base)
            for key, value in layer.items():
                at, origin = (*path, key), (*source, key)
                if key in base:
                    merged[key] = self._merge(base[key], value, at, origin)
                else:
                    merged[key] = value
                    self.origins[at] = origin
            return merged
        self.origins[path] = source
        return layer

    def _substitute(self, value: Any, path: Path) -> Any:
        if isinstance(value, str):
            return self._filled(value, path) if "${" in value else value
        if isinstance(value, dict):
            return {key: self._substitute(item, (*path, key)) for key, item in value.items()}
        if isinstance(value, list):
            return [self._substitute(item, (*path, number)) for number, item in enumerate(value)]
        return value

    def _filled(self, text: str, path: Path) -> Scalar:
        parts: list[str] = []
        pieces: list[Piece] = []
        at = length = 0
        for reference in references(text):
            value = self._value(reference, path)
            if value is None:
                if reference.namespace != "params" or reference.name not in self.parameters:
                    self.unresolved[path] = None
                continue
            if reference.start == 0 and reference.end == len(text):
                return value
            shown = format_scalar(value)
            parts += [text[at : reference.start], shown]
            start = length + reference.start - at
            length = start + len(shown)
            pieces.append(Piece(start, length, reference.start, reference.end))
            at = reference.end
        if not pieces:
            return text
        self.pieces[path] = tuple(pieces)
        return "".join(parts) + text[at:]

    def _value(self, reference: Reference, path: Path) -> Scalar:
        """Return what to put in the reference's place; None leaves it as it is."""
        name = reference.name
        match reference.namespace:
            case "vars":
                self.used.add(name)
                if name not in self.declared:
                    self._undefined(name, path, reference)
                value = self.values.get(name)
                return value.replace("${", "$${") if isinstance(value, str) else value
            case "params":
                if name not in self.parameters:
                    hint = did_you_mean(name, self.parameters, noun="declared are")
                    hint = hint or "declare it under 'parameters'"
                    self._at(reference, path, "MLC111", f"undefined parameter '{name}'", hint)
            case _:
                self._at(reference, path, "MLC114", reference.fault, "a literal '${' is written '$${'")
        return None

    def _checked(self, name: str, variable: Parameter, value: Any, path: Path) -> bool:
        fault = check_value(variable, value)
        if fault:
            code = {"duration": "MLC107", "timestamp": "MLC108"}.get(variable.type, "MLC103")
            self._fault(code, f"variable '{name}': {fault}", path)
            return False
        if isinstance(value, str) and "${" in literal(value) and any(references(value)):
            hint = "a literal '${' is written '$${'"
            self._fault("MLC114", f"variable '{name}': its value cannot refer to others", path, hint)
            return False
        return True

    def _value_of(self, variable: Parameter, value: Any) -> Scalar:
        return normal_value(variable, literal(value) if isinstance(value, str) else value)

    def _undefined(self, name: str, path: Path, reference: Reference | None = None) -> None:
        hint = did_you_mean(name, self.declared, noun="declared are") or "declare it under 'vars'"
        if reference:
            self._at(reference, path, "MLC110", f"undefined variable '{name}'", hint)
        else:
            self._fault("MLC110", f"undefined variable '{name}'", path, hint, key=True)

    def _at(self, reference: Reference, path: Path, code: str, message: str, hint: str) -> None:
        span = self.document.scalar_span(path, reference.start, reference.end - reference.start)
        self.found.append(report(code, message, span, help=hint))

    def _fault(
        self, code: str, message: str, path: Path, hint: str | None = None, *, key: bool = False
    ) -> None:
        place = self.document.key_span if key else self.document.value_span
        span = place(path) if path[0] in self.document.value else None
        self.found.append(report(code, message, span, help=hint))

    def _map(self, path: Path) -> dict[str, Any]:
        """Return the map at a path of the document; what is there but no map is reported and empty."""
        value: Any = self.document.value
        for part in path:
            value = value.get(part) if isinstance(value, dict) else None
        if isinstance(value, dict):
            return value
        if value is not None:
            self._fault("MLC103", f"'{path[-1]}': expected a map, found {describe(value)}", path)
        return {}


def _variables(value: Any) -> Iterator[str]:
    """Yield the names of the variables that the texts of a value refer to."""
    if isinstance(value, str) and "${" in value:
        yield from (found.name for found in references(value) if found.namespace == "vars")
    elif isinstance(value, dict | list):
        for item in value.values() if isinstance(value, dict) else value:
            yield from _variables(item)
