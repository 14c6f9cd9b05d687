"""One row of the table of codes."""

from dataclasses import dataclass

from mlopsc.diagnostics.diagnostic import Severity


@dataclass(frozen=True, slots=True)
class Code:
    """A kind of fault; `fault` and `fix` are parts of an `mlops.yaml`, wrong and right."""

    code: str
    slug: str
    summary: str
    explanation: str
    fault: str
    fix: str
    severity: Severity = Severity.ERROR
