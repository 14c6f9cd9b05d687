"""What a shell offers after TAB: names of the spec, of its runs and of the registry, codes, targets, examples.

Nothing is compiled. A spec is read as far as it can be; whatever goes wrong, there is nothing to offer, and no word
of it. Each function takes the command line as parsed so far and returns values, or (value, help).
"""

import json
import os
from collections.abc import Callable, Iterable, Iterator, Mapping
from pathlib import Path
from typing import Any

import typer

VARIABLE = "_MLOPSC_COMPLETE"
"""Set by the shell when it wants to complete a command line, and by nobody else."""
_CUT = "_MLOPSC_CUT"
_SPEC = "mlops.yaml"

Offer = Iterable[str | tuple[str, str]]
Completer = Callable[[typer.Context], Offer]


def wanted() -> bool:
    """Say whether a shell asks what it may offer."""
    return VARIABLE in os.environ


def attach(command: Any) -> None:
    """Give the parameters of a command, and of those below it, what can be offered for them by their names."""
    for child in getattr(command, "commands", {}).values():
        attach(child)
    for parameter in command.params:
        own = OFFERS.get(f"{command.name}.{parameter.name}") or OFFERS.get(parameter.name)
        if own is not None:
            parameter._custom_shell_complete = _offering(own)


def _offering(offer: Completer) -> Callable[..., list[Any]]:
    def offered(ctx: typer.Context, parameter: Any, incomplete: str) -> list[Any]:  # noqa: ARG001
        from typer._click.shell_completion import CompletionItem

        cut = len(os.environ.get(_CUT, ""))
        try:
            found = [one if isinstance(one, tuple) else (one, None) for one in offer(ctx)]
        except Exception:  # noqa: BLE001  a prompt is no place for a report
            return []
        return [
            CompletionItem(value[cut:], help=help) for value, help in found if value.startswith(incomplete)
        ]

    return offered


def rejoin_words() -> None:
    """Put words together again that bash has parted at an `@`; of what is offered then, bash wants the last part."""
    words = os.environ.get("COMP_WORDS", "").split("\n")
    at = int(os.environ.get("COMP_CWORD") or 0)
    if "@" not in words or at >= len(words):
        return
    joined: list[str] = []
    for number, word in enumerate(words[: at + 1]):
        if joined and (word == "@" or (number and words[number - 1] == "@")):
            joined[-1] += word
        else:
            joined.append(word)
    os.environ["COMP_WORDS"], os.environ["COMP_CWORD"] = "\n".join(joined), str(len(joined) - 1)
    if "@" in joined[-1]:
        os.environ[_CUT] = joined[-1].rpartition("@")[0] + "@"


def environments(ctx: typer.Context) -> Offer:
    """Offer the spec's environments."""
    return _declared(ctx, "environments")


def trainings(ctx: typer.Context) -> Offer:
    """Offer the spec's trainings."""
    return _declared(ctx, "training")


def monitors(ctx: typer.Context) -> Offer:
    """Offer the spec's monitors, with the model that each watches."""
    return [(name, f"{entry['model']}@{entry['stage']}") for name, entry in _section(ctx, "monitors").items()]


def timed_views(ctx: typer.Context) -> Offer:
    """Offer the spec's views that are joined at a point in time."""
    return [name for name, view in _section(ctx, "features").items() if "entity" in view]


def served(ctx: typer.Context) -> Offer:
    """Offer what features can be read of: trainings, then views."""
    yield from trainings(ctx)
    yield from timed_views(ctx)


def models(ctx: typer.Context) -> Offer:
    """Offer the spec's models."""
    return _declared(ctx, "registry")


def stages(ctx: typer.Context) -> Offer:
    """Offer the stages of the model on the command line, or else of all."""
    given = str(ctx.params.get("version") or ctx.params.get("model") or "").partition("/")[0]
    declared = _section(ctx, "registry")
    chosen = [declared[given]] if given in declared else list(declared.values())
    return dict.fromkeys(stage for model in chosen for stage in model["stages"])


def staged(ctx: typer.Context) -> Offer:
    """Offer models at stages, `churn@production`, then versions, `churn/3`."""
    yield from (
        f"{name}@{stage}" for name, model in _section(ctx, "registry").items() for stage in model["stages"]
    )
    yield from _versions(ctx)


def versions(ctx: typer.Context) -> Offer:
    """Offer registered versions, with the stages that they hold."""
    return _versions(ctx)


def variables(ctx: typer.Context) -> Offer:
    """Offer the spec's variables as `--var` takes them."""
    return [f"{name}=" for name in _section(ctx, "vars")]


def parameters(ctx: typer.Context) -> Offer:
    """Offer the spec's run-time parameters as `--set` takes them."""
    return [f"{name}=" for name in _section(ctx, "parameters")]


def steps(ctx: typer.Context) -> Offer:
    """Offer the steps of the plan that was compiled last; before there is one, none."""
    return {step["name"]: (step["name"], step["operation"]) for step in _planned(ctx)}.values()


def artifacts(ctx: typer.Context) -> Offer:
    """Offer the steps, and each with its ports, of the plan that was compiled last."""
    found: dict[str, str] = {}
    for step in _planned(ctx):
        found[step["name"]] = step["operation"]
        found |= {f"{step['name']}.{port}": kind for port, kind in step["outputs"].items()}
    return found.items()


def gates(ctx: typer.Context) -> Offer:
    """Offer the spec's gates, with the kind of each."""
    return [(name, str(entry["type"])) for name, entry in _section(ctx, "gates").items()]


