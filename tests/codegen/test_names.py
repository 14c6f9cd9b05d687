import pytest

from mlopsc.codegen.names import distinct, file_stems
from mlopsc.diagnostics.errors import MlopscError


def test_a_free_name_is_kept_and_a_taken_one_gets_the_suffix():
    assert distinct(["load_flights", "verdict"], avoid={"verdict"}, suffix="_task") == {
        "load_flights": "load_flights",
        "verdict": "verdict_task",
    }


def test_keywords_and_builtins_are_taken():
    assert distinct(["class", "input"]) == {"class": "class_", "input": "input_"}


def test_nobody_loses_a_name_to_a_suffix():
    names = distinct(["list", "list_", "list_2"])
    assert names == {"list": "list_3", "list_": "list_", "list_2": "list_2"}


def test_what_is_no_identifier_is_refused():
    with pytest.raises(MlopscError, match="'a-b' is no Python identifier"):
        distinct(["a-b"])


def test_files_shadow_no_module():
    assert file_stems(["train", "json", "kfp"]) == {
        "train": "train",
        "json": "json_pipeline",
        "kfp": "kfp_pipeline",
    }


def test_two_pipelines_never_share_a_file():
    with pytest.raises(MlopscError, match="pipelines 'Drift' and 'drift' would both be written"):
        file_stems(["Drift", "drift"])
