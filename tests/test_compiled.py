"""A remembered plan is used again only while nothing that the compile looked at has changed."""

import pytest

from mlopsc import api, building, compiled

SPEC = """\
apiVersion: mlopsc/v1
project: {name: p, owner: o}
vars: {test: {type: float, default: 0.3}}
datasets:
  rows: {source: {type: csv, path: "data/*.csv"}, primary_key: [id]}
training:
  t:
    entities: {dataset: rows, label: y}
    features: [x]
    estimator: {python: "own:make"}
    split: {type: random, test: "${vars.test}"}
    metrics: [accuracy]
"""


@pytest.fixture
def spec(tmp_path):
    (tmp_path / "mlops.yaml").write_text(SPEC)
    (tmp_path / "own.py").write_text("def make(params, seed): ...\n")
    (tmp_path / "data").mkdir()
    (tmp_path / "data" / "a.csv").write_text("id,x,y\n1,2.5,true\n2,3.5,false\n")
    return tmp_path / "mlops.yaml"


@pytest.fixture
def recalled(spec):
    """Say whether a plan would come from memory."""

    def asked(**changed):
        base = {"environment": None, "variables": {}, "target": "local", "training": None}
        base |= {"locked": False, "serving": False}
        return compiled.recall(spec, base | changed)[0] is not None

    return asked


def test_a_plan_is_remembered_with_its_warnings(spec, recalled):
    first = building.build_plan(spec, target="local")
    assert recalled()
    again = building.build_plan(spec, target="local")
    assert (again.plan, again.diagnostics) == (first.plan, first.diagnostics)


@pytest.mark.parametrize(
    "name", ["data/a.csv", "data/b.csv", "own.py", "own/__init__.py", "mlops.lock", "mlops.yaml"]
)
def test_a_changed_file_makes_it_forgotten(spec, recalled, name):
    building.build_plan(spec, target="local")
    assert recalled()
    file = spec.parent / name
    file.parent.mkdir(exist_ok=True)
    file.write_text((file.read_text() if file.exists() else "") + "\n")
    assert not recalled()


def test_a_changed_query_makes_it_forgotten(spec, recalled):
    source = "{type: sql, url: 'sqlite:///data/rows.db', query_file: q.sql}"
    spec.write_text(SPEC.replace('{type: csv, path: "data/*.csv"}', source))
    (spec.parent / "q.sql").write_text("select id, x, y from rows\n")
    building.build_plan(spec, target="local")
    assert recalled()
    (spec.parent / "q.sql").write_text("select id, x, y from rows where x > 0\n")
    assert not recalled()


def test_another_environment_variable_target_training_or_lock_is_another_plan(spec, recalled):
    building.build_plan(spec, target="local")
    for changed in (
        {"environment": "prod"},
        {"variables": {"test": "0.4"}},
        {"target": "kfp"},
        {"training": "t"},
        {"locked": True},
    ):
        assert not recalled(**changed)


@pytest.mark.parametrize(
    "damage", [b"", b"{", b"[]", b'{"plan": "{}", "diagnostics": [], "looked_at": {}}', b"\xff"]
)
def test_a_damaged_entry_is_compiled_again(spec, recalled, damage):
    plan = building.build_plan(spec, target="local").plan
    (entry,) = (spec.parent / ".mlopsc" / "compiled").iterdir()
    entry.write_bytes(damage)
    assert not recalled()
    assert building.build_plan(spec, target="local").plan == plan


def test_a_faulty_spec_is_not_remembered(spec):
    spec.write_text(SPEC.replace("accuracy", "acuracy"))
    for _ in range(2):
        with pytest.raises(Exception, match="error"):
            building.build_plan(spec, target="local")
    assert not (spec.parent / ".mlopsc" / "compiled").exists()


def test_only_so_many_are_kept(spec):
    for number in range(compiled.KEPT + 3):
        compiled.remember(spec, f"{number:064}", compiled.Build(api.compile_spec(spec)), {})
    assert len(list((spec.parent / ".mlopsc" / "compiled").iterdir())) == compiled.KEPT
