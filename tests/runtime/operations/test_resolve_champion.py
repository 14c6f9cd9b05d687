import pytest

from mlopsc.diagnostics.errors import StoreError
from mlopsc.runtime.operations import resolve_champion
from mlopsc.runtime.store import blob_name, digest_of_file
from mlopsc.vocabulary.artifacts import NO_MODEL
from mlopsc.vocabulary.operations import ResolveChampion

CONFIG = ResolveChampion(model="m", stage="staging")


def test_without_a_champion_there_is_an_artifact_that_says_so(workbench):
    assert resolve_champion.fingerprint(CONFIG, workbench.context) == "none"
    assert workbench.champion().read_bytes() == NO_MODEL
    assert not (workbench.context.project / ".mlopsc").exists()


def test_the_champion_is_the_registered_bytes(workbench):
    candidate = workbench.candidate(workbench.sample("train"), workbench.sample("test", 100, 1000))
    workbench.register(candidate)
    assert workbench.champion().read_bytes() == candidate["model"].read_bytes()
    assert resolve_champion.fingerprint(CONFIG, workbench.context) == digest_of_file(candidate["model"])
    assert workbench.champion("live").read_bytes() == NO_MODEL


def test_a_champion_swapped_in_the_store_is_refused(workbench):
    candidate = workbench.candidate(workbench.sample("train"), workbench.sample("test", 100, 1000))
    digest = workbench.register(candidate)["model_digest"]
    blob = workbench.context.project / ".mlopsc" / "store" / blob_name(digest)
    blob.chmod(0o644)
    blob.write_bytes(workbench.train(workbench.sample("other", noise=9.0), "other_model").read_bytes())
    with pytest.raises(StoreError, match="is damaged"):
        workbench.champion()
