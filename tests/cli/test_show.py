"""`mlopsc show` and `mlopsc schema`."""

import json

from jsonschema import Draft7Validator


def test_what_is_shown_is_a_spec_that_runs_the_same(project, cli):
    shown = cli("show")
    assert (shown.status, shown.err) == (0, "")
    assert "vars" not in shown.out
    assert "    min: 0.6\n" in shown.out
    (project / "resolved.yaml").write_text(shown.out)
    assert cli("validate", "resolved.yaml").status == 0
    assert cli("show", "resolved.yaml").out == shown.out


def test_a_part_with_its_origins(project, cli):
    shown = cli("show", "--section", "gates.good", "--origin", "--var", "least=0.7")
    assert shown.out == (
        "gates:\n"
        "  good:\n"
        "    type: metric        # mlops.yaml:27\n"
        "    training: lateness  # mlops.yaml:27\n"
        "    metric: roc_auc     # mlops.yaml:27\n"
        "    min: 0.7            # mlops.yaml:27, vars.least --var\n"
    )
    found = json.loads(cli("show", "-s", "gates.good.min", "--origin", "--json").out)
    assert found == {"value": 0.6, "origins": {"gates.good.min": "mlops.yaml:27, vars.least mlops.yaml:4"}}


def test_the_file_as_it_is_written(project, cli):
    assert '    min: "${vars.least}"\n' in cli("show", "--as-written").out
    assert cli("show", "--as-written", "-e", "prod").status == 2


def test_what_it_cannot_show_it_tells(project, cli):
    unknown = cli("show", "-s", "gates.goood")
    assert (unknown.status, unknown.err) == (
        2,
        "error: --section gates.goood: 'gates' holds no 'goood'\n  = help: did you mean 'good'?\n",
    )
    assert "unknown environment 'prod'" in cli("show", "-e", "prod").err
    assert cli("show", "-e", "prod").status == 1
    (project / "mlops.yaml").write_text("a: [\n")
    broken = cli("show")
    assert (broken.status, broken.out) == (1, "")


def test_the_schema_is_for_editors_and_takes_what_is_shown(project, cli):
    schema = json.loads(cli("schema").out)
    assert schema["$schema"] == "http://json-schema.org/draft-07/schema#"
    Draft7Validator(schema).validate(json.loads(cli("show", "--json").out)["value"])
    assert cli("schema", "--out", "schema.json").out == "schema.json written\n"
    assert json.loads((project / "schema.json").read_text()) == schema
