"""What is kept of a version beside its artifacts: the environment that made it, and what it was made by."""

import json
import platform
from importlib.metadata import version as installed

import pytest

from mlopsc.api import run_local
from mlopsc.diagnostics.errors import StoreError
from mlopsc.runtime.context import Context
from mlopsc.runtime.decisions import read_json
from mlopsc.runtime.environment import captured
from mlopsc.runtime.recipe import Recipe, lay_out_recipe, read_recipe
from tests.cli.conftest import SPEC, _write_rows

CODE = "from sklearn.preprocessing import StandardScaler\nfrom numbers_of import names\n\n\ndef prepare(features):\n"


@pytest.fixture
def project(tmp_path, monkeypatch):
    for variable in ("MLOPSC_REGISTRY_URL", "MLOPSC_STORE_URL"):
        monkeypatch.delenv(variable, raising=False)
    (tmp_path / "mlops.yaml").write_text(SPEC)
    _write_rows(tmp_path / "rows.csv")
    return tmp_path


def made(project, number=1):
    with Context(project).registry() as registry:
        return registry.version("lateness", number)


def test_every_package_is_told_in_its_version():
    found = captured(("numpy",), 3)
    assert found["packages"]["scikit-learn"] == installed("scikit-learn")
    assert found["libraries"] == {"mlopsc": installed("mlopsc"), "numpy": installed("numpy")}
    assert (found["python"], found["threads"]) == (platform.python_version(), 3)
    assert json.loads(json.dumps(found)) == found


def test_the_environment_is_the_one_that_made_the_model(project):
    """Later threads, or packages that came since, are not those of a model that came from the cache."""
    run_local(project / "mlops.yaml").require()
    first = read_json(Context(project).store().get_path(made(project).artifacts["environment"]))
    spec = project / "mlops.yaml"
    spec.write_text(spec.read_text().replace("metrics: [roc_auc]", "metrics: [roc_auc, accuracy]"))
    spec.write_text(spec.read_text().replace("seed: 1", "seed: 1\n    policy: {cpu: 1}"))
    again = run_local(spec).require()
    statuses = {step.name: step.status for step in again.steps}
    assert (statuses["train_lateness"], statuses["register_lateness"]) == ("cached", "run")
    second = read_json(Context(project).store().get_path(made(project, 2).artifacts["environment"]))
    assert second == first


def test_a_version_keeps_the_spec_and_the_code_that_made_it(project):
    (project / "steps.py").write_text(f"{CODE}    return StandardScaler().set_output(transform='pandas')\n")
    (project / "numbers_of.py").write_text("names = []\n")
    spec = project / "mlops.yaml"
    spec.write_text(
        SPEC.replace(
            "features: [size, colour]", 'features: [size]\n    preprocess: {python: "steps:prepare"}'
        )
    )
    run_local(spec, variables={"least": "0.5"}).require()
    store = Context(project).store()
    recipe = read_recipe(made(project).artifacts, store)
    assert (recipe.spec, recipe.environment, recipe.variables) == ("mlops.yaml", None, {"least": "0.5"})
    assert (sorted(recipe.files), recipe.missing) == (["mlops.yaml", "numbers_of.py", "steps.py"], ())
    lay_out_recipe(recipe, store, project / "again")
    for name in recipe.files:
        assert (project / "again" / name).read_bytes() == (project / name).read_bytes()


def test_a_recipe_writes_nothing_outside_its_folder(project):
    store = Context(project).store()
    digest = store.put_bytes(b"x")
    for name in ("../evil.py", "/tmp/evil.py", "a/../../evil.py"):
        with pytest.raises(StoreError, match="leads out of the project"):
            lay_out_recipe(Recipe("mlops.yaml", None, {}, {name: digest}, (), ()), store, project / "again")
