"""`mlopsc validate` and `mlopsc explain`: what they print and with which status they end."""

import json

import pytest

FAULT = "  origin: {dataset: rowz, entity: [id], columns: [size]}\n"


@pytest.fixture
def faulty(project):
    spec = project / "mlops.yaml"
    spec.write_text(spec.read_text().replace("training:\n", f"features:\n{FAULT}training:\n", 1))
    return spec


def test_a_sound_spec_says_so_in_one_line(project, cli):
    sound = cli("validate")
    assert (sound.status, sound.err) == (0, "")
    assert sound.out.startswith("mlops.yaml: no faults (1 dataset, 1 training, 2 gates, 1 model, 1 monitor, ")


def test_faults_are_told_on_standard_error_with_their_place(faulty, cli):
    found = cli("validate")
    assert (found.status, found.out) == (1, "")
    assert "error[MLC201]" in found.err
    assert "--> mlops.yaml:" in found.err
    assert "did you mean 'rows'?" in found.err


def test_json_and_sarif_are_one_document_each(faulty, cli):
    plain = cli("validate", "--format", "json")
    codes = [one["code"] for one in json.loads(plain.out)["diagnostics"]]
    assert (plain.status, plain.err, "MLC201" in codes) == (1, "", True)
    sarif = json.loads(cli("validate", "--format", "sarif").out)
    assert [one["ruleId"] for one in sarif["runs"][0]["results"]] == codes


def test_strict_fails_on_warnings(project, cli):
    spec = project / "mlops.yaml"
    spec.write_text(spec.read_text().replace("vars:\n", "vars:\n  unused: {type: int, default: 1}\n"))
    lenient = cli("validate")
    assert (lenient.status, "1 warning" in lenient.out) == (0, True)
    assert cli("validate", "--strict").status == 1


def test_a_missing_spec_is_told_with_what_to_do(tmp_path, monkeypatch, cli):
    monkeypatch.chdir(tmp_path)
    missing = cli("validate")
    assert missing.status == 2
    assert missing.err.splitlines()[0] == f"error: there is no mlops.yaml in {tmp_path}"
    assert "name the spec behind the command" in missing.err


def test_an_unknown_target_is_a_wrong_command_line(project, cli):
    wrong = cli("validate", "--target", "locl")
    assert (wrong.status, "did you mean 'local'?" in wrong.err) == (2, True)


def test_explain_shows_the_fault_and_the_fix(cli):
    shown = cli("explain", "201")
    assert shown.status == 0
    assert "This is wrong:" in shown.out
    assert cli("explain", "MLC999").status == 2
