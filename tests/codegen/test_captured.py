"""The image of a captured environment: packages in the versions of then, whatever is installed here."""

from mlopsc.codegen.captured import captured_context
from mlopsc.runtime.environment import captured
from tests.plans import flights_plan, step, train_pipeline

ENVIRONMENT = {
    "libraries": {"mlopsc": "0.0.1", "scikit-learn": "1.2.3", "gone-package": "4.5"},
    "packages": {"mlopsc": "0.0.1", "scikit-learn": "1.2.3", "gone-package": "4.5", "numpy": "2.0"},
}


def lines(context, name):
    return context[name].decode().splitlines()


def test_versions_are_those_of_then_and_mlopsc_is_the_one_at_hand(tmp_path):
    context = captured_context(flights_plan({}, train_pipeline()), tmp_path, ENVIRONMENT, "python:3.9.1-slim")
    assert lines(context, "constraints.txt") == ["gone-package==4.5", "numpy==2.0", "scikit-learn==1.2.3"]
    own, *others = sorted(lines(context, "requirements.txt"), key=lambda line: "mlopsc" not in line)
    (wheel,) = [name for name in context if name.endswith(".whl")]
    assert own.startswith("mlopsc[")  # drivers of registries and stores that the environment may name
    assert own.endswith(f"] @ file:///build/{wheel}")
    assert {"gone-package", "scikit-learn"} <= {*others}
    assert context["Dockerfile"].startswith(b"FROM python:3.9.1-slim\n")
    assert b"libgomp1" not in context["Dockerfile"]


def test_the_same_environment_is_the_same_context_and_boosters_bring_what_they_run_on(tmp_path):
    plan, environment = flights_plan({}, train_pipeline()), captured(("numpy",), 1)
    first = captured_context(plan, tmp_path, environment, "python:3.11-slim")
    assert captured_context(plan, tmp_path, environment, "python:3.11-slim") == first
    boosted = step("train_b", "train", {"estimator": "lightgbm.LGBMClassifier", "training": "b"})
    pipeline = train_pipeline()
    plan = flights_plan({}, pipeline.model_copy(update={"steps": (*pipeline.steps, boosted)}))
    context = captured_context(plan, tmp_path, environment, "python:3.11-slim")
    assert b"libgomp1" in context["Dockerfile"]
    assert "lightgbm" in lines(context, "requirements.txt")
