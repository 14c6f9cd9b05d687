"""Order, ancestors and circles."""

from mlopsc.plan.graph import ancestors, dependencies_first, find_cycles, in_order
from mlopsc.plan.plan import Artifact, Source, Step


def step(name: str, *needs: str, after: tuple[str, ...] = ()) -> Step:
    return Step(
        name=name,
        operation="split",
        configuration={},
        inputs={need: Artifact(step=need, port="table") for need in needs},
        outputs={"table": "table"},
        after=after,
        source=Source(file="mlops.yaml", line=1, column=1),
    )


def test_steps_come_after_what_they_need_and_otherwise_stay_as_given() -> None:
    steps = [step("d", "b", "c"), step("z"), step("c", "a"), step("b", after=("a",)), step("a")]
    assert [found.name for found in in_order(steps)] == ["z", "a", "c", "b", "d"]


def test_ancestors_are_all_that_a_step_needs() -> None:
    steps = {
        s.name: s for s in (step("a"), step("b", "a"), step("c", after=("b",)), step("d", "c"), step("x"))
    }
    assert ancestors(steps, "d") == {"a", "b", "c"}
    assert ancestors(steps, "a") == frozenset()


def test_each_knot_has_one_circle_from_its_first_name() -> None:
    edges = {"x": ["a"], "b": ["a"], "a": ["b", "y"], "y": [], "c": ["c"], "q": ["r"], "p": ["q"], "r": ["p"]}
    assert find_cycles(edges) == (("b", "a", "b"), ("c", "c"), ("q", "r", "p", "q"))
    assert find_cycles({"a": ["b"], "b": []}) == ()


def test_names_come_after_those_that_they_need() -> None:
    assert dependencies_first({"c": ["a", "b"], "a": [], "b": ["a"]}) == ("a", "b", "c")
