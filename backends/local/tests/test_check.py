from importlib import import_module

import pytest
from mlopsc_local import backend

from tests.specs import SMALL, compiled, merged

BOOSTED = merged(SMALL, "training: {late: {estimator: xgboost.XGBClassifier, params: {max_depth: 3}}}")


def test_a_library_that_is_not_installed_is_an_error_at_the_estimator(tmp_path, monkeypatch):
    plan = compiled(tmp_path, BOOSTED).require()
    monkeypatch.setattr(import_module("mlopsc_local.backend"), "find_spec", lambda name: None)
    (fault,) = backend.check(plan, tmp_path)
    assert (fault.code, fault.path) == ("MLC316", ("training", "late", "estimator"))
    assert fault.message == "xgboost is not installed here, where the steps would run"
    assert fault.help == "pip install 'mlopsc[xgboost]'"


def test_what_writes_onnx_is_asked_for_at_the_export(tmp_path, monkeypatch):
    plan = compiled(tmp_path, merged(SMALL, "training: {late: {export: {onnx: true}}}")).require()
    monkeypatch.setattr(import_module("mlopsc_local.backend"), "find_spec", lambda name: None)
    (fault,) = backend.check(plan, tmp_path)
    assert (fault.code, fault.path) == ("MLC316", ("training", "late", "export", "onnx"))
    assert fault.message == "skl2onnx is not installed here, where the steps would run"
    assert fault.help == "pip install 'mlopsc[onnx]'"


def test_a_library_that_is_installed_is_no_fault(tmp_path):
    pytest.importorskip("xgboost")
    assert list(backend.check(compiled(tmp_path, BOOSTED).require(), tmp_path)) == []
