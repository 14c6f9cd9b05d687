"""A resolved spec as text: a spec again, which means the same; and where each value was written."""

import shutil
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from mlopsc.api import compile_spec
from mlopsc.spec.environments import resolve
from mlopsc.spec.written import Origins, yaml_text
from mlopsc.spec.yaml_load import load_document, parse_document

EXAMPLES = sorted((Path(__file__).resolve().parents[2] / "examples").glob("*/mlops.yaml"))

scalars = (
    st.none()
    | st.booleans()
    | st.integers(-(10**20), 10**20)
    | st.floats(allow_nan=False)
    | st.text(st.characters(exclude_categories=["Cs"]), max_size=30)
    | st.sampled_from(["no", "null", "1e-4",
                        "0755", "a: b", "a #b", "- x", "12:30:45", "", " x", "{a}", "x\n", "a\nb", "~"])
)  # fmt: skip
keys = st.text(st.characters(exclude_categories=["Cs"], exclude_characters="<"), min_size=1, max_size=8)
values = st.recursive(
    scalars, lambda part: st.lists(part, max_size=4) | st.dictionaries(keys, part, max_size=4), max_leaves=12
)


@given(st.dictionaries(keys, values, min_size=1, max_size=4))
def test_what_is_written_reads_as_it_was(value):
    document = parse_document(yaml_text(value))
    assert document.diagnostics == ()
    assert document.value == value


@pytest.mark.parametrize("spec", EXAMPLES, ids=lambda path: path.parent.name)
def test_a_resolved_example_compiles_to_the_same_plan(spec, tmp_path):
    def plan(path):
        made = compile_spec(path).model_dump(exclude={"spec", "environment"})
        for pipeline in made["pipelines"]:
            for step in pipeline["steps"]:
                del step["source"], step["places"]
        return made

    project = shutil.copytree(spec.parent, tmp_path / "project", ignore=shutil.ignore_patterns(".mlopsc"))
    resolved = project / "mlops.yaml"  # a version remembers the name
    resolved.write_text(yaml_text(resolve(load_document(spec)).document.value))
    assert plan(resolved) == plan(spec)


TEXT = """\
vars:
  floor: {type: float, default: 0.5}
  who: {type: string, default: us}
environments:
  prod:
    vars: {floor: 0.7}
    datasets:
      d: {source: {path: big.csv}}
datasets:
  d:
    source: {type: csv, path: small.csv}
    description: of ${vars.who}
gates:
  g: {type: metric, metric: r2, min: "${vars.floor}"}
"""


def origins(environment=None, **overrides):
    document = parse_document(TEXT)
    resolved = resolve(document, environment, overrides)
    return resolved.document.value, Origins(document, resolved, environment, overrides)


def test_an_origin_tells_the_environment_and_the_variables():
    _, plain = origins()
    assert plain.of(("datasets", "d", "source", "path")) == "mlops.yaml:11"
    assert plain.of(("datasets", "d", "description")) == "mlops.yaml:12, vars.who mlops.yaml:3"
    assert plain.of(("gates", "g", "min")) == "mlops.yaml:14, vars.floor mlops.yaml:2"
    _, prod = origins("prod", who="me")
    assert prod.of(("datasets", "d", "source", "path")) == "mlops.yaml:8 (prod)"
    assert prod.of(("datasets", "d", "source", "type")) == "mlops.yaml:11"
    assert prod.of(("datasets", "d", "description")) == "mlops.yaml:12, vars.who --var"
    assert prod.of(("gates", "g", "min")) == "mlops.yaml:14, vars.floor mlops.yaml:6 (prod)"


def test_origins_stand_behind_the_values_in_line_and_are_comments():
    value, told = origins("prod")
    text = yaml_text(value, told)
    assert parse_document(text).value == value
    assert text.splitlines()[:5] == [
        "datasets:",
        "  d:",
        "    source:",
        "      type: csv         # mlops.yaml:11",
        "      path: big.csv     # mlops.yaml:8 (prod)",
    ]
