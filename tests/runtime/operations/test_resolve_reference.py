import pytest

from mlopsc.diagnostics.errors import RegistryError
from mlopsc.runtime.operations import resolve_reference
from mlopsc.runtime.store import digest_of_file
from mlopsc.vocabulary.operations import ResolveReference

CONFIG = ResolveReference(model="m", stage="staging")


def test_the_profile_comes_with_the_version_that_holds_the_stage(workbench):
    candidate = workbench.candidate(workbench.sample("train"), workbench.sample("test", 100, 1000))
    workbench.register(candidate)
    out = workbench.folder / "reference"
    resolve_reference.run(CONFIG, {}, {"profile": out}, workbench.context)
    assert out.read_bytes() == candidate["profile"].read_bytes()
    assert resolve_reference.fingerprint(CONFIG, workbench.context) == digest_of_file(out)


def test_without_a_version_there_is_nothing_to_compare_with(workbench):
    assert resolve_reference.fingerprint(CONFIG, workbench.context) == "none"
    with pytest.raises(RegistryError, match="no version of model 'm' that holds stage 'staging'"):
        resolve_reference.run(CONFIG, {}, {"profile": workbench.folder / "r"}, workbench.context)
