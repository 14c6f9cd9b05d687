"""Pipelines to draw: a training by hand, many of them side by side, and one whose every text is hostile."""

from mlopsc.plan.plan import Artifact, Pipeline, Source, Step
from tests.plans import step, table_steps, train_pipeline

HOSTILE = (
    "<script>alert(1)</script>",
    '"]; click s0 "javascript:alert(1)"',
    '"]; evil [shape=none, URL="http://x"]; "',
    "]]><!ENTITY x SYSTEM 'file:///etc/passwd'>&x;",
    "%%{init: {'securityLevel': 'loose'}}%%",
    "end\nsubgraph x\nclassDef default fill:red",
    "back\\N\\l\\",
    "`**bold**` #quot;#35; &lt;b&gt;",
    "\x00\x1b[31m\u202eright to left\ud800",
    "1. a list",
    "- [x] done",
    "--> s1",
    "${params.x} {{7*7}} {% raw %}",
    "' onload='alert(1)",
    "名前 é 🐧",
)


def many(count: int, *, name: str = "model") -> Pipeline:
    """As many trainings of the same data as asked for, eight steps each, and one verdict."""
    steps = [*table_steps()]
    decisions = {}
    for number in range(count):
        training = f"{name}_{number}"
        for one in train_pipeline().steps[len(steps) and 4 : -1]:
            renamed = one.name.replace("late_arrival", training)
            renamed = f"{renamed}_{number}" if one.name.startswith("gate_") else renamed
            steps.append(_renamed(one, renamed, training, number))
        decisions[f"register_{training}"] = Artifact(step=f"register_{training}", port="decision")
    verdict = step("verdict", "verdict", {"decisions": list(decisions)})
    steps.append(verdict.model_copy(update={"inputs": decisions}))
    return train_pipeline().model_copy(update={"steps": tuple(steps)})


def _renamed(one: Step, name: str, training: str, number: int) -> Step:
    def other(producer: str) -> str:
        changed = producer.replace("late_arrival", training)
        return f"{changed}_{number}" if producer.startswith("gate_") else changed

    said = dict(one.configuration)
    for key in ("training", "model"):
        if key in said:
            said[key] = training
    if "gate" in said:
        said["gate"] = {**said["gate"], "training": training}
    inputs = {
        port: artifact.model_copy(update={"step": other(artifact.step)})
        for port, artifact in one.inputs.items()
    }
    return one.model_copy(update={"name": name, "configuration": said, "inputs": inputs})


def hostile(text: str) -> Pipeline:
    """A pipeline whose names, titles and captions are this text."""
    source = Source(file=text, line=1, column=1)
    load = step(f"load {text}", "load", {"dataset": text, "source": {"type": "csv", "path": text}})
    train = step(
        text, "train", {"training": text, "estimator": {"python": text}, "features": [text], "label": text}
    )
    made = {"train": Artifact(step=load.name, port="data")}
    train = train.model_copy(update={"inputs": made, "source": source})
    return Pipeline(name=text, kind="train", title=text, steps=(load, train))
