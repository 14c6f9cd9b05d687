"""`mlopsc registry`: versions, the stages that they hold, and how they came to hold them."""

import os
from collections.abc import Iterable, Mapping
from contextlib import AbstractContextManager
from dataclasses import asdict
from datetime import datetime
from enum import StrEnum
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any

import typer

from mlopsc import running
from mlopsc.cli import output
from mlopsc.cli.options import (
    DEFAULT,
    Debug,
    Environment,
    Json,
    SpecOption,
    Variables,
    existing,
    new_app,
    pairs,
)
from mlopsc.diagnostics.errors import StoreError, UsageError
from mlopsc.runtime.context import REGISTRY_VARIABLE, Context

if TYPE_CHECKING:
    from mlopsc.runtime.registry import LedgerEntry, Promotion, Registry, Version

app = new_app()


class Format(StrEnum):
    """What a model can be written as."""

    onnx = "onnx"


Stage = Annotated[str, typer.Option("--stage", metavar="STAGE", help="The stage to give back.")]


@app.callback()
def registry() -> None:
    """List, show, promote and roll back versions of models.

    Who acts is MLOPSC_ACTOR, or else the user's name; the ledger keeps it.
    """


@app.command("list")
def list_models(
    spec: SpecOption = DEFAULT,
    environment: Environment = None,
    var: Variables = None,
    json: Json = False,
    debug: Debug = False,  # noqa: ARG001
) -> None:
    """List the models, their versions, and which version holds which stage."""
    with _context(spec, environment, var).registry() as opened:
        found = {name: (opened.versions(name), opened.holders(name)) for name in opened.models()}
    if json:
        output.json_object(
            {
                "models": {
                    name: {
                        "versions": len(versions),
                        "stages": {
                            one.stage: {"version": one.version, "since": _time(one.since)} for one in held
                        },
                    }
                    for name, (versions, held) in found.items()
                }
            }
        )
        return
    if not found:
        output.say("no model is registered yet")
        return
    rows = []
    for name, (versions, held) in found.items():
        by_stage = {one.stage: one for one in held}
        for stage in versions[-1].stages:
            one = by_stage.get(stage)
            holder = f"{name}/{one.version}" if one else "nobody"
            rows.append([name, str(len(versions)), stage, holder, _shown(one.since) if one else ""])
    output.table(["model", "versions", "stage", "held by", "since (UTC)"], rows, right=(1,))


@app.command()
def show(
    model: Annotated[str, typer.Argument(metavar="MODEL[@STAGE|/VERSION]")],
    spec: SpecOption = DEFAULT,
    environment: Environment = None,
    var: Variables = None,
    json: Json = False,
    debug: Debug = False,  # noqa: ARG001
) -> None:
    """Show one version, or all versions of a model."""
    context = _context(spec, environment, var)
    with context.registry() as opened:
        one = "@" in model or "/" in model
        versions = [opened.resolve(model)] if one else list(opened.versions(model))
        if not versions:
            versions = [opened.version(model, 1)]  # says which models there are
        holders = opened.holders(versions[0].model)
    held = {
        version.number: [holder.stage for holder in holders if holder.version == version.number]
        for version in versions
    }
    if json:
        entries = [_entry(version, held[version.number]) for version in versions]
        if one:
            entries[0]["environment"] = _environment(versions[0], context)
        output.json_object(entries[0] if one else {"model": model, "versions": entries})
    elif one:
        _show_version(versions[0], held[versions[0].number], _environment(versions[0], context))
    else:
        rows = [
            [
                version.name,
                ", ".join(held[version.number]),
                _shown(version.created_at),
                version.actor,
                _metrics(version),
            ]
            for version in versions
        ]
        output.table(["version", "holds", "registered (UTC)", "by", "metrics"], rows)


@app.command()
def promote(
    version: Annotated[str, typer.Argument(metavar="MODEL/VERSION")],
    stage: Annotated[str, typer.Option("--to", metavar="STAGE", help="The stage to give it.")],
    spec: SpecOption = DEFAULT,
    environment: Environment = None,
    var: Variables = None,
    json: Json = False,
    debug: Debug = False,  # noqa: ARG001
) -> None:
    """Give a stage to a version, if the gates that it was registered with say yes; exit status 5 if not."""
    from mlopsc.runtime import promotion

    context = _context(spec, environment, var)
    with context.registry() as opened:
        name, number = _numbered(version, opened)
    with _telling(spec, environment, var, name, f"{name}/{number} promoted to {stage}"):
        done = promotion.promote(context, name, number, stage, actor=context.actor)
    _report(done, json=json, verb="promoted to")


