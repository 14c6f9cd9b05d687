"""A model file builds nothing but what the policy allows, whatever it claims."""

import json
import sys
from io import BytesIO
from zipfile import ZipFile

import numpy as np
import pytest
from sklearn.base import BaseEstimator, ClassifierMixin
from sklearn.feature_selection import SelectKBest
from sklearn.preprocessing import FunctionTransformer

from mlopsc.diagnostics.errors import SpecError, StoreError
from mlopsc.runtime.models.canonical import dump_estimator, load_estimator
from mlopsc.runtime.models.strictzip import pack
from mlopsc.runtime.models.trust import NOTHING, Trust

OWN = """
import numpy as np
from os import system
from sklearn.base import BaseEstimator, ClassifierMixin, clone
from sklearn.linear_model import LogisticRegression

def half(X):
    return X / 2

class Majority(ClassifierMixin, BaseEstimator):
    def __init__(self, inner=None, weight=1.0):
        self.inner, self.weight = inner, weight

    def fit(self, X, y):
        self.inner_ = clone(self.inner or LogisticRegression()).fit(X, y)
        self.classes_, self.counts_ = np.unique(y, return_counts=True)
        return self

    def predict(self, X):
        return self.inner_.predict(X)

def make():
    return Majority(weight=2.0)
"""


@pytest.fixture
def project(tmp_path, monkeypatch):
    package = tmp_path / "shop_models"
    package.mkdir()
    (package / "__init__.py").write_text("")
    (package / "own.py").write_text(OWN)
    monkeypatch.syspath_prepend(tmp_path)
    import shop_models.own

    yield shop_models.own
    for name in [name for name in sys.modules if name.startswith("shop_models")]:
        del sys.modules[name]


def node(loader, full, **rest):
    module, _, name = full.rpartition(".")
    return {"__class__": name, "__module__": module, "__loader__": loader} | rest


def value(content):
    return node("JsonNode", "builtins.str", content=json.dumps(content), is_json=True)


def sequence(loader, *items, name=None):
    return node(
        loader,
        name or {"ListNode": "builtins.list", "TupleNode": "builtins.tuple"}[loader],
        content=list(items),
    )


def mapping(content, key_types):
    return node("DictNode", "builtins.dict", content=content, key_types=key_types)


def load(schema, trusted=NOTHING, **files):
    document = schema | {"protocol": 2, "_skops_version": "0.16.0"}
    return load_estimator(pack({"schema.json": json.dumps(document).encode()} | files), trusted)


def plant(canary):
    return f"__import__('pathlib').Path({str(canary)!r}).touch()"


def attacks(canary):
    code = plant(canary)
    strings = sequence("ListNode", node("TypeNode", "builtins.str"))
    run = node("FunctionNode", "numpy.testing.runstring")
    yield (
        "constructor",
        node(
            "ConstructorFromReduceNode", "os.system", content=sequence("TupleNode", value(f"touch {canary}"))
        ),
    )
    yield (
        "constructor below numpy",
        node(
            "ConstructorFromReduceNode",
            "numpy.testing.runstring",
            content=sequence("TupleNode", value(code), value({})),
        ),
    )
    yield (
        "memmap",
        node(
            "ConstructorFromReduceNode",
            "numpy.memmap",
            content=sequence("TupleNode", value(str(canary)), value("uint8")),
        ),
    )
    yield "key type", mapping({code: value(1)}, sequence("ListNode", node("TypeNode", "builtins.eval")))
    yield "key type by function", mapping({code: value(1)}, sequence("ListNode", run))
    yield (
        "key type from below scikit-learn",
        mapping(
            {str(canary): value(1)},
            sequence("ListNode", node("FunctionNode", "sklearn.datasets._base.get_data_home")),
        ),
    )
    yield "list's class", sequence("ListNode", value(code), name="builtins.eval")
    yield "set's class", node("SetNode", "os.system", content=[value(code)])
    yield "named tuple", node("TupleNode", "subprocess.Popen", content=[value("touch")])
    yield "array's class", node("NdArrayNode", "builtins.eval", type="numpy", file="0.npy")
    yield (
        "loss",
        node(
            "LossNode",
            "subprocess.Popen",
            content=mapping({}, strings | {"content": []}),
            __reduce__={"args": sequence("TupleNode", value(["touch", str(canary)]))},
        ),
    )
    yield (
        "method",
        node(
            "MethodNode",
            "pathlib.PosixPath",
            content={"func": "touch", "obj": node("ObjectNode", "pathlib.PosixPath")},
        ),
    )
    yield (
        "partial",
        node(
            "PartialNode",
            "functools.partial",
            content={"func": run, "args": value([]), "kwds": value({}), "namespace": value(None)},
        ),
    )
    yield (
        "operator",
        node("OperatorFuncNode", "operator.methodcaller", attrs=sequence("TupleNode", value("x"))),
    )
    yield "another module's object in scikit-learn's", node("ObjectNode", "sklearn.utils.fixes.np")
    yield (
        "function of scikit-learn's data sets",
        node("FunctionNode", "sklearn.datasets._openml.fetch_openml"),
    )
    yield "function that scikit-learn imports", node("FunctionNode", "sklearn.metrics._ranking.partial")
    same = {"__id__": 1}
    yield (
        "one number for two things",
        sequence(
            "ListNode",
            sequence("ListNode", node("FunctionNode", "numpy.mean")) | same,
            mapping({code: value(1)}, strings | same),
        ),
    )
    yield "reference into nothing", node("CachedNode", "builtins.list", __id__=5)
    yield "unknown loader", node("PickleNode", "builtins.object", content=code)
    yield "dotted class", node("ObjectNode", "x") | {"__module__": "sklearn", "__class__": "base.os.system"}


