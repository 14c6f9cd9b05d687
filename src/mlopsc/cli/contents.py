"""What artifacts hold, by their type: read as JSON data, shown on a screen, written to a file."""

import json
from collections.abc import Iterator, Mapping
from datetime import date, datetime
from pathlib import Path
from typing import Any

from mlopsc.cli import output, report
from mlopsc.cli.progress import STYLES
from mlopsc.diagnostics.errors import StoreError
from mlopsc.runtime.atomic import commit_file, discard, make_folder, temporary_path, write_bytes
from mlopsc.runtime.context import Context
from mlopsc.runtime.decisions import read_json
from mlopsc.vocabulary.artifacts import NO_MODEL

_FAILED = {"block": "fail", "warn": "warn", "quarantine": "put aside"}
_TABLES = ("dataset", "table")
_CELL = 40
"""Characters of a cell at most."""


def read(path: Path, kind: str, rows: int) -> Any:
    """Return what an artifact holds as JSON: a table's schema and first rows, a model's signature, None of a model as
    ONNX, else all."""
    if kind in _TABLES:
        schema, count, head = _table(path, rows)
        return {"rows": count, "schema": schema, "head": [_plain(row) for row in head]}
    if kind == "model":
        return _signature(path)
    if kind == "onnx":
        return None
    return read_json(path)


def write(path: Path, kind: str, out: Path) -> None:
    """Write an artifact's bytes; a table in the format that the suffix says. Whole or not at all."""
    suffix = out.suffix.lower()
    if kind in _TABLES and suffix in (".csv", ".json", ".jsonl"):
        temporary = temporary_path(out.absolute().parent)
        try:
            make_folder(temporary.parent)
            _csv(path, temporary) if suffix == ".csv" else _records(path, temporary, lines=suffix == ".jsonl")
            commit_file(temporary, out)
        except OSError as error:
            raise StoreError(f"cannot write {out}: {error.strerror or error}") from error
        finally:
            discard(temporary)
    elif str(out) == "-":
        output.raw(path.read_bytes())
    else:
        write_bytes(out, path.read_bytes())


def show(path: Path, kind: str, rows: int, *, label: str, context: Context, digest: str) -> None:
    """Write an artifact for a reader; what is in data is shown without its control characters."""
    if kind in _TABLES:
        _show_table(path, rows)
        return
    if kind == "model":
        _show_model(path, context, digest)
        return
    if kind == "onnx":
        output.say("  for programs that read ONNX; --out FILE writes it")
        return
    value = read_json(path)
    match kind, value:
        case "report", {"columns": _, "current_rows": _}:
            report.drift(label, {"report": value, "reason": ""})
        case "report", {"trials": _, "best": _}:
            report.search(value["training"], value)
        case "report", {"results": results}:
            _show_checks(value, results)
        case "metrics", {"metrics": metrics}:
            pairs = [
                (name, "no value (NaN)" if one is None else f"{one:.6g}") for name, one in metrics.items()
            ]
            output.pairs(pairs)
            _show_rest(value, "metrics")
        case "decision", {"verdict": _}:
            output.pairs([(key, _shown(one)) for key, one in value.items()])
        case "profile", {"columns": columns}:
            _show_profile(columns)
            _show_rest(value, "columns")
        case _:
            text = json.dumps(value, indent=2, ensure_ascii=False)
            output.say("\n".join(output.escaped(line) for line in text.splitlines()))


def _table(path: Path, rows: int) -> tuple[list[dict[str, Any]], int, list[dict[str, Any]]]:
    """Return a table's columns (name, type, nulls), its rows, and the first of them."""
    import pyarrow.parquet as pq

    try:
        with pq.ParquetFile(path) as file:
            nulls = _nulls(file)
            schema = [
                {"name": field.name, "type": str(field.type), "nulls": nulls[field.name]}
                for field in file.schema_arrow
            ]
            batch = next(file.iter_batches(batch_size=rows), None) if rows else None
            head = [] if batch is None else batch.to_pylist()
            return schema, int(file.metadata.num_rows), head[:rows]
    except (OSError, ValueError) as error:
        raise StoreError(
            f"{path} is no Parquet file: {error}", help="`mlopsc doctor` looks for damage"
        ) from error