@app.command()
def rollback(
    model: Annotated[str, typer.Argument(metavar="MODEL")],
    stage: Stage,
    spec: SpecOption = DEFAULT,
    environment: Environment = None,
    var: Variables = None,
    json: Json = False,
    debug: Debug = False,  # noqa: ARG001
) -> None:
    """Give a stage back to the version that held it before."""
    from mlopsc.runtime import promotion

    context = _context(spec, environment, var)
    with _telling(spec, environment, var, model, f"{stage} of {model} given back"):
        done = promotion.rollback(context, model, stage, actor=context.actor)
    _report(done, json=json, verb="was given back")


@app.command()
def export(
    version: Annotated[str, typer.Argument(metavar="MODEL@STAGE|MODEL/VERSION")],
    out: Annotated[Path, typer.Option("--output", "-o", metavar="FILE", help="The file to write.")],
    format: Annotated[Format, typer.Option("--format", help="What to write.")] = Format.onnx,  # noqa: ARG001
    tolerance: Annotated[
        float | None,
        typer.Option(metavar="NUMBER", min=0, help="How far answers may differ from the model's own (1e-4)."),
    ] = None,
    beyond: Annotated[
        float | None,
        typer.Option(
            metavar="SHARE", min=0, max=1, help="Which share of the test rows may differ by more (0)."
        ),
    ] = None,
    spec: SpecOption = DEFAULT,
    environment: Environment = None,
    var: Variables = None,
    json: Json = False,
    debug: Debug = False,  # noqa: ARG001
) -> None:
    """Write a version as ONNX, if it answers its test rows there as it does here; exit status 3 if not.

    What the training's `export` has kept with the version is written as it is, unless --tolerance or --beyond is given.
    """
    from mlopsc.registered import export_onnx
    from mlopsc.vocabulary.exports import OnnxExport

    context = _context(spec, environment, var)
    with context.registry() as opened:
        found = opened.resolve(version)
    given = {"tolerance": tolerance, "beyond": beyond}
    asked = {name: value for name, value in given.items() if value is not None}
    compared, allowed = export_onnx(context, found, out, OnnxExport(**asked) if asked else None)
    if json:
        output.json_object(
            {"version": found.name, "file": str(out), "tolerance": allowed.tolerance, **asdict(compared)}
        )
        return
    output.say(
        f"wrote {out}: {found.name}, compared on {compared.rows:,} test rows; the largest difference is "
        f"{compared.largest:.1g}, {compared.beyond:,} rows differ by more than {allowed.tolerance:g}"
    )


@app.command()
def history(
    model: Annotated[str | None, typer.Argument(metavar="[MODEL]")] = None,
    spec: SpecOption = DEFAULT,
    environment: Environment = None,
    var: Variables = None,
    json: Json = False,
    debug: Debug = False,  # noqa: ARG001
) -> None:
    """Show the ledger: who did what to which version, and on which evidence."""
    with _context(spec, environment, var).registry() as opened:
        if model is not None and model not in opened.models():
            opened.version(model, 1)  # says which models there are
        entries = opened.history(model)
    if json:
        listed = [{**_plain(asdict(entry)), "at": _time(entry.at)} for entry in entries]
        output.json_object({"entries": listed})
        return
    if not entries:
        output.say("the ledger is empty")
        return
    rows = [
        [
            str(entry.sequence),
            _shown(entry.at),
            entry.actor,
            entry.action,
            entry.model if (number := _about(entry)) is None else f"{entry.model}/{number}",
            entry.stage or "",
            _evidence(entry.evidence),
        ]
        for entry in entries
    ]
    output.table(["#", "at (UTC)", "who", "did", "version", "stage", "on which evidence"], rows, right=(0,))


def _context(spec: Path, environment: str | None, var: list[str] | None) -> Context:
    path = spec if spec == DEFAULT and os.environ.get(REGISTRY_VARIABLE) else existing(spec)
    return running.project_context(path, environment=environment, variables=pairs(var, "--var"))


