"""Diagnostics as SARIF 2.1.0, which code hosts and editors show at the line."""

import json
from collections.abc import Iterable
from typing import Any
from urllib.parse import quote

from mlopsc.diagnostics.codes import CODES
from mlopsc.diagnostics.diagnostic import Diagnostic, Label, Span

_SCHEMA = "https://docs.oasis-open.org/sarif/sarif/v2.1.0/errata01/os/schemas/sarif-schema-2.1.0.json"


def render_sarif(diagnostics: Iterable[Diagnostic], *, version: str) -> str:
    """Return a SARIF log with one run; `version` is that of mlopsc, rules are the codes that occur."""
    found = list(diagnostics)
    rules = sorted({diagnostic.code for diagnostic in found})
    driver = {
        "name": "mlopsc",
        "version": version,
        "rules": [_rule(code) for code in rules],
    }
    run = {
        "tool": {"driver": driver},
        "columnKind": "unicodeCodePoints",
        "results": [_result(diagnostic, rules.index(diagnostic.code)) for diagnostic in found],
    }
    return json.dumps({"$schema": _SCHEMA, "version": "2.1.0", "runs": [run]}, ensure_ascii=False, indent=2)


def _rule(name: str) -> dict[str, Any]:
    code = CODES[name]
    return {
        "id": name,
        "name": code.slug,
        "shortDescription": {"text": code.summary},
        "fullDescription": {"text": code.explanation},
        "defaultConfiguration": {"level": code.severity.value},
    }


def _result(diagnostic: Diagnostic, rule: int) -> dict[str, Any]:
    text = f"{diagnostic.message} ({diagnostic.help})" if diagnostic.help else diagnostic.message
    result: dict[str, Any] = {
        "ruleId": diagnostic.code,
        "ruleIndex": rule,
        "level": diagnostic.severity.value,
        "message": {"text": text},
    }
    if diagnostic.span:
        result["locations"] = [_location(diagnostic.span)]
    if diagnostic.labels:
        result["relatedLocations"] = [_related(label) for label in diagnostic.labels]
    return result


def _related(label: Label) -> dict[str, Any]:
    return {**_location(label.span), "message": {"text": label.text}}


def _location(span: Span) -> dict[str, Any]:
    return {
        "physicalLocation": {
            "artifactLocation": {"uri": quote(span.file.replace("\\", "/"), safe="/")},
            "region": {
                "startLine": span.line,
                "startColumn": span.column,
                "endLine": span.end_line,
                "endColumn": span.end_column,
            },
        }
    }