def _nulls(file: Any) -> dict[str, int]:
    """Return each column's nulls: from the footer, or counted where it does not tell."""
    about, names = file.metadata, file.schema_arrow.names
    told: dict[str, int] = {}
    if about.num_columns == len(names):  # else some are nested, and the footer counts their parts
        for number, name in enumerate(names):
            parts = [
                about.row_group(group).column(number).statistics for group in range(about.num_row_groups)
            ]
            if all(part is not None and part.null_count is not None for part in parts):
                told[name] = sum(part.null_count for part in parts)
    if untold := [name for name in names if name not in told]:
        told |= dict.fromkeys(untold, 0)
        for batch in file.iter_batches(columns=untold):
            for name in untold:
                told[name] += batch.column(name).null_count
    return told


def _show_table(path: Path, rows: int) -> None:
    schema, count, head = _table(path, rows)
    output.say(f"  {count:,} row{'' if count == 1 else 's'}, {len(schema)} columns")
    output.say()
    listed = [[one["name"], one["type"], f"{one['nulls']:,}"] for one in schema]
    output.table(["column", "type", "nulls"], listed, right=(2,))
    if not head:
        return
    output.say()
    names = [one["name"] for one in schema]
    cells = [[_cell(row[name]) for name in names] for row in head]
    fitting = _fitting(names, cells)
    numbers = [
        place
        for place, one in enumerate(schema[:fitting])
        if one["type"].startswith(("int", "uint", "float", "double"))
    ]
    output.table(
        [output.escaped(one) for one in names[:fitting]], [row[:fitting] for row in cells], right=numbers
    )
    rest = [f"the first {len(head)} of {count:,} rows"] if count > len(head) else []
    if fitting < len(names):
        rest.append(f"there is no room for {', '.join(map(output.escaped, names[fitting:]))}")
    if rest:
        output.say(f"  {'; '.join(rest)}")


def _fitting(names: list[str], cells: list[list[str]]) -> int:
    """Return how many columns the terminal has room for, at least one."""
    used = 0
    for place, name in enumerate(names):
        used += max(len(name), *(len(row[place]) for row in cells)) + 2
        if used > output.width() and place:
            return place
    return len(names)


def _cell(value: Any) -> str:
    text = output.escaped(_shown(value))
    return text if len(text) <= _CELL else f"{text[: _CELL - 1]}…"


def _shown(value: Any) -> str:
    match value:
        case None:
            return ""
        case bool():
            return "true" if value else "false"
        case float():
            return f"{value:.6g}"
        case datetime():
            return value.isoformat(sep=" ")
        case dict() | list():
            return json.dumps(value, ensure_ascii=False, default=str)
        case _:
            return str(value)


def _plain(value: Any) -> Any:
    """Return a row's value as JSON has it; NaN and infinities become null and text as they are in no JSON."""
    match value:
        case dict():
            return {key: _plain(one) for key, one in value.items()}
        case list():
            return [_plain(one) for one in value]
        case float() if value != value:
            return None
        case float() if value in (float("inf"), float("-inf")):
            return str(value)
        case datetime() | date():
            return value.isoformat()
        case None | bool() | int() | float() | str():
            return value
        case _:
            return str(value)


def _csv(path: Path, out: Path) -> None:
    import pyarrow.csv as pc
    import pyarrow.parquet as pq

    with pq.ParquetFile(path) as file, pc.CSVWriter(out, file.schema_arrow) as writer:
        for batch in file.iter_batches():
            writer.write_batch(batch)


def _records(path: Path, out: Path, *, lines: bool) -> None:
    with out.open("w", encoding="utf-8") as file:
        if lines:
            file.writelines(f"{record}\n" for record in _dumped(path))
            return
        file.write("[")
        for number, record in enumerate(_dumped(path)):
            file.write(f"{',' if number else ''}\n  {record}")
        file.write("\n]\n")


def _dumped(path: Path) -> Iterator[str]:
    import pyarrow.parquet as pq

    with pq.ParquetFile(path) as file:
        for batch in file.iter_batches():
            for row in batch.to_pylist():
                yield json.dumps(_plain(row), ensure_ascii=False, allow_nan=False)


