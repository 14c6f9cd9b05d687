"""Types of other packages that a training trusts: held as objects of declared classes, and in no other role."""

import json
import sys

import numpy as np
import pytest

from mlopsc.diagnostics.errors import SpecError, StoreError
from mlopsc.runtime.models.canonical import dump_estimator, load_estimator
from mlopsc.runtime.models.trust import Trust
from tests import third_party_package
from tests.runtime.models.test_trust import load, mapping, node, plant, sequence, value

CLIP, CLIPPED = "cleansing._clip.Clip", "cleansing._clip.Clipped"
BOTH = Trust(types=(CLIP, CLIPPED))


@pytest.fixture
def package(tmp_path, monkeypatch):
    monkeypatch.syspath_prepend(third_party_package.install(tmp_path / "site"))
    yield
    for name in [name for name in sys.modules if name.partition(".")[0] == "cleansing"]:
        del sys.modules[name]


def state(**attributes):
    keys = sequence("ListNode", *(node("TypeNode", "builtins.str") for _ in attributes))
    return mapping({name: value(content) for name, content in attributes.items()}, keys)


def test_declared_types_are_saved_and_loaded(package):
    from cleansing import clipped

    X, y = np.arange(40.0).reshape(-1, 2), np.arange(20) > 8
    model = clipped(C=2.0).fit(X, y)
    saved = dump_estimator(model, BOTH)
    loaded = load_estimator(saved, BOTH)
    assert type(loaded) is type(model)
    assert np.array_equal(loaded.predict_proba(X), model.predict_proba(X))
    assert dump_estimator(loaded, BOTH) == saved


@pytest.mark.parametrize("types", [(), (CLIPPED,), ("cleansing._clip",), ("cleansing",), ("cleansing.Clip",)])
def test_what_is_not_declared_by_its_full_name_is_refused_with_what_to_declare(package, types):
    from cleansing import clipped

    model = clipped().fit([[0.0], [1.0]], [0, 1])
    with pytest.raises(SpecError, match=r"not trusted: cleansing\._clip\.Clip") as caught:
        dump_estimator(model, Trust(types=types, training="late"))
    wanted = ", ".join(sorted({CLIP, CLIPPED, *types}))
    assert f"`training: {{late: {{trust: [{wanted}]}}}}`" in caught.value.help
    with pytest.raises(StoreError, match=r"not trusted: cleansing\._clip\.Clip"):
        load_estimator(dump_estimator(model, BOTH), Trust(types=types))


def test_a_module_is_imported_only_when_a_type_of_it_is_declared(package, tmp_path):
    for trusted in (Trust(), Trust(types=("cleansing._other.Clip", "cleansing._clip.Plain"))):
        with pytest.raises(StoreError, match="not trusted"):
            load(node("ObjectNode", CLIP, content=state(share=0.1)), trusted)
    assert "cleansing" not in sys.modules


@pytest.mark.parametrize(
    ("name", "fault"),
    [
        ("cleansing._clip.Restored", "Restored defines __setstate__"),
        ("cleansing._clip.Heir", "Restored defines __setstate__"),
        ("cleansing._clip.Plain", "no estimator"),
        ("cleansing._clip.system", "no such class"),
        ("cleansing._clip.call", "no such class"),
        ("cleansing._clip.Anything", "no such class"),
        ("cleansing._clip.Missing", "no such class"),
        ("cleansing._clip.Renamed", r"defined as cleansing\._clip\.Clip"),
        ("cleansing.Clip", r"defined as cleansing\._clip\.Clip"),
        ("cleansing._clip.LogisticRegression", r"defined as sklearn\.linear_model\._logistic\."),
        ("cleansing._gone.Clip", "cannot be imported here: No module named"),
        ("os.system", "no such class"),
        ("subprocess.Popen", "no estimator"),
        ("functools.partial", "no estimator"),
    ],
)
@pytest.mark.parametrize("loader", ["ObjectNode", "TypeNode"])
def test_a_declared_name_that_is_no_harmless_estimator_is_refused(package, tmp_path, name, fault, loader):
    canary = tmp_path / "canary"
    code = plant(canary)
    with pytest.raises(StoreError, match=fault):
        load(node(loader, name, content=state(code=code, func=code)), Trust(types=(name,)))
    assert not canary.exists()


