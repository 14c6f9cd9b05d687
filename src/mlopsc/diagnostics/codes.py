"""The one table of codes, and the way to make a diagnostic of one."""

from collections.abc import Sequence
from textwrap import fill, indent

from mlopsc.diagnostics.diagnostic import Diagnostic, Label, Severity, Span
from mlopsc.diagnostics.errors import UsageError
from mlopsc.diagnostics.suggest import nearest
from mlopsc.diagnostics.table import (
    columns,
    data,
    evaluation,
    exports,
    file,
    fitting,
    gates,
    lint,
    names,
    shape,
    targets,
    tuning,
)
from mlopsc.diagnostics.table.code import Code

GROUPS: dict[str, tuple[Code, ...]] = {
    "The file and its YAML": file.CODES,
    "Shape of the spec": shape.CODES,
    "Names": names.CODES,
    "Columns, types and SQL": columns.CODES,
    "Fit of a model": fitting.CODES,
    "Searches for parameters": tuning.CODES,
    "Evaluation": evaluation.CODES,
    "Gates": gates.CODES,
    "Exports": exports.CODES,
    "Lint": lint.CODES,
    "Targets": targets.CODES,
    "Lock and data": data.CODES,
}
"""All codes under the titles that the reference gives their groups."""

CODES: dict[str, Code] = {code.code: code for group in GROUPS.values() for code in group}


def report(
    code: str,
    message: str,
    span: Span | None = None,
    *,
    help: str | None = None,
    labels: Sequence[Label] = (),
    severity: Severity | None = None,
) -> Diagnostic:
    """Return a diagnostic with the code's slug and, unless another is asked for, its severity."""
    row = CODES[code]
    return Diagnostic(code, row.slug, severity or row.severity, message, span, tuple(labels), help)


def explain(name: str) -> str:
    """Return what a code (`MLC201`, `201`, or its slug) means, with an example of the fault and the fix.

    Raises UsageError when there is no such code.
    """
    wanted = name.strip()
    for code in CODES.values():
        if wanted.upper() in {code.code, code.code.removeprefix("MLC")} or wanted.lower() == code.slug:
            return _explanation(code)
    known = nearest(wanted.upper(), CODES) or nearest(wanted, (code.slug for code in CODES.values()))
    raise UsageError(
        f"there is no code {name!r}", help=f"did you mean '{known}'?" if known else "codes look like MLC201"
    )


def _explanation(code: Code) -> str:
    return "\n\n".join(
        [
            f"{code.severity}[{code.code}] {code.slug}: {code.summary}",
            "\n\n".join(fill(part, 88) for part in code.explanation.split("\n\n")),
            f"This is wrong:\n\n{indent(code.fault.strip(), '    ')}",
            f"This is right:\n\n{indent(code.fix.strip(), '    ')}\n",
        ]
    )
