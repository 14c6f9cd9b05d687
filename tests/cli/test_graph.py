"""`mlopsc graph`: formats, statuses of runs, and what it says when it cannot draw."""

import builtins
import re

import pytest


def test_mermaid_is_written_where_nothing_else_is_asked_for(project, cli):
    drawn = cli("graph")
    assert (drawn.status, drawn.err) == (0, "")
    assert drawn.out.startswith("flowchart TD\n")
    assert "class " not in drawn.out
    assert cli("graph", "--pipeline", "rows_drift", "--format", "dot").out.startswith(
        'digraph "rows_drift" {'
    )


def test_the_suffix_says_the_format(project, cli):
    starts = {"svg": b"<svg ", "png": b"\x89PNG", "dot": b"digraph", "gv": b"digraph", "mmd": b"flowchart"}
    for suffix, start in starts.items():
        assert cli("graph", "--out", f"drawn.{suffix}").status == 0
        assert (project / f"drawn.{suffix}").read_bytes().startswith(start)
    refused = cli("graph", "--out", "drawn.gif")
    assert (refused.status, refused.err.splitlines()[0]) == (
        2,
        "error: --out drawn.gif: the suffix says no format",
    )
    assert cli("graph", "--out", "drawn.gif", "--format", "svg").status == 0


def test_the_statuses_are_those_of_the_last_run_unless_unwanted(trained, cli):
    drawn = cli("graph")
    run = re.search(r"statuses are those of run (\S+) of train: succeeded", drawn.err)[1]
    assert "<br/>run" in drawn.out
    assert cli("run", "--json").status == 0
    assert "<br/>cached" in cli("graph").out
    assert "<br/>run" in cli("graph", "--run", run).out
    bare = cli("graph", "--no-status")
    assert (bare.err, "<br/>cached" in bare.out) == ("", False)


def test_a_run_is_drawn_as_it_was_whatever_the_spec_says_by_now(trained, cli):
    spec = trained / "mlops.yaml"
    spec.write_text(spec.read_text().replace("LogisticRegression", "RidgeClassifier"))
    assert "RidgeClassifier" in cli("graph").out
    last = cli("graph", "--run", "20")
    assert last.status == 0
    assert "LogisticRegression" in last.out


def test_what_it_cannot_draw_it_tells(project, cli):
    assert cli("graph", "--status").err.startswith("error: there is no run of train in ")
    assert cli("graph", "--run", "2020").err.startswith("error: there is no run '2020' in ")
    unknown = cli("graph", "--pipeline", "rows_drfit")
    assert (unknown.status, unknown.err) == (
        2,
        "error: mlops.yaml has no pipeline 'rows_drfit'\n  = help: did you mean 'rows_drift'?\n",
    )
    assert cli("graph", "--run", "2020", "--pipeline", "train").status == 2
    spec = project / "mlops.yaml"
    spec.write_text(spec.read_text().replace("features: [size", "features: [sizes"))
    assert cli("graph", "--out", "drawn.svg").status == 1
    assert not (project / "drawn.svg").exists()


def test_a_png_without_its_renderer_names_the_extra(project, cli, monkeypatch):
    known = builtins.__import__

    def without(name, *rest):
        if name == "resvg_py":
            raise ImportError(name)
        return known(name, *rest)

    monkeypatch.setattr(builtins, "__import__", without)
    refused = cli("graph", "--out", "drawn.png")
    assert (refused.status, refused.err) == (
        3,
        "error: drawing a PNG needs resvg\n  = help: pip install 'mlopsc[png]'\n",
    )


def test_a_machine_without_fonts_gives_no_png_without_words(project, cli, monkeypatch):
    resvg = pytest.importorskip("resvg_py", reason="PNGs need resvg: pip install 'mlopsc[png]'")
    drawing = resvg.svg_to_bytes
    monkeypatch.setattr(resvg, "svg_to_bytes", lambda **given: drawing(skip_system_fonts=True, **given))
    refused = cli("graph", "--out", "drawn.png")
    assert refused.status == 3
    assert "this machine has none" in refused.err
    assert not (project / "drawn.png").exists()
