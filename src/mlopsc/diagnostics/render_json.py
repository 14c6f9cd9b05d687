"""Diagnostics as JSON for tools: one object with a schema version, lines and columns from 1."""

import json
from collections.abc import Iterable

from mlopsc.diagnostics.diagnostic import Diagnostic


def render_json(diagnostics: Iterable[Diagnostic]) -> str:
    """Return one indented JSON object; a diagnostic without a place has nulls for it."""
    return json.dumps(
        {"schema_version": 1, "diagnostics": [_entry(diagnostic) for diagnostic in diagnostics]},
        ensure_ascii=False,
        indent=2,
    )


def _entry(diagnostic: Diagnostic) -> dict[str, object]:
    span = diagnostic.span
    return {
        "code": diagnostic.code,
        "slug": diagnostic.slug,
        "severity": diagnostic.severity.value,
        "message": diagnostic.message,
        "file": span.file if span else None,
        "line": span.line if span else None,
        "column": span.column if span else None,
        "end_line": span.end_line if span else None,
        "end_column": span.end_column if span else None,
        "help": diagnostic.help,
    }
