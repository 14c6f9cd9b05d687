"""Renders the timed views of a plan as a Feast repository: `feature_store.yaml` and `definitions.py`."""

import re
from dataclasses import dataclass
from datetime import timedelta

from mlopsc.codegen.literals import Code, call, comment, dotted_name, literal
from mlopsc.codegen.templates import render
from mlopsc.codegen.writer import header
from mlopsc.codegen.yaml_text import yaml_text
from mlopsc.plan.plan import Plan
from mlopsc.targets import GeneratedFile
from mlopsc_feast.settings import FeastSettings, settings_of
from mlopsc_feast.views import TIME, TYPES, View, services_of, views_of


@dataclass(frozen=True)
class _Definition:
    """A variable of the generated module."""

    variable: str
    value: Code


def emit(plan: Plan) -> tuple[GeneratedFile, ...]:
    """Return the two files of the repository."""
    settings = settings_of(plan)
    return (
        GeneratedFile("definitions.py", _definitions(plan, settings)),
        GeneratedFile("feature_store.yaml", _store(plan, settings)),
    )


def _store(plan: Plan, settings: FeastSettings) -> str:
    document = {
        "project": plan.project,
        "provider": "local",
        "registry": settings.registry,
        "offline_store": {"type": settings.offline_store},
        "online_store": {"type": "sqlite", "path": settings.online_store},
        "entity_key_serialization_version": 3,
    }
    return f"# {comment(header(plan.spec, 'feast'))}\n{yaml_text(document)}"


def _definitions(plan: Plan, settings: FeastSettings) -> str:
    views = views_of(plan)
    services = services_of(views)
    keys = {key: TYPES[view.config.types[key]] for view in views for key in view.config.view.entity}
    # Endings keep entities, views and services apart, and all of them from what is imported.
    entity = _variables(list(keys), "entity")
    view_variable = _variables([view.name for view in views], "view")
    service = _variables(list(services), "service")
    types = sorted({TYPES[kind][0] for view in views for kind in view.config.types.values()})
    return render(
        "mlopsc_feast",
        "definitions.py.j2",
        header=header(plan.spec, "feast"),
        title=f"Features of {plan.project}, whose tables are written by `mlopsc features export`.",
        names=_names(views, bool(services)),
        types=Code(", ".join(dotted_name(name) for name in types)),
        data=None if "://" in settings.data or not views else settings.data,
        timed=any(view.ttl is not None for view in views),
        entities=[
            _Definition(entity[key], call("Entity", name=key, join_keys=[key], value_type=_value_type(kind)))
            for key, (_, kind) in keys.items()
        ],
        views=[_Definition(view_variable[view.name], _view(view, entity, settings)) for view in views],
        services=[
            _Definition(
                service[name],
                call(
                    "FeatureService", name=name, features=[dotted_name(view_variable[view]) for view in taken]
                ),
            )
            for name, taken in services.items()
        ],
    )


def _view(view: View, entities: dict[str, str], settings: FeastSettings) -> Code:
    join, types = view.config.view, view.config.types
    fields = [
        call("Field", name=name, dtype=dotted_name(TYPES[types[name]][0]))
        for name in (*join.entity, *join.columns)
    ]
    source = call(
        "FileSource",
        name=view.name,
        path=_path(view.name, settings),
        timestamp_field=TIME,
    )
    return call(
        "FeatureView",
        name=view.name,
        entities=[dotted_name(entities[key]) for key in join.entity],
        ttl=literal(None) if view.ttl is None else _duration(view.ttl),
        schema=fields,
        source=source,
    )


def _path(view: str, settings: FeastSettings) -> Code:
    """Return where a view's table is; Feast's stores do not agree on what a relative path is relative to."""
    if "://" in settings.data:
        return literal(f"{settings.data.rstrip('/')}/{view}.parquet")
    return call("str", Code(f"DATA / {literal(f'{view}.parquet')}"))


def _duration(value: timedelta) -> Code:
    parts = {"days": value.days, "seconds": value.seconds, "microseconds": value.microseconds}
    return call("timedelta", **{name: part for name, part in parts.items() if part})


def _value_type(kind: str) -> Code:
    return dotted_name(f"ValueType.{kind}")


def _names(views: tuple[View, ...], served: bool) -> Code:
    wanted = ["Entity", "FeatureService", "FeatureView", "Field", "FileSource", "ValueType"]
    return Code(", ".join(name for name in wanted if served or name != "FeatureService") if views else "")


def _variables(names: list[str], ending: str) -> dict[str, str]:
    """Return a variable for each name, which may be any text."""
    plain = {name: f"{re.sub(r'[^A-Za-z0-9_]', '_', name)}_{ending}" for name in names}
    plain = {name: one if one[0].isalpha() else f"_{one}" for name, one in plain.items()}
    given: dict[str, str] = {}
    for name, one in plain.items():
        number, free = 1, one
        while free in given.values():
            number += 1
            free = f"{one}_{number}"
        given[name] = free
    return given
