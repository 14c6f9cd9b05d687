"""A dataset behind a URL: fetched once for a run and a lock, and only from a host that the spec allows."""

import json

from tests.http_server import body, http_server


def _point_at(project, url, allowed):
    spec = project / "mlops.yaml"
    text = spec.read_text().replace("path: rows.csv", f"path: '{url}'")
    spec.write_text(f"{text}infrastructure: {{allow_hosts: [{allowed}]}}\n")


def test_a_run_and_a_lock_fetch_once_each(project, cli):
    with http_server({"/rows.csv": body((project / "rows.csv").read_bytes())}) as server:
        _point_at(project, server.url("/rows.csv"), "127.0.0.1")
        made = cli("run", "--json")
        assert json.loads(made.out)["status"] == "succeeded"
        assert len(server.asked) == 1
        assert cli("lock").status == 0
        assert len(server.asked) == 2
    assert not [
        path
        for path in (project / ".mlopsc" / "downloads").rglob("*")
        if path.is_file() and path.name != "note.json"
    ]


def test_a_host_that_is_not_allowed_ends_the_run_and_is_not_asked(project, cli):
    with http_server({"/rows.csv": body((project / "rows.csv").read_bytes())}) as server:
        _point_at(project, server.url("/rows.csv"), "localhost")
        outcome = cli("run")
        assert outcome.status == 4
        assert "127.0.0.1, a loopback address" in outcome.out + outcome.err
        assert server.asked == []