def attacks(name, code):
    one = sequence("TupleNode", value(code))
    yield "function", node("FunctionNode", name)
    yield "constructor", node("ConstructorFromReduceNode", name, content=one)
    yield (
        "method",
        node("MethodNode", name, content={"func": "fit", "obj": node("ObjectNode", name, content=state())}),
    )
    yield (
        "partial of a function",
        node(
            "PartialNode",
            "functools.partial",
            content={
                "func": node("FunctionNode", name),
                "args": one,
                "kwds": value({}),
                "namespace": value(None),
            },
        ),
    )
    yield "partial", node("PartialNode", name, content={})
    yield "key type", mapping({code: value(1)}, sequence("ListNode", node("TypeNode", name)))
    yield "list", sequence("ListNode", value(code), name=name)
    yield "set", node("SetNode", name, content=[value(code)])
    yield "named tuple", node("TupleNode", name, content=[value(code)])
    yield "dictionary", node("DictNode", name, content={}, key_types=sequence("ListNode"))
    yield "loss", node("LossNode", name, content=state(), __reduce__={"args": one})
    yield "tree", node("TreeNode", name, content=state(), __reduce__={"args": one})
    yield "operator", node("OperatorFuncNode", name, attrs=one)


@pytest.mark.parametrize("name", [CLIP, "os.system", "cleansing._clip.call"])
@pytest.mark.parametrize("attack", [role for role, _ in attacks(CLIP, "")])
def test_a_declared_name_has_no_other_role(package, tmp_path, name, attack):
    canary = tmp_path / "canary"
    code = f"touch {canary}" if name == "os.system" else plant(canary)
    with pytest.raises(StoreError, match=r"not trusted|not a model|keys are made by|no such class"):
        load(dict(attacks(name, code))[attack], Trust(types=(name,)))
    assert not canary.exists()


def test_the_attacks_are_real_to_who_trusts_by_name(package, tmp_path):
    """What skops does with the names alone: it runs `__setstate__` on the file's words, and calls the function."""
    from io import BytesIO
    from zipfile import ZipFile

    import skops.io

    canary = tmp_path / "canary"
    for schema in (
        node("ObjectNode", "cleansing._clip.Restored", content=state(code=plant(canary))),
        node(
            "ConstructorFromReduceNode",
            "cleansing._clip.call",
            content=sequence("TupleNode", value(plant(canary))),
        ),
    ):
        buffer = BytesIO()
        with ZipFile(buffer, "w") as archive:
            archive.writestr("schema.json", json.dumps(schema | {"protocol": 2}))
        names = skops.io.get_untrusted_types(data=buffer.getvalue())
        skops.io.loads(buffer.getvalue(), trusted=names)
        assert canary.exists()
        canary.unlink()


def test_what_mlflow_loads_trusts_what_the_event_told(package, tmp_path):
    from cleansing import clipped

    from mlopsc.runtime.models.archive import save_model
    from mlopsc.runtime.tracking.served import ABOUT, _load_pyfunc, model_file

    X, y = np.arange(20.0).reshape(-1, 1), np.arange(20) > 8
    signature = {
        "features": [{"name": "a", "kind": "numeric", "type": "double"}],
        "label": "y",
        "task": "classification",
        "classes": [False, True],
        "estimator": "made:model",
        "params": {},
    }
    digest = save_model(tmp_path / "model", clipped().fit(X, y), signature, [1], trusted=BOTH)
    (tmp_path / "model").rename(tmp_path / model_file(digest))
    about = {"digest": digest, "functions": []}
    (tmp_path / ABOUT).write_text(json.dumps(about | {"trust": [CLIP, CLIPPED]}))
    assert _load_pyfunc(str(tmp_path)) is not None
    (tmp_path / ABOUT).write_text(json.dumps(about))
    with pytest.raises(StoreError, match="not trusted"):
        _load_pyfunc(str(tmp_path))
