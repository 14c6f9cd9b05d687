"""What holds for every backend, whoever wrote it: deterministic code, the same artifacts, the same decisions."""

import ast

from mlopsc.codegen.manifest import MANIFEST, listed
from mlopsc.codegen.writer import MARK


def outcomes(reports):
    """Return what must not depend on the target: digests and verdicts, without times, run ids and environments.

    What a step that refused wrote is among them.
    """
    return {
        pipeline: {
            "status": report["status"],
            "outputs": {
                step["name"]: {port: one for port, one in step["outputs"].items() if port != "environment"}
                for step in report["steps"]
            },
            "refused": [step["name"] for step in report["steps"] if step["status"] == "refused"],
            "gates": report["gates"],
            "metrics": report["metrics"],
            "registered": report["registered"],
            "drift": report["drift"],
            "predictions": {name: one | {"path": None} for name, one in report["predictions"].items()},
        }
        for pipeline, report in reports.items()
    }


def test_an_example_has_no_fault_on_any_target(generated, example, emitting):
    _, (checked, *_) = generated(example, emitting)
    assert checked.status == 0, checked


def test_generated_files_are_sound_and_the_same_again(generated, example, emitting):
    """They say from what they were made, or a manifest does; a compile in another process is byte-identical."""
    project, (_, made, same) = generated(example, emitting)
    assert made.status == 0, made
    out = project / f"out-{emitting}"
    copies = {
        found.parent / name for found in out.rglob(MANIFEST) for name in listed(found.read_text("utf-8"))
    }
    for path in out.rglob("*"):
        assert str(project).encode() not in (path.read_bytes() if path.is_file() else b""), path
        if path.is_file() and path not in copies:
            text = path.read_text("utf-8")
            assert MARK in text.partition("\n")[0], path
            if path.suffix == ".py":
                ast.parse(text)
    assert same.status == 0, same


def test_a_run_makes_the_same_artifacts_and_decisions_as_locally(run_everything, project, reference, example):
    assert outcomes(run_everything(project)) == outcomes(reference(example))