def _telling(
    spec: Path, environment: str | None, var: list[str] | None, model: str, cause: str
) -> AbstractContextManager[None]:
    """Have MLflow told of what is done to a model, where the spec says that runs are tracked."""
    from mlopsc.cli.tracked import telling, tracked

    return telling(tracked(spec, environment, pairs(var, "--var")), model, cause)


def _numbered(text: str, opened: "Registry") -> tuple[str, int]:
    if "/" not in text and "@" not in text:
        raise UsageError(f"{text!r} names no version: expected MODEL/VERSION, such as {text}/1")
    found = opened.resolve(text)
    return found.model, found.number


def _report(done: "Promotion", *, json: bool, verb: str) -> None:
    if json:
        output.json_object(asdict(done))
        return
    name = f"{done.model}/{done.version}"
    if not done.changed:
        output.say(f"{name} holds {done.stage} already")
        return
    instead = "" if done.previous is None else f", in place of {done.model}/{done.previous}"
    output.say(f"{name} {verb} {done.stage}{instead}")


def _environment(version: "Version", context: Context) -> dict[str, Any] | None:
    """Return what a version was made in; None where it was not kept, or is not in the store any more."""
    from mlopsc.runtime.decisions import read_json

    try:
        return dict(read_json(context.store().get_path(version.artifacts["environment"])))
    except (KeyError, StoreError):
        return None


def _made_in(made: Mapping[str, Any]) -> str:
    threads = f"{made['threads']} thread{'s' if made['threads'] > 1 else ''}"
    return f"{made['implementation']} {made['python']}, {made['system']} {made['machine']}, {made['libc']}, {threads}"


def _show_version(version: "Version", held: list[str], made: Mapping[str, Any] | None) -> None:
    facts = [
        ("holds", ", ".join(held) or "no stage"),
        ("digest", version.digest),
        ("registered", f"{_shown(version.created_at)} UTC by {version.actor}"),
        ("owner", version.lineage.get("owner") or ""),
        ("run", version.run or ""),
        ("metrics", _metrics(version)),
        *(
            (f"stage {stage}", f"requires {', '.join(gates) or 'no gate'}")
            for stage, gates in version.stages.items()
        ),
        *((f"gate {name}", f"{one['verdict']}: {one['reason']}") for name, one in version.decisions.items()),
        *((f"data {name}", digest) for name, digest in version.lineage.get("datasets", {}).items()),
        ("parameters", ", ".join(f"{k}={v}" for k, v in version.lineage.get("parameters", {}).items())),
        ("as ONNX", version.artifacts.get("onnx", "")),
        ("made in", "" if made is None else _made_in(made)),
        ("with", "" if made is None else ", ".join(f"{k} {v}" for k, v in made["libraries"].items())),
    ]
    output.title(version.name)
    for name, value in facts:
        if value:
            output.say(f"  {name:<{max(len(fact[0]) for fact in facts)}}  {output.escaped(value)}")


def _entry(version: "Version", held: list[str]) -> dict[str, Any]:
    return {**_plain(asdict(version)), "created_at": _time(version.created_at), "holds": held}


def _plain(value: Any) -> Any:
    match value:
        case Mapping():
            return {key: _plain(item) for key, item in value.items()}
        case list() | tuple():
            return [_plain(item) for item in value]
        case datetime():
            return _time(value)
        case _:
            return value


def _metrics(version: "Version") -> str:
    return ", ".join(
        f"{name} {'NaN' if value is None else format(value, '.6g')}"
        for name, value in version.metrics.items()
    )


def _about(entry: "LedgerEntry") -> int | None:
    """Return the version that an entry is about; of a refused promotion only the evidence says it."""
    if entry.version is None and isinstance(number := entry.evidence.get("version"), int):
        return number
    return entry.version


def _evidence(evidence: Mapping[str, Any]) -> str:
    decisions = evidence["decisions"] if isinstance(evidence.get("version"), int) else evidence
    found: Iterable[tuple[str, Any]] = (
        (name, one) for name, one in decisions.items() if isinstance(one, Mapping)
    )
    return "; ".join(f"{name}: {one.get('reason', one.get('verdict', ''))}" for name, one in found)


def _time(value: datetime) -> str:
    return value.isoformat().replace("+00:00", "Z")


def _shown(value: datetime) -> str:
    return f"{value:%Y-%m-%d %H:%M:%S}"
