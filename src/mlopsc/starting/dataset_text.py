"""The text of a dataset's entry, laid out and commented as a careful colleague would."""

from collections.abc import Iterator
from datetime import datetime

from mlopsc.diagnostics.render_text import escape
from mlopsc.profiling.columns import ColumnProfile
from mlopsc.spec.flow import flow, wrapped
from mlopsc.spec.written import scalar
from mlopsc.starting.proposal import Proposal

WIDTH = 110
_SHOWN = 30
REMARKS_AT = 48
NAMES = 28


def dataset_lines(proposal: Proposal, *, explained: bool = False) -> Iterator[str]:
    """Yield the lines of `datasets:` with this one entry; `explained`, what was found stands behind each column."""
    origin = proposal.origin
    yield "datasets:"
    yield f"  {proposal.name}:"
    source = origin.source.model_dump(mode="json", exclude_defaults=True) | {"type": origin.source.type}
    ordered = {
        key: source[key] for key in ("type", "path", *(key for key in source if key not in ("type", "path")))
    }
    yield from remarked(f"    source: {flow(ordered)}", _null_note(proposal))
    if proposal.primary_key:
        note = "tells every two rows apart" if explained else ""
        yield from remarked(f"    primary_key: {flow(proposal.primary_key)}", note)
    else:
        yield "    # No primary key: neither a column nor two or three together tell the rows apart."
    if proposal.event_time:
        notes = [f"from {proposal.event_time.first:%Y-%m-%d} to {proposal.event_time.last:%Y-%m-%d}"]
        notes = notes if explained else []
        notes += [f"whole days; the hour stands in {proposal.hour}"] if proposal.hour else []
        yield from remarked(f"    event_time: {scalar(proposal.event_time.name)}", "; ".join(notes))
    yield from _columns(proposal, explained=explained)
    yield "    checks:"
    for check in proposal.checks:
        line = f"      - {flow(check)}"
        first = check["expect"] == "table_row_count_to_be_between"
        yield from remarked(line, "half of today's rows" if first else "")


def noted(line: str, note: str) -> str:
    """Return a line with a remark behind it."""
    return f"{line:<{REMARKS_AT - 2}}  # {note}"


def remarked(line: str, note: str) -> Iterator[str]:
    """Yield a line with its remark behind it, or above it where there is no room."""
    if not note:
        yield line
    elif len(with_note := noted(line, note)) <= WIDTH:
        yield with_note
    else:
        indent = len(line) - len(line.lstrip())
        yield f"{' ' * indent}# {note}"
        yield line


def _null_note(proposal: Proposal) -> str:
    nulls = proposal.origin.nulls
    blank = [word for word in nulls if not word.strip()]
    notes = []
    for word, columns in nulls.items():
        some = columns[0] if len(columns) == 1 else f"{len(columns)} columns"
        notes.append(f"{'a blank' if word in blank else word} in {some}")
    return f"{'; '.join(notes)}: not known" if notes else ""


def _columns(proposal: Proposal, *, explained: bool) -> Iterator[str]:
    narrow = len(proposal.columns) < proposal.width
    note = (
        "only what matters most; name others as you need"
        if narrow
        else "today's values, with room for others"
    )
    yield noted("    columns:", note)
    names = {name: scalar(name) + ":" for name in proposal.columns}
    width = min(NAMES, max(len(shown) for shown in names.values()))
    for name, column in proposal.columns.items():
        told = column.model_dump(mode="json", exclude_defaults=True)
        start = f"      {names[name]:<{width}} "
        allowed = told.get("allowed")
        why = _why(proposal.profiles[name]) if explained else ""
        if len(start) + len(flow(told)) <= WIDTH or not allowed:
            yield from remarked(start + flow(told), why)
            continue
        rest = {key: value for key, value in told.items() if key != "allowed"}
        if why:
            yield f"      # {why}"
        yield start + flow(rest).removesuffix("}") + ","
        *lines, last = wrapped(" " * len(start) + " allowed:", allowed, WIDTH - 1)
        yield from (*lines, last + "}")


def _why(one: ColumnProfile) -> str:
    """Return in few words what the column holds today."""
    if not one.filled:
        return "no value in any row"
    parts = []
    if one.unique:
        parts.append("every value different")
    elif one.values is not None:
        parts.append(f"{one.distinct:,} value{'' if one.distinct == 1 else 's'}")
    if one.distinct == 1 and one.values:
        parts = [f"always {_brief(one.values[0][0])}"]
    elif one.low is not None and one.high is not None:
        parts.append(f"{_brief(one.low)} to {_brief(one.high)}")
    if one.infinite:
        parts.append(f"infinite in {one.infinite:,} rows")
    if one.odd is not None:
        parts.append(f"numbers but for {one.filled - one.numbers:,} values")
    if one.nulls:
        parts.append(f"{one.nulls:,} null{'' if one.nulls == 1 else 's'} ({100 * one.null_share:.2g} %)")
    return escape("; ".join(parts))


def _brief(value: object) -> str:
    match value:
        case float():
            return f"{value:.6g}"
        case datetime():
            return f"{value:%Y-%m-%d %H:%M}"
        case str() if len(value) > _SHOWN:
            return f"{value[:_SHOWN]}…"
        case _:
            return str(value)
