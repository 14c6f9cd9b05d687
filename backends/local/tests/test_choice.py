"""--no-cache, --from and --only."""

import pytest
from mlopsc_local.choice import choose

from mlopsc.diagnostics.errors import UsageError


@pytest.fixture
def pipeline(project, make):
    # a → b → d, c alone
    steps = (make.verdict("a"), make.verdict("b", "a"), make.verdict("c"), make.verdict("d", "b"))
    return project.plan(*steps).pipelines[0]


def test_nothing_is_forced_by_itself(pipeline):
    choice = choose(pipeline)
    assert (choice.steps, choice.forced) == ({"a", "b", "c", "d"}, {})


def test_no_cache_forces_every_step(pipeline):
    assert set(choose(pipeline, no_cache=True).forced) == {"a", "b", "c", "d"}


def test_from_forces_a_step_and_all_that_depends_on_it(pipeline):
    choice = choose(pipeline, start="b")
    assert choice.forced == {"b": "asked for by --from b", "d": "asked for by --from b"}
    assert choice.steps == {"a", "b", "c", "d"}


def test_only_looks_at_a_step_and_what_it_needs_and_forces_it_alone(pipeline):
    choice = choose(pipeline, only="b")
    assert (choice.steps, set(choice.forced)) == ({"a", "b"}, {"b"})


def test_an_unknown_step_is_named_with_the_nearest(pipeline):
    with pytest.raises(UsageError, match="no step 'dd'") as error:
        choose(pipeline, start="dd")
    assert error.value.help == "one of a, b, c, d"


def test_from_and_only_exclude_each_other(pipeline):
    with pytest.raises(UsageError, match="exclude"):
        choose(pipeline, start="a", only="b")