def sections(ctx: typer.Context) -> Offer:
    """Offer the spec's sections, and datasets, features, gates and all else that is declared in them by name."""
    for name, section in _spec(ctx).items():
        yield name
        if isinstance(section, dict):
            yield from (f"{name}.{entry}" for entry in section)


def pipelines(ctx: typer.Context) -> Offer:
    """Offer the pipelines that the spec lowers to."""
    from mlopsc.vocabulary.predicting import predict_pipeline

    yield "train"
    yield from _section(ctx, "monitors")
    yield from map(predict_pipeline, _section(ctx, "registry"))


def runs(ctx: typer.Context) -> Offer:
    """Offer the latest runs, newest first."""
    from mlopsc.runtime.journal import Journal

    project = _path(ctx).resolve().parent
    if not (project / ".mlopsc" / "journal.db").is_file():
        return []
    with Journal.of_project(project) as journal:
        return [(run.id, f"{run.pipeline} {run.status}") for run in journal.runs(50)]


def carded(ctx: typer.Context) -> Offer:
    """Offer what there is a card of: models, models at stages, versions."""
    yield from models(ctx)
    yield from staged(ctx)


def reported(ctx: typer.Context) -> Offer:
    """Offer what a page can be written of: the latest runs, trainings, models at stages, versions."""
    yield from trainings(ctx)
    yield from staged(ctx)
    yield from runs(ctx)


def codes(ctx: typer.Context) -> Offer:  # noqa: ARG001
    """Offer the diagnostics' codes, with what each means."""
    from mlopsc.diagnostics.codes import CODES

    return [(code.code, code.summary) for code in CODES.values()]


def targets(ctx: typer.Context) -> Offer:  # noqa: ARG001
    """Offer the installed targets."""
    from mlopsc.targets import backend_names

    return backend_names()


def runners(ctx: typer.Context) -> Offer:  # noqa: ARG001
    """Offer the installed targets that run pipelines."""
    from mlopsc.targets import runner_names

    return runner_names()


def columns(ctx: typer.Context) -> Offer:
    """Offer the columns of the file that the command line names."""
    import csv

    path = Path(str(ctx.params.get("from_") or ctx.params.get("file") or ctx.args[0]))
    if path.suffix.lower() in (".parquet", ".pq"):
        from mlopsc.runtime.engine.parquet import read_schema

        return read_schema(path)
    from mlopsc.profiling.reading import source_of
    from mlopsc.runtime.sources.found import SourceFile

    source: Any = source_of(SourceFile(path, path.name), path.name, "utf-8")
    with path.open(encoding="utf-8-sig", newline="") as lines:
        return next(csv.reader(lines, delimiter=source.delimiter, quotechar=source.quote))


def examples(ctx: typer.Context) -> Offer:  # noqa: ARG001
    """Offer the examples, with what each is."""
    from mlopsc.starting.examples import examples

    return examples().items()


OFFERS: Mapping[str, Completer] = {
    "environment": environments,
    "target": runners,
    "compile.target": targets,
    "validate.target": targets,
    "training": trainings,
    "var": variables,
    "set": parameters,
    "start": steps,
    "only": steps,
    "step": steps,
    "run": runs,
    "code": codes,
    "example": examples,
    "label": columns,
    "key": columns,
    "time": columns,
    "version": versions,
    "model": models,
    "stage": stages,
    "reference": staged,
    "gate": gates,
    "since": runs,
    "monitor.name": monitors,
    "artifact.what": artifacts,
    "show.section": sections,
    "pipeline": pipelines,
    "show.model": staged,
    "materialize.views": timed_views,
    "forget.views": timed_views,
    "export.views": timed_views,
    "get.what": served,
    "predict.model": staged,
    "report.run": reported,
    "card.model": carded,
}
"""What is offered for a parameter of this name; `command.parameter` goes before."""


def _versions(ctx: typer.Context) -> Iterator[tuple[str, str]]:
    from mlopsc.running import project_context

    context = project_context(_path(ctx), environment=ctx.params.get("environment"))
    if Path(context.registry_location).is_file():  # a server may be slow, or ask for a password
        with context.registry() as registry:
            for model in registry.models():
                yield from ((version.name, "") for version in registry.versions(model))


def _planned(ctx: typer.Context) -> Iterator[dict[str, Any]]:
    plans = (_path(ctx).parent / ".mlopsc" / "compiled").glob("*.json")
    newest = max(plans, key=lambda path: path.stat().st_mtime_ns)
    plan = json.loads(json.loads(newest.read_bytes())["plan"])
    yield from (step for pipeline in plan["pipelines"] for step in pipeline["steps"])


def _declared(ctx: typer.Context, section: str) -> Offer:
    for name, entry in _section(ctx, section).items():
        about = entry.get("description") if isinstance(entry, dict) else None
        yield (name, str(about)) if about else name


def _section(ctx: typer.Context, section: str) -> dict[str, Any]:
    found = _spec(ctx).get(section)
    return found if isinstance(found, dict) else {}


def _spec(ctx: typer.Context) -> dict[str, Any]:
    from mlopsc.spec.yaml_load import load_document

    return load_document(_path(ctx)).value


def _path(ctx: typer.Context) -> Path:
    # What stands before an option without its value is not parsed, but kept.
    places = [Path(str(given)) for given in (*ctx.args, ctx.params.get("spec") or _SPEC)]
    specs = (place / _SPEC if place.is_dir() else place for place in places)
    return next((spec for spec in specs if spec.is_file()), Path(_SPEC))