def _signature(path: Path) -> dict[str, Any] | None:
    with path.open("rb") as file:
        if file.read(len(NO_MODEL)) == NO_MODEL:
            return None
    from mlopsc.runtime.models.archive import read_signature

    return read_signature(path)


def _show_model(path: Path, context: Context, digest: str) -> None:
    signature = _signature(path)
    if signature is None:
        output.say("  no model: no version held the stage then")
        return
    features = [
        [one["name"], str(one["type"]), str(one["kind"]), _seen(one)] for one in signature["features"]
    ]
    lines = [
        (key, _shown(signature[key]))
        for key in ("estimator", "params", "task", "label", "classes")
        if signature.get(key) is not None
    ]
    held = [
        f"{version.name}{''.join(f' @{stage}' for stage in stages)}"
        for version, stages in _versions(context, digest)
    ]
    output.pairs([*lines, ("versions", ", ".join(held) or "none holds it")])
    output.say()
    output.table(["feature", "type", "kind", "learned from"], features)
    if segments := signature.get("segments"):
        models = [
            [
                _shown(one["value"]) if "value" in one else "all rows",
                _shown(one["rows"]),
                _shown(one.get("threshold", "")),
            ]
            for one in segments["models"]
        ]
        threshold = ["threshold"] if "threshold" in segments["models"][0] else []
        heads = [segments["column"], "learned from rows", *threshold]
        output.say()
        output.table(heads, [row[: len(heads)] for row in models])
    if example := signature.get("example"):
        output.say()
        names = [feature["name"] for feature in signature["features"]]
        output.table(names, [[_shown(row[name]) for name in names] for row in example])


def _seen(feature: Mapping[str, Any]) -> str:
    """Return in words what a model has seen of a feature; nothing for a model of an earlier signature."""
    words = [f"{feature['min']:g} to {feature['max']:g}"] if "min" in feature else []
    if "categories" in feature:
        words.append(", ".join(feature["categories"]))
    if "category_count" in feature:
        words.append(f"{feature['category_count']} categories")
    return "; ".join([*words, *(["nulls"] if feature.get("nulls") else [])])


def _versions(context: Context, digest: str) -> list[tuple[Any, list[str]]]:
    """Return the registered versions of a model file, each with the stages that it holds."""
    with context.registry() as registry:
        found = []
        for model in registry.models():
            holders = registry.holders(model)
            for version in registry.versions(model):
                if version.digest == digest:
                    found.append((version, [one.stage for one in holders if one.version == version.number]))
    return found


def _show_checks(value: Mapping[str, Any], results: list[Mapping[str, Any]]) -> None:
    output.pairs(
        [
            (key, _shown(value[key]))
            for key in ("dataset", "passed", "data_digest", "warnings")
            if value.get(key) not in (None, [])
        ]
    )
    rows = [
        [
            "pass" if one["passed"] else _FAILED[one["on_failure"]],
            one.get("name") or one["check"],
            one.get("column") or "",
            _shown(one.get("observed")),
            one.get("message") or "",
        ]
        for one in results
    ]
    if rows:
        output.say()
        output.table(["verdict", "check", "column", "observed", "remark"], rows, styles=STYLES)


def _show_profile(columns: Mapping[str, Mapping[str, Any]]) -> None:
    rows = []
    for name, one in columns.items():
        edges = one.get("edges") or []
        values = one.get("values") or one.get("counts") or {}
        spread = (
            f"deciles {_shown(edges[0])} … {_shown(edges[-1])}"
            if edges
            else f"{len(values)} values"
            if values
            else ""
        )
        rows.append(
            [name, _shown(one.get("kind")), _shown(one.get("rows")), _shown(one.get("missing")), spread]
        )
    output.table(["column", "kind", "rows", "missing", "spread"], rows, right=(2, 3))


def _show_rest(value: Mapping[str, Any], shown: str) -> None:
    rest = [(key, _shown(one)) for key, one in value.items() if key != shown and one not in ([], {}, None)]
    if rest:
        output.say()
        output.pairs([(key, text if len(text) <= 200 else f"{text[:199]}…") for key, text in rest])
