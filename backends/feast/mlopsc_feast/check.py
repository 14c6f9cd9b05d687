"""What of a plan Feast cannot express: each where it is written."""

from collections.abc import Iterator

from mlopsc.plan.plan import Plan
from mlopsc.targets import Fault
from mlopsc.vocabulary.policy import Policy
from mlopsc_feast.settings import settings_of
from mlopsc_feast.views import TIME, TYPES, View, views_of

_CODE = "MLC501"


def check(plan: Plan) -> tuple[Fault, ...]:
    """Return the faults, each once; paths lead to keys of the spec."""
    return tuple(dict.fromkeys(_faults(plan)))


def _faults(plan: Plan) -> Iterator[Fault]:
    if settings_of(plan).policy != Policy():
        help = "leave it out; policies of tables that are exported are those of their entries"
        yield Fault(
            _CODE,
            ("targets", "feast", "policy"),
            "nothing is run on Feast that a policy could hold for",
            help,
        )
    entities: dict[str, tuple[str, str]] = {}
    for view in views_of(plan):
        yield from _rules(view)
        yield from _types(view)
        yield from _names(view)
        yield from _functions(view)
        for key in view.config.view.entity:
            kind = TYPES.get(view.config.types.get(key, ""), ("", ""))[1]
            earlier = entities.setdefault(key, (view.name, kind))
            if earlier[1] != kind:
                yield Fault(
                    _CODE,
                    (*view.step.origin, "entity"),
                    f"'{key}' is another type here than in view '{earlier[0]}', and to Feast it is one entity",
                    "cast one of them in an SQL view",
                )


def _rules(view: View) -> Iterator[Fault]:
    join, path = view.config.view, view.step.origin
    if join.aggregates:
        yield Fault(
            _CODE,
            (*path, "aggregates"),
            "a view of Feast holds rows, not aggregates over windows that end at each request",
            "leave the view to mlopsc (mlopsc features materialize), or aggregate per day in an SQL view",
        )
    if join.known_at is not None:
        yield Fault(
            _CODE,
            (*path, "known_at"),
            "Feast joins a row from its event time on, whenever it became known",
            "use `available_after`, which is a fixed delay, or leave the view to mlopsc",
        )
    if view.ttl is not None and not view.ttl:
        yield Fault(
            _CODE,
            (*path, "ttl"),
            "a row would be usable at one instant only, and to Feast a `ttl` of nothing means without end",
            "allow it to be older",
        )


def _functions(view: View) -> Iterator[Fault]:
    for training, features in view.config.trainings.items():
        for name in dict.fromkeys(one.function for one in features if one.function is not None):
            yield Fault(
                _CODE,
                ("features", name),
                f"training '{training}' has features that a function makes of each row, which no view of Feast holds",
                "leave the training to mlopsc, or write an on-demand view of Feast by hand",
            )


def _types(view: View) -> Iterator[Fault]:
    join, types = view.config.view, view.config.types
    for index, name in enumerate(join.columns):
        yield from _type(types.get(name), name, (*view.step.origin, "columns", index))
    for name in join.entity:
        yield from _type(types.get(name), name, (*view.step.origin, "entity"))


def _type(kind: str | None, name: str, path: tuple[str | int, ...]) -> Iterator[Fault]:
    if kind is None:
        help = "declare it under the dataset's `columns`, or write mlops.lock (mlopsc lock)"
        yield Fault(
            _CODE, path, f"the type of '{name}' is not known before the run, and Feast wants it", help
        )
    elif kind not in TYPES:
        help = f"cast it in an SQL view to one of {', '.join(TYPES)}"
        yield Fault(_CODE, path, f"'{name}' is {kind}, for which Feast has no type", help)


def _names(view: View) -> Iterator[Fault]:
    """Yield names that stand for two things in the exported table."""
    join = view.config.view
    for index, name in enumerate(join.columns):
        if name in join.entity or name == TIME:
            what = "a key" if name in join.entity else "the event time of what is exported"
            yield Fault(
                _CODE,
                (*view.step.origin, "columns", index),
                f"'{name}' is the name of {what} to Feast, and cannot be that of a feature",
                "rename it in an SQL view",
            )
    for name in join.entity:
        if name == TIME:
            help = "rename it in an SQL view"
            yield Fault(
                _CODE, (*view.step.origin, "entity"), f"'{name}' is the event time of what is exported", help
            )
