"""`export: {onnx: true}`: a file of the run, kept with the version, or a step that fails and nothing kept."""

import json
from pathlib import Path

import pytest

pytest.importorskip("skl2onnx")
METRICS = "    metrics: [roc_auc]\n"


@pytest.fixture
def exporting(project, cli):
    """Return what runs the tiny project with further keys in its training."""

    def run(keys, status=0):
        declare(project, keys)
        done = cli("run")
        assert done.status == status, done.err
        return done

    return run


def declare(project, keys):
    spec = project / "mlops.yaml"
    spec.write_text(spec.read_text().replace(METRICS, f"{METRICS}    {keys}\n"))


def shown(cli, *words):
    done = cli(*words, "--json")
    assert done.status == 0, done.err
    return json.loads(done.out)


def test_the_file_is_kept_with_the_version_and_written_as_it_is(exporting, cli, project, monkeypatch):
    exporting("refit: true\n    threshold: {value: 0.4}\n    export: {onnx: {tolerance: 1.0e-5}}")
    made = shown(cli, "artifact", "export_lateness")["artifacts"]
    version = shown(cli, "registry", "show", "lateness@staging")
    assert version["artifacts"]["onnx"] == made["onnx"]["digest"]
    assert version["artifacts"]["onnx_report"] == made["report"]["digest"]
    report = shown(cli, "artifact", "export_lateness.report")["content"]
    assert (report["rows"], report["beyond"], report["tolerance"]) == (120, 0, 1e-5)
    (line,) = [one for one in cli("registry", "show", "lateness/1").out.splitlines() if "as ONNX" in one]
    assert line.endswith(made["onnx"]["digest"])
    assert "--out FILE writes it" in cli("artifact", "export_lateness.onnx").out

    monkeypatch.setattr("mlopsc.runtime.models.onnx_file.to_onnx", None)
    told = cli("registry", "export", "lateness@staging", "-o", "kept.onnx").out
    assert "compared on 120 test rows" in told
    assert "0 rows differ by more than 1e-05" in told
    assert cli("artifact", "export_lateness.onnx", "-o", "made.onnx").status == 0
    assert (project / "kept.onnx").read_bytes() == (project / "made.onnx").read_bytes()
    again = cli("registry", "export", "lateness/1", "-o", "other.onnx", "--tolerance", "0")
    assert again.status == 3
    assert "lateness/1 was not written: as ONNX, " in again.err
    assert not (project / "other.onnx").exists()


def test_an_export_that_is_declared_later_makes_a_version_that_has_it(trained, cli):
    declare(trained, "export: {onnx: true}")
    assert cli("run").status == 0
    first, second = shown(cli, "registry", "show", "lateness")["versions"]
    assert "onnx" not in first["artifacts"]
    assert "onnx" in second["artifacts"]
    assert first["digest"] == second["digest"]
    assert cli("run").status == 0
    assert len(shown(cli, "registry", "show", "lateness")["versions"]) == 2


def test_a_kept_file_that_was_changed_is_not_written(exporting, cli, project):
    exporting("export: {onnx: true}")
    digest = shown(cli, "registry", "show", "lateness/1")["artifacts"]["onnx"].removeprefix("sha256:")
    (blob,) = Path(project).glob(f".mlopsc/store/**/{digest}")
    blob.chmod(0o644)
    blob.write_bytes(blob.read_bytes()[:-1] + b"?")
    done = cli("registry", "export", "lateness/1", "-o", "kept.onnx")
    assert done.status == 3
    assert digest in done.err
    assert not (project / "kept.onnx").exists()


def test_what_cannot_be_converted_fails_its_step_and_is_not_registered(exporting, cli):
    done = exporting("preprocess: {numeric: {indicator: true}}\n    export: {onnx: true}", status=4)
    assert "the model of 'lateness' cannot be written as ONNX: " in done.err
    assert "MissingIndicator" in done.err
    assert shown(cli, "registry", "list")["models"] == {}
    assert cli("artifact", "evaluate_lateness.metrics").status == 0
