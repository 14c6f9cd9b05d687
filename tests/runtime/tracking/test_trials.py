"""Trials as they are told: how each ends, and on which rung it stood."""

from types import SimpleNamespace

import pytest

from mlopsc.runtime.tracking import trials

pytest.importorskip("mlflow")


class Recorder:
    """A client that keeps what it is told."""

    def __init__(self):
        self.ends, self.tags = {}, {}

    def search_runs(self, *_, **__):
        return type("Page", (list,), {"token": None})()

    def create_run(self, _, *, run_name, **__):
        return SimpleNamespace(info=SimpleNamespace(run_id=run_name, status="RUNNING"))

    def log_batch(self, run, *, tags, **__):
        self.tags[run] = {tag.key: tag.value for tag in tags}

    def set_terminated(self, run, status, **__):
        self.ends[run] = status


def test_a_skipped_trial_is_a_killed_run_and_a_rung_a_tag():
    def trial(index, status, **more):
        mean = 0.5 if status == "ok" else None
        about = {"index": index, "params": {}, "scores": [], "mean": mean, "std": mean, "status": status}
        return {**about, "message": None if mean else "why", **more}

    found = [trial(0, "ok", rung=1, resource=0.5, candidate=3), trial(1, "failed"), trial(2, "skipped")]
    client = Recorder()
    trials.tell_trials(client, "1", "whole", "t", {"metric": "auc", "trials": found, "best": 0}, 0)
    assert client.ends == {"t trial 0": "FINISHED", "t trial 1": "FAILED", "t trial 2": "KILLED"}
    assert client.tags["t trial 0"] == {
        "mlopsc.best": "yes",
        "mlopsc.candidate": "3",
        "mlopsc.rung": "1",
        "mlopsc.resource": "0.5",
    }
    assert client.tags["t trial 2"] == {"mlflow.note.content": "why"}
