"""`mlopsc reproduce`: what it says and its exit status."""

import json


def test_the_same_is_0_and_anything_else_is_5(trained, cli, write_rows):
    same = cli("reproduce", "lateness/1")
    assert same.status == 0
    assert "byte for byte" in same.out
    assert same.out.splitlines()[-1].startswith("equal: ")
    write_rows(trained / "rows.csv", larger=2.0)
    other = cli("reproduce", "lateness/1", "--json")
    assert other.status == 5
    found = json.loads(other.out)
    assert (found["equal"], found["version"], found["data"]) == (False, "lateness/1", "current")
    assert [one["kind"] for one in found["differences"]] == ["data"]


def test_an_unknown_version_is_told(trained, cli):
    unknown = cli("reproduce", "lateness/7")
    assert unknown.status == 3
    assert "lateness/7" in unknown.err
