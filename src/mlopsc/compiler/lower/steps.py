"""Building blocks of lowering: a step from an operation's fields, without what is left at its default."""

from collections.abc import Iterable, Mapping
from datetime import datetime, timedelta
from pathlib import Path
from typing import Any, Literal, get_args, get_origin

from pydantic import BaseModel
from pydantic.fields import FieldInfo
from pydantic_core import to_jsonable_python

from mlopsc.diagnostics.diagnostic import Span
from mlopsc.plan.plan import Artifact, Fan, Source, Step, rule_path
from mlopsc.spec.document import Document
from mlopsc.vocabulary.operations import Operation
from mlopsc.vocabulary.policy import Policy
from mlopsc.vocabulary.references import ParameterReference, literal
from mlopsc.vocabulary.time import format_duration, format_timestamp


def configuration(operation: type[Operation], **fields: Any) -> Any:
    """Return an operation's configuration as JSON: what equals its default is left out, references stay text."""
    chosen = {name: value for name, value in fields.items() if value is not None}
    return _written(operation.model_construct(**chosen))


def _written(value: Any) -> Any:
    """Return a value as JSON in which models say only what differs from their defaults, and of what kind they are."""
    match value:
        case BaseModel():
            fields = type(value).model_fields
            kind_first = sorted(value, key=lambda field: not _tells_kind(fields[field[0]]))
            return {
                name: _written(part)
                for name, part in kind_first
                if part != fields[name].default or _tells_kind(fields[name])
            }
        case dict():
            return {key: _written(item) for key, item in value.items()}
        case tuple() | list():
            return [_written(item) for item in value]
        case timedelta():
            return format_duration(value)
        case datetime():
            return format_timestamp(value)
        case ParameterReference():
            return str(value)
        case _:
            return to_jsonable_python(value)


def _tells_kind(field: FieldInfo) -> bool:
    return get_origin(field.annotation) is Literal and len(get_args(field.annotation)) == 1


def make_step(
    name: str,
    operation: type[Operation],
    document: Document,
    origin: tuple[str, ...],
    /,
    *,
    inputs: Mapping[str, Artifact] | None = None,
    after: tuple[str, ...] = (),
    policy: Policy | None = None,
    rules: Iterable[tuple[str | int, ...]] = (),
    fan: Fan | None = None,
    **fields: Any,
) -> Step:
    """Return a step that came from the entry at `origin`; `rules` are paths below it whose places it remembers."""
    sample = operation.model_construct(**{"operation": operation.model_fields["operation"].default, **fields})
    return Step(
        name=name,
        operation=operation.model_fields["operation"].default,
        configuration=configuration(operation, **fields),
        inputs=dict(inputs or {}),
        outputs=sample.output_ports(),
        after=after,
        policy=_literal(policy or Policy()),
        source=_source(document.key_span(origin)),
        origin=origin,
        places={rule_path(rule): _source(document.span((*origin, *rule))) for rule in rules},
        fan=fan,
    )


def _source(span: Span) -> Source:
    return Source(file=Path(span.file).name, line=span.line, column=span.column)


def _literal(policy: Policy) -> Policy:
    """Return a policy whose environment values are final: `$${` is a literal `${`."""
    if policy.env is None:
        return policy
    env = {name: literal(value) for name, value in policy.env.items()}
    return policy.model_copy(update={"env": env})
