"""A registered model is the bytes that were registered: whoever reads it refuses any other, and runs nothing of it."""

import json
import os
import pickle
import re
import shutil
from pathlib import Path

import pytest

import mlopsc
from mlopsc.diagnostics.errors import RegistryError, StoreError
from mlopsc.doctor import examine
from mlopsc.runtime.models.archive import load_model_file
from mlopsc.runtime.models.strictzip import pack, unpack
from mlopsc.runtime.operations import resolve_model
from mlopsc.runtime.promotion import promote
from mlopsc.runtime.registry import Candidate
from mlopsc.runtime.store import blob_name
from mlopsc.vocabulary.operations import ResolveModel

ESTIMATOR, SIGNATURE = "estimator.skops", "signature.json"
MEMBERS = re.compile(r"estimator\.skops|signature\.json|rows\.u64")


class Payload:
    """What a pickle of it runs when it is loaded: it makes the file `canary`."""

    def __init__(self, canary: Path) -> None:
        self.canary = canary

    def __reduce__(self):
        return os.mkdir, (str(self.canary),)


@pytest.fixture
def canary(tmp_path):
    return tmp_path / "canary"


STAGES = [{"stage": "staging", "gates": ["good"]}, {"stage": "live", "gates": ["better"]}]


@pytest.fixture(scope="module")
def prepared(tmp_path_factory):
    """A folder that the first test fills with two versions, and the others copy."""
    return tmp_path_factory.mktemp("prepared") / "project"


@pytest.fixture
def registered(workbench, prepared):
    """The first of two versions, which holds stage live, while the second holds staging; returns its blob."""
    project = workbench.context.project
    if not prepared.exists():
        test = workbench.sample("test", 200, 1000)
        first = workbench.candidate(workbench.sample("train"), test)
        workbench.register(first, stages=STAGES)
        promote(workbench.context, "m", 1, "live", actor="ann")
        second = workbench.candidate(workbench.sample("more", first_row=3000), test, "second")
        workbench.register(second, stages=STAGES)
        shutil.copytree(project, prepared)
    shutil.copytree(prepared, project, dirs_exist_ok=True)
    with workbench.context.registry() as registry:
        return project / ".mlopsc" / "store" / blob_name(registry.version("m", 1).digest)


def other_model(blob, workbench, canary):
    return workbench.train(workbench.sample("other", noise=9.0), "other_model").read_bytes()


def one_byte(blob, workbench, canary):
    data = bytearray(blob.read_bytes())
    data[len(data) // 2] ^= 1
    return bytes(data)


def cut_off(blob, workbench, canary):
    return blob.read_bytes()[:-100]


def pickled(blob, workbench, canary):
    return pickle.dumps(Payload(canary))


def pickled_inside(blob, workbench, canary):
    with blob.open("rb") as file:
        members = unpack(file, MEMBERS)
    return pack(members | {ESTIMATOR: pickle.dumps(Payload(canary))})


SWAPS = [other_model, one_byte, cut_off, pickled, pickled_inside]


def load(bench, blob):
    mlopsc.load_model("m@live", project=bench.context.project)


def resolve(bench, blob):
    bench.champion("live")


def judge_against_it(bench, blob):
    candidate = bench.train(bench.sample("next", 300, 5000), "next")
    bench.judge_champion(candidate, bench.champion("live"), bench.folder / "test")


def promote_against_it(bench, blob):
    promote(bench.context, "m", 2, "live", actor="ann")


def promote_it(bench, blob):
    with bench.context.registry() as registry:
        registry.promote("m", 2, "live", expected_champion=1, actor="ann", evidence={})
    promote(bench.context, "m", 1, "live", actor="ann")


def resolve_to_predict(bench, blob):
    config = ResolveModel(model="m", version="live")
    resolve_model.run(config, {}, {"model": bench.folder / "resolved"}, bench.context)


USES = [load, resolve, resolve_to_predict, judge_against_it, promote_against_it, promote_it]


@pytest.mark.parametrize("use", USES, ids=lambda use: use.__name__)
@pytest.mark.parametrize("swap", SWAPS, ids=lambda swap: swap.__name__)
def test_a_model_file_that_was_swapped_is_refused(workbench, registered, canary, swap, use):
    times = registered.stat()
    data = swap(registered, workbench, canary)
    registered.chmod(0o644)
    registered.write_bytes(data)
    os.utime(registered, ns=(times.st_atime_ns, times.st_mtime_ns))  # as it was, as far as one can
    with pytest.raises(StoreError, match=r"is damaged|not the one that was registered"):
        use(workbench, registered)
    assert not canary.exists()
    faults = [finding for finding in examine(workbench.context) if finding.status == "fault"]
    assert {finding.subject for finding in faults} >= {"store", "registry"}


def test_a_candidate_that_is_no_model_is_not_registered(workbench, canary):
    candidate = workbench.candidate(workbench.sample("train"), workbench.sample("test", 200, 1000))
    candidate["model"].write_bytes(pickle.dumps(Payload(canary)))
    with pytest.raises(RegistryError, match="is missing or incomplete"):
        workbench.register(candidate)
    assert not canary.exists()


@pytest.mark.parametrize("make", [pickled, pickled_inside], ids=lambda make: make.__name__)
def test_a_pickle_that_the_registry_itself_vouches_for_is_not_loaded(workbench, registered, canary, make):
    """Whoever can write the registry can give it any digest: the format comes from no artifact all the same."""
    digest = workbench.context.store().put_bytes(make(registered, workbench, canary))
    with workbench.context.registry() as registry:
        version = registry.version("m", 1)
        given = Candidate(
            artifacts=dict(version.artifacts) | {"model": digest},
            stages=dict.fromkeys(version.stages, ()),
            lineage={"format": "pickle"},
        )
        registry.register("m", given, actor="mallory")
    with pytest.raises(StoreError, match="not a model"):
        mlopsc.load_model("m/3", project=workbench.context.project)
    assert not canary.exists()


def test_what_a_files_own_metadata_says_of_format_and_trust_changes_nothing(workbench, registered, canary):
    with registered.open("rb") as file:
        members = unpack(file, MEMBERS)
    signature = json.loads(members[SIGNATURE])
    claims = {
        "format": "pickle",
        "loader": "joblib",
        "trusted": ["os", "builtins.eval"],
        "code": ["os:mkdir"],
    }
    path = workbench.folder / "claiming"
    path.write_bytes(pack(members | {SIGNATURE: json.dumps(signature | claims).encode()}))
    honest = load_model_file(path)  # read as ever
    assert type(honest.estimator).__name__ == "Pipeline"
    schema = {
        "__class__": "mkdir",
        "__module__": "os",
        "__loader__": "FunctionNode",
        "protocol": 2,
        "_skops_version": "0.16.0",
    }
    evil = pack({"schema.json": json.dumps(schema).encode()})
    path.write_bytes(pack(members | {SIGNATURE: json.dumps(signature | claims).encode(), ESTIMATOR: evil}))
    with pytest.raises(StoreError, match=r"not trusted: os\.mkdir"):
        load_model_file(path)
    for member in ("model.pkl", "../escape"):
        path.write_bytes(pack({member: pickle.dumps(Payload(canary)), **members}))
        with pytest.raises(StoreError, match="not a model"):
            load_model_file(path)
    assert not canary.exists()


def test_the_payload_is_real_to_who_unpickles_it(canary):
    pickle.loads(pickle.dumps(Payload(canary)))
    assert canary.is_dir()