@pytest.mark.parametrize("name", [name for name, _ in attacks("unused")])
def test_an_attack_is_refused_and_nothing_runs(name, tmp_path):
    canary = tmp_path / "canary"
    schema = dict(attacks(canary))[name]
    array = BytesIO()
    np.save(array, np.arange(3))
    with pytest.raises(StoreError, match=r"not trusted|not a model|keys"):
        load(schema, **({"0.npy": array.getvalue()} if "file" in schema else {}))
    assert not canary.exists()


def test_the_attacks_are_real_to_who_trusts_by_name(tmp_path):
    import skops.io

    canary = tmp_path / "canary"
    schema = dict(attacks(canary))["key type"] | {"protocol": 2}
    buffer = BytesIO()
    with ZipFile(buffer, "w") as archive:
        archive.writestr("schema.json", json.dumps(schema))
    skops.io.loads(buffer.getvalue(), trusted=["builtins.eval"])
    assert canary.exists()


def test_a_module_that_is_not_trusted_is_not_even_imported(tmp_path, monkeypatch):
    canary = tmp_path / "canary"
    (tmp_path / "evil_models.py").write_text(f"{plant(canary)}\nclass Model: pass\n")
    monkeypatch.syspath_prepend(tmp_path)
    for loader in ("ObjectNode", "TypeNode", "FunctionNode"):
        with pytest.raises(StoreError, match=r"not trusted: evil_models\.Model"):
            load(node(loader, "evil_models.Model"))
    assert not canary.exists()


def test_older_formats_and_absurd_depth_are_refused():
    with pytest.raises(StoreError, match="another version of the format"):
        load_estimator(pack({"schema.json": json.dumps(value(1) | {"protocol": 0}).encode()}))
    with pytest.raises(StoreError, match="not a model"):
        load_estimator(pack({"schema.json": b"[" * 100_000}))
    deep = value(1)
    for _ in range(150):
        deep = sequence("ListNode", deep)
    with pytest.raises(StoreError, match="nested deeper"):
        load(deep)


def test_an_array_that_claims_more_than_it_holds_is_refused():
    array = BytesIO()
    np.save(array, np.arange(3))
    huge = array.getvalue().replace(b"(3,)", b"(3000000000000,)", 1)
    for content in (huge, array.getvalue() + b"x", b"\x80\x04N."):
        with pytest.raises(StoreError, match=r"not a model: 0\.npy"):
            load(node("NdArrayNode", "numpy.ndarray", type="numpy", file="0.npy"), **{"0.npy": content})


def test_a_users_estimator_is_saved_and_loaded_when_its_module_is_trusted(project):
    X, y = np.arange(20.0).reshape(-1, 1), np.arange(20) > 8
    model = project.make().fit(X, y)
    for trusted in (
        Trust(("shop_models",)),
        Trust(("shop_models.own",)),
        Trust(("shop_models.own.Majority",)),
    ):
        saved = dump_estimator(model, trusted)
        loaded = load_estimator(saved, trusted)
        assert type(loaded) is project.Majority
        assert np.array_equal(loaded.predict(X), model.predict(X))
        assert dump_estimator(loaded, trusted) == saved


def test_a_users_estimator_is_refused_without_trust(project):
    model = project.make().fit([[0.0], [1.0]], [0, 1])
    with pytest.raises(SpecError, match=r"not trusted: shop_models\.own\.Majority"):
        dump_estimator(model)
    with pytest.raises(SpecError, match="not trusted"):
        dump_estimator(model, Trust(("shop_model",)))
    with pytest.raises(StoreError, match=r"not trusted: shop_models\.own\.Majority"):
        load_estimator(dump_estimator(model, Trust(("shop_models",))))


def test_what_a_trusted_module_imports_is_not_trusted(project, tmp_path):
    with pytest.raises(StoreError, match=r"not trusted: shop_models\.own\.system"):
        load(node("FunctionNode", "shop_models.own.system"), Trust(("shop_models",)))


def test_functions_are_held_where_estimators_take_them(project):
    X, y = np.arange(20.0).reshape(-1, 2), np.arange(10) > 4
    best = load_estimator(dump_estimator(SelectKBest(k=1).fit(X, y)))
    assert best.score_func.__name__ == "f_classif"
    log = load_estimator(dump_estimator(FunctionTransformer(np.log1p).fit(X)))
    assert log.func is np.log1p
    own = load_estimator(
        dump_estimator(FunctionTransformer(project.half), Trust(("shop_models",))), Trust(("shop_models",))
    )
    assert own.func is project.half


@pytest.mark.filterwarnings("ignore")
def test_scikit_learns_own_estimators_hold_nothing_that_is_refused():
    from sklearn.utils import all_estimators

    X, y = np.abs(np.random.default_rng(0).normal(size=(40, 4))), np.arange(40) % 2
    saved = 0
    for _, kind in all_estimators(type_filter="classifier"):
        try:
            model = kind().fit(X, y)
        except (TypeError, ValueError):  # needs an inner estimator, or another kind of target
            continue
        load_estimator(dump_estimator(model))
        saved += 1
    assert saved > 25


def test_the_class_in_a_test_is_no_exception():
    class Local(ClassifierMixin, BaseEstimator):
        pass

    with pytest.raises(SpecError, match="not trusted"):
        dump_estimator(Local())


def test_a_file_of_skops_itself_is_not_canonical_and_refused():
    import skops.io

    data = skops.io.dumps(SelectKBest(k=1))
    assert ZipFile(BytesIO(data)).testzip() is None
    with pytest.raises(StoreError, match="not a model"):
        load_estimator(data)
