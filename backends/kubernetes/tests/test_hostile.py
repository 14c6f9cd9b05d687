"""Payloads in every free text of a manifest arrive as they are, by the rules of Kubernetes and of its YAML reader."""

import json
import shutil
import subprocess

import pytest
import yaml
from mlopsc_kubernetes import backend

from mlopsc.codegen.yaml_text import yaml_text
from tests.plans import IMAGE, flights_plan, train_pipeline

needs_kubectl = pytest.mark.skipif(
    shutil.which("kubectl") is None,
    reason="reads manifests as the cluster does: apt-get install kubernetes-client",
)
WORDS = [
    *("y", "n", "yes", "No", "on", "OFF", "true", "null", "~", "=", "<<", "+", "-", ".inf", "nan"),
    *("1e3", "0x10", "0o17", "010", "1_000", "12:30:45", "2001-01-01", ".5", "-1"),
]
"""What one YAML reader or another takes for something else than a text."""
PAYLOADS = [
    '"""',
    "''' \\",
    "new\nline\r\ttab ",
    "---\nkind: Secret\n...\n",
    "{{7*7}}{{$.inputs.parameters['x']}}",
    "{% raw %}{# x #}",
    "${{ secrets.X }}",
    "$(HOME) $$(HOME) $(touch canary) $$ $ $x $(",
    "`touch canary`; & | > < * ? ! @",
    "- a: &x *x !!python/object:os.system # no comment",
    "naïve 日本 \u202e\u2066\u200b\x1b[0m\u2028\x85\ufeff",
    *WORDS,
    "",
    " ",
]


def expanded(text, environment):
    """What Kubernetes makes of a container's words and values: `third_party/forked/golang/expansion` in Go."""
    out, at = "", 0
    while at < len(text):
        if text[at] != "$" or at + 1 == len(text):
            out, at = out + text[at], at + 1
        elif text[at + 1] == "$":
            out, at = out + "$", at + 2
        elif text[at + 1] == "(":
            end = text.find(")", at + 2)
            name = text[at + 2 : end]
            out += "$(" if end < 0 else environment.get(name, f"$({name})")
            at = at + 2 if end < 0 else end + 1
        else:
            out, at = out + text[at : at + 2], at + 2
    return out


def hostile_plan():
    env = {f"E{number}": text for number, text in enumerate(PAYLOADS)}
    variables = {f"v{number}": text for number, text in enumerate(PAYLOADS)}
    settings = {"image": IMAGE, "env": env, "parameters": {"as_of": "now", "trees": 3}}
    pipeline = train_pipeline().model_copy(update={"title": " ".join(PAYLOADS)})
    plan = flights_plan({"kubernetes": settings}, pipeline)
    return plan.model_copy(update={"variables": variables}), env, variables


def arrived(container):
    env: dict[str, str] = {}
    for one in container["env"]:
        if "valueFrom" not in one:
            env[one["name"]] = expanded(one.get("value", ""), env)
    return env, [expanded(word, env) for word in container["args"]]


def assert_literal(container, env, variables):
    found, words = arrived(container)
    assert {name: found[name] for name in env} == env
    assert [word for word in words if word.startswith("--var=")] == [
        f"--var={name}={text}" for name, text in variables.items()
    ]
    assert all(isinstance(one.get("value", ""), str) for one in container["env"])


def test_what_would_be_expanded_is_the_rule_of_kubernetes():
    """The examples of its documentation."""
    known = {"A": "a", "EMPTY": ""}
    assert expanded("$(A)-$(EMPTY)-$(NONE)", known) == "a--$(NONE)"
    assert expanded("$$(A) $A $ $$ $(A", known) == "$(A) $A $ $ $(A"


def test_every_text_arrives_as_it_is(tmp_path):
    plan, env, variables = hostile_plan()
    (file,) = backend.emit(plan, tmp_path)
    (document,) = yaml.safe_load_all(file.text)
    assert_literal(document["spec"]["template"]["spec"]["containers"][0], env, variables)
    assert list(tmp_path.iterdir()) == []


def test_nothing_invisible_stands_in_the_file(tmp_path):
    """Comments too are of one line: a title cannot end its comment."""
    (file,) = backend.emit(hostile_plan()[0], tmp_path)
    assert all(character == "\n" or character.isprintable() for character in file.text)
    head, mark, body = file.text.partition("\n---\n")
    assert mark
    assert all(line.startswith("# ") for line in head.splitlines())
    assert body.startswith("apiVersion: batch/v1\nkind: Job\n")


@needs_kubectl
def test_kubectl_reads_the_same(tmp_path):
    """Its reader is that of the cluster: Go's, into the types of a Job."""
    plan, env, variables = hostile_plan()
    (file,) = backend.emit(plan, tmp_path)
    (tmp_path / "train.yaml").write_text(file.text, encoding="utf-8")
    read = [
        "kubectl",
        "set",
        "env",
        "--local",
        "-o",
        "json",
        "-f",
        "train.yaml",
        "MLOPSC_PARAM_as_of=2020-01-01",
    ]
    done = subprocess.run(read, cwd=tmp_path, capture_output=True, check=True)
    container = json.loads(done.stdout)["spec"]["template"]["spec"]["containers"][0]
    assert_literal(container, env, variables)
    assert arrived(container)[0]["MLOPSC_PARAM_as_of"] == "2020-01-01"


@pytest.mark.parametrize("text", PAYLOADS)
def test_yaml_keeps_a_text_a_text(text):
    document = {"value": [text, {text or "empty": text}]}
    assert yaml.safe_load(yaml_text(document)) == document


def test_plain_words_stay_plain():
    assert yaml_text(
        {"a": "late arrival", "b": "registry.example.com/x:1.0", "c": "0 3 * * 1", "d": 1, "e": None}
    ) == ('a: late arrival\nb: registry.example.com/x:1.0\nc: "0 3 * * 1"\nd: 1\ne: null\n')
