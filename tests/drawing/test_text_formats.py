"""Mermaid and DOT: what they say, and that no name says anything else."""

import re
import shutil
import subprocess

import pytest

from mlopsc.drawing import dot, mermaid
from tests.drawing.pipelines import HOSTILE, hostile, many
from tests.plans import train_pipeline

LABEL = r'"[^"\n]*"'
LINE = re.compile(
    r"flowchart (TD|LR)|    end|    s\d+ --> s\d+|    classDef is_\w+ fill:#\w{6},stroke:#\w{6},color:#\w{6}(,\S+ \d)?"
    rf"|    class s\d+(,s\d+)* is_\w+|    subgraph g\d+ \[{LABEL}\]"
    rf"| +s\d+(\[\({LABEL}\)\]|\({LABEL}\)|\{{\{{{LABEL}\}}\}}|\[\[{LABEL}\]\]|\(\[{LABEL}\]\))"
)
QUOTED = r'"(?:[^"\\\n]|\\.)*"'


def test_mermaid_has_a_shape_for_each_kind_a_box_and_a_class_for_each_status():
    drawn = mermaid(train_pipeline(), {"gate_good_enough": "run", "verdict": "refused"})
    assert drawn.startswith("flowchart TD\n")
    assert '    s0[("load_flights<br/>data/flights.parquet")]\n' in drawn
    assert '    subgraph g0 ["late_arrival"]\n' in drawn
    assert '        s10{{"gate_good_enough<br/>roc_auc #8805; 0.65<br/>run"}}\n' in drawn
    assert "    s13 --> s" not in drawn
    assert "    class s10 is_run\n" in drawn
    assert "    classDef is_refused fill:#ffedd5,stroke:#c2410c,color:#0f172a\n" in drawn
    assert mermaid(train_pipeline(), direction="right").startswith("flowchart LR\n")


@pytest.mark.parametrize("text", HOSTILE)
def test_hostile_texts_stay_in_mermaids_labels(text):
    drawn = mermaid(hostile(text), {text: text})
    assert [line for line in drawn.splitlines() if not LINE.fullmatch(line)] == []
    labels = re.findall(LABEL, drawn)
    assert len(labels) == 3
    assert not re.search(r"[<>&`%\\{}]", "".join(labels).replace("<br/>", ""))


@pytest.mark.parametrize("text", HOSTILE)
def test_hostile_texts_stay_in_dots_strings(text):
    drawn = dot(hostile(text), {text: text})
    bare = re.sub(QUOTED, '""', drawn)
    assert re.fullmatch(r"[\w\s{}\[\]=,;.>\"-]*", bare)
    assert "URL" not in bare
    assert len(re.findall('""', bare)) == 18


@pytest.mark.graphviz
@pytest.mark.skipif(shutil.which("dot") is None, reason="needs Graphviz: apt-get install graphviz")
@pytest.mark.parametrize("text", [text for text in HOSTILE if "\x00" not in text])
def test_graphviz_reads_hostile_texts_as_they_are(text):
    drawn = subprocess.run(
        ["dot", "-Tplain"], input=dot(hostile(text)), capture_output=True, text=True, check=True
    )
    nodes = [line for line in drawn.stdout.splitlines() if line.startswith("node ")]
    assert len(nodes) == 2


@pytest.mark.graphviz
@pytest.mark.skipif(shutil.which("dot") is None, reason="needs Graphviz: apt-get install graphviz")
def test_graphviz_draws_many_trainings():
    drawn = subprocess.run(["dot", "-Tsvg"], input=dot(many(5)), capture_output=True, text=True, check=True)
    assert drawn.stderr == ""
    assert drawn.stdout.count('class="cluster"') == 5
