"""A dry run says what a run would do and why, and does nothing."""

import hashlib


def forecast(found) -> dict[str, str]:
    return {one.name: one.status for one in found}


def pipeline(make, *, most=10):
    return (
        make.csv("a", "data.csv"),
        make.validate("a", most=most),
        make.view("all", "select * from a", "a", after=("validate_a",)),
        make.verdict(),
    )


def snapshot(project) -> dict[str, str]:
    return {
        str(path): hashlib.sha256(path.read_bytes()).hexdigest() if path.is_file() else "folder"
        for path in project.folder.rglob("*")
        if "__pycache__" not in path.parts
    }


def test_of_a_new_project_it_says_what_would_run_and_what_depends_on_it(project, make):
    project.write("data.csv", "id,value\n1,2\n")
    before = snapshot(project)
    found = project.explain(*pipeline(make))
    assert forecast(found) == {
        "load_a": "run",
        "validate_a": "depends",
        "view_all": "depends",
        "verdict": "run",
    }
    assert [one.reason for one in found] == [
        "no earlier run",
        "on the result of load_a",
        "on the result of load_a, validate_a",
        "no earlier run",
    ]
    assert snapshot(project) == before


def test_it_agrees_with_the_run_that_follows_and_writes_nothing(project, make):
    project.write("data.csv", "id,value\n1,2\n")
    project.run(*pipeline(make))
    before = snapshot(project)
    assert set(forecast(project.explain(*pipeline(make))).values()) == {"cached"}
    found = project.explain(*pipeline(make, most=20))
    assert forecast(found) == {
        "load_a": "cached",
        "validate_a": "run",
        "view_all": "depends",
        "verdict": "cached",
    }
    assert snapshot(project) == before
    result = project.run(*pipeline(make, most=20))
    assert make.statuses(result) == {
        "load_a": "cached",
        "validate_a": "run",
        "view_all": "cached",
        "verdict": "cached",
    }


def test_what_is_forced_runs_whatever_comes_before(project, make):
    steps = (make.verdict("a"), make.verdict("b", "a"), make.verdict("c", "b"))
    project.run(*steps)
    assert forecast(project.explain(*steps, choice={"start": "b"})) == {"a": "cached", "b": "run", "c": "run"}
    assert set(forecast(project.explain(*steps, choice={"no_cache": True})).values()) == {"run"}
    assert forecast(project.explain(*steps, choice={"only": "b"})) == {"a": "cached", "b": "run"}


def test_a_refusal_is_foretold(project, make):
    project.write("data.csv", "id,value\n1,2\n2,3\n")
    project.run(*pipeline(make, most=1))
    found = project.explain(*pipeline(make, most=1))
    assert forecast(found) == {
        "load_a": "cached",
        "validate_a": "refused",
        "view_all": "skipped",
        "verdict": "cached",
    }


def test_what_is_missing_is_foretold(project, make):
    found = project.explain(make.csv("a", "absent.csv"), make.view("all", "select * from a", "a"))
    assert forecast(found) == {"load_a": "failed", "view_all": "skipped"}
    assert found[0].reason.startswith("no such file: 'absent.csv'")
    only = project.explain(
        make.rows("a"), make.view("all", "select * from a", "a"), choice={"only": "view_all"}
    )
    assert forecast(only) == {"load_a": "failed", "view_all": "skipped"}


def test_a_function_is_not_called(project, make):
    steps = (make.rows("a"), make.view("all", "select * from a", "a"))
    project.run(*steps)
    assert forecast(project.explain(*steps)) == {"load_a": "run", "view_all": "depends"}
    assert project.calls() == {"a": 1}
