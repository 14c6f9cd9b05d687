"""The text of a `datasets` section with checks that were carried over, and a remark for each that was not."""

from collections.abc import Iterator

from mlopsc.diagnostics.render_text import escape
from mlopsc.importing.carried import Carried
from mlopsc.spec.flow import flow
from mlopsc.vocabulary.sources import FileSource


def dataset_text(carried: Carried, name: str, source: FileSource | None) -> str:
    """Return the section; without a source a place for it is left, with a remark."""
    return "\n".join([*_lines(carried, name, source), ""])


def _lines(carried: Carried, name: str, source: FileSource | None) -> Iterator[str]:
    yield f"# Carried over by `mlopsc import` from {escape(carried.name)}: {len(carried.checks)} checks."
    yield "datasets:"
    yield f"  {name}:"
    if source is None:
        yield f"    source: {{type: parquet, path: data/{name}.parquet}}  # say here where the data are"
    else:
        told = {"type": source.type, "path": source.path}
        told |= source.model_dump(mode="json", exclude_defaults=True)
        yield f"    source: {flow(told)}"
    yield "    checks:" if carried.checks else "    checks: []"
    yield from (f"      - {flow(check)}" for check in carried.checks)
    if carried.left:
        yield "    # Not carried over:"
        yield from (f"    #   {escape(f'{one.place} {one.what}: {one.reason}')}" for one in carried.left)
