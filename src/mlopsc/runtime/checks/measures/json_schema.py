"""JSON Schema, with expressions in linear time and without fetching anything."""

from collections.abc import Callable, Iterator
from typing import Any


def validator(schema: dict[str, Any]) -> Callable[[Any], bool]:
    """Return the function that says whether a value is as a schema describes, which was found to be one."""
    from jsonschema import Draft202012Validator, validators
    from referencing import Registry

    draft: Any = validators.validator_for(schema, default=Draft202012Validator)
    linear = validators.extend(draft, {"pattern": _pattern})
    checking = linear(schema, registry=Registry())
    valid: Callable[[Any], bool] = checking.is_valid
    return valid


def _pattern(_: Any, pattern: str, instance: Any, schema: Any) -> Iterator[Any]:  # noqa: ARG001 - jsonschema's form
    import pyarrow as pa
    import pyarrow.compute as pc
    from jsonschema import ValidationError

    if isinstance(instance, str) and not pc.match_substring_regex(pa.scalar(instance), pattern).as_py():
        yield ValidationError(f"{instance!r} does not match {pattern!r}")
