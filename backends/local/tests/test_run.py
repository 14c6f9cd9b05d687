"""A run carries steps out in order, at once where it can, and not at all where their results are known."""

from datetime import timedelta

import pytest

from mlopsc.plan.plan import Fan
from mlopsc.runtime.journal import Journal
from mlopsc.vocabulary.policy import Policy

MEET = """
me, other = Path(name + '.here'), Path({'a': 'b', 'b': 'a'}[name] + '.here')
me.touch()
for _ in range(3000):
    if other.exists(): break
    time.sleep(0.01)
else: raise TimeoutError
"""


def test_a_second_run_takes_everything_from_the_cache(project, make):
    project.write("data.csv", "id,value\n1,2\n")
    steps = (
        make.csv("a", "data.csv"),
        make.validate("a"),
        make.view("sums", "select sum(value) as total from a", "a", after=("validate_a",)),
    )
    first = project.run(*steps)
    assert (first.status, set(make.statuses(first).values())) == ("succeeded", {"run"})
    assert make.reason(first, "load_a") == "no earlier run"
    second = project.run(*steps)
    assert set(make.statuses(second).values()) == {"cached"}
    assert second.outputs() == first.outputs()
    assert not (project.state / "runs" / second.run).exists()


def test_a_function_is_called_again_and_is_cached_when_it_returns_the_same(project, make):
    steps = (make.rows("a"), make.view("all", "select * from a", "a"))
    project.run(*steps)
    second = project.run(*steps)
    assert make.statuses(second) == {"load_a": "cached", "view_all": "cached"}
    assert make.reason(second, "load_a") == "it looked again and saw what it had seen before"
    assert project.calls() == {"a": 2}


def test_independent_steps_run_at_the_same_time(project, make):
    """Each waits for the other: one after the other they would never end."""
    project.policy = {"cpu": 0.5}
    result = project.run(make.rows("a", hook=MEET), make.rows("b", hook=MEET))
    assert result.status == "succeeded"


def test_steps_that_ask_for_everything_run_one_after_the_other(project, make):
    alone = Policy(cpu=1000)
    hook = "assert not Path('busy').exists(); Path('busy').touch(); time.sleep(0.2); Path('busy').unlink()"
    steps = [make.rows(name, hook=hook, policy=alone) for name in "abc"]
    assert project.run(*steps).status == "succeeded"


def test_a_step_starts_when_all_that_it_needs_has_ended(project, make):
    late = make.rows("a", hook="time.sleep(0.3)")
    steps = (late, make.rows("b", after=("load_a",)), make.view("all", "select * from b", "b"))
    started, ended = [], []
    result = project.run(*steps, on_start=started.append, on_step=lambda step: ended.append(step.name))
    assert started == ended == ["load_a", "load_b", "view_all"]
    assert list(project.calls()) == ["a", "b"]
    assert result.status == "succeeded"


def test_light_steps_leave_nothing_but_their_results(project, make):
    result = project.run(make.verdict("first"), make.verdict("second", "first"))
    assert make.statuses(result) == {"first": "run", "second": "run"}
    assert list((project.state / "runs").glob("*")) == []
    assert list((project.state / "store" / "tmp").glob("*")) == []


def test_a_run_keeps_its_logs_and_no_other_file(project, make):
    result = project.run(make.rows("a"), make.verdict())
    assert [path.name for path in (project.state / "runs" / result.run).iterdir()] == ["load_a.log"]
    assert "rows of a" in project.log(result, "load_a")


def test_the_journal_tells_what_the_result_tells(project, make):
    result = project.run(make.rows("a", hook="raise KeyError('x')"), make.verdict())
    with Journal.of_project(project.folder) as journal:
        run = journal.run(result.run)
        steps = {step.name: step for step in journal.steps(result.run)}
    assert (run.status, run.exit_code) == ("failed", 4)
    assert {name: step.status for name, step in steps.items()} == make.statuses(result)
    assert steps["load_a"].error == make.reason(result, "load_a")
    assert steps["load_a"].log == "load_a.log"
    assert steps["verdict"].outputs == result.steps[1].outputs


def test_no_cache_runs_everything_again(project, make):
    steps = (make.verdict("a"), make.verdict("b", "a"))
    project.run(*steps)
    again = project.run(*steps, choice={"no_cache": True})
    assert make.statuses(again) == {"a": "run", "b": "run"}
    assert make.reason(again, "a") == "the cache is switched off"


def test_from_runs_a_step_and_what_depends_on_it(project, make):
    steps = (make.verdict("a"), make.verdict("b", "a"), make.verdict("c", "b"), make.verdict("d"))
    project.run(*steps)
    again = project.run(*steps, choice={"start": "b"})
    assert make.statuses(again) == {"a": "cached", "b": "run", "c": "run", "d": "cached"}


def test_only_runs_one_step_on_what_was_seen_last(project, make):
    steps = (make.rows("a"), make.view("all", "select * from a", "a"), make.verdict())
    project.run(*steps)
    again = project.run(*steps, choice={"only": "view_all"})
    assert make.statuses(again) == {"load_a": "cached", "view_all": "run"}
    assert project.calls() == {"a": 1}


def test_only_fails_where_a_result_is_missing(project, make):
    result = project.run(
        make.rows("a"), make.view("all", "select * from a", "a"), choice={"only": "view_all"}
    )
    assert make.statuses(result) == {"load_a": "failed", "view_all": "skipped"}
    assert make.reason(result, "load_a") == (
        "its result is not in the cache (no earlier run), and --only runs nothing else"
    )


@pytest.mark.parametrize("count", [300])
def test_many_steps_are_carried_out(project, make, count):
    names = [f"v{number}" for number in range(count)]
    steps = [make.verdict(names[0]), *(make.verdict(name, names[0]) for name in names[1:])]
    result = project.run(*steps)
    assert set(make.statuses(result).values()) <= {"run", "cached"}
    assert len(result.steps) == count


def test_a_default_policy_fills_what_steps_leave_open(project, make):
    project.policy = {"env": {"COLOUR": "red", "SHAPE": "round"}, "timeout": "1m"}
    hook = "print('sees', os.environ['COLOUR'], os.environ['SHAPE'])"
    own = Policy(env={"SHAPE": "square"}, timeout=timedelta(minutes=2))
    result = project.run(make.rows("a", hook=hook, policy=own))
    assert "sees red square" in project.log(result, "load_a")


def test_no_more_steps_of_a_fan_out_run_at_a_time_than_it_says(project, make):
    """Each would find the other's mark if there were two at once."""
    project.policy = {"cpu": 0.1}
    hook = "assert not Path('busy').exists(); Path('busy').touch(); time.sleep(0.2); Path('busy').unlink()"
    steps = [
        one.model_copy(update={"fan": Fan(group="load", index=index, field="source", limit=1)})
        for index, one in enumerate(make.rows(name, hook=hook) for name in "abc")
    ]
    assert project.run(*steps).status == "succeeded"
