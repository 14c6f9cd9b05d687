"""What is wrong and where: a diagnostic with its spans, independent of how it is shown."""

from collections.abc import Iterable
from dataclasses import dataclass
from enum import StrEnum


class Severity(StrEnum):
    ERROR = "error"
    WARNING = "warning"
    NOTE = "note"


@dataclass(frozen=True, slots=True, order=True)
class Span:
    """A stretch of a file: lines and columns count characters from 1, `end_column` is the first after it."""

    file: str
    line: int
    column: int
    end_line: int
    end_column: int

    def __str__(self) -> str:
        return f"{self.file}:{self.line}:{self.column}"


def within(inner: Span, outer: Span) -> bool:
    """Say whether a stretch lies in another one."""
    return (
        inner.file == outer.file
        and (inner.line, inner.column) >= (outer.line, outer.column)
        and (inner.end_line, inner.end_column) <= (outer.end_line, outer.end_column)
    )


@dataclass(frozen=True, slots=True)
class Label:
    """A second place that explains the first, such as `first defined here`."""

    span: Span
    text: str


@dataclass(frozen=True, slots=True)
class Diagnostic:
    """One fault or remark; make it with `codes.report`, which knows the code's slug and usual severity."""

    code: str
    slug: str
    severity: Severity
    message: str
    span: Span | None = None
    labels: tuple[Label, ...] = ()
    help: str | None = None


def has_errors(diagnostics: Iterable[Diagnostic]) -> bool:
    """Say whether any of them is an error."""
    return any(diagnostic.severity is Severity.ERROR for diagnostic in diagnostics)


def in_order(diagnostics: Iterable[Diagnostic]) -> list[Diagnostic]:
    """Return them by place, those without a place first, each only once."""
    unique = dict.fromkeys(diagnostics)
    return sorted(
        unique,
        key=lambda d: (d.span is not None, d.span or Span("", 0, 0, 0, 0), d.code, d.message),
    )


def count(diagnostics: Iterable[Diagnostic]) -> str:
    """Return the last line of a report, such as `2 errors, 1 warning`; empty when there is neither."""
    severities = [diagnostic.severity for diagnostic in diagnostics]
    parts = []
    for severity in (Severity.ERROR, Severity.WARNING):
        if number := severities.count(severity):
            parts.append(f"{number} {severity}{'' if number == 1 else 's'}")
    return ", ".join(parts)
