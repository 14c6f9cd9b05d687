"""The code of a user's function is every project file that its module can import."""

import subprocess
import sys
from pathlib import Path

import pytest

from mlopsc.diagnostics.errors import SpecError, StepFailed
from mlopsc.runtime.user_code import Reference, closure, code_digest, load, resolve_reference


def write(root: Path, files: dict[str, str]) -> Path:
    for name, text in files.items():
        path = root / name
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_text(text)
    return root


def test_a_reference_names_module_and_function() -> None:
    assert resolve_reference("pkg.mod:Class.method") == Reference("pkg.mod", "Class.method")
    assert str(resolve_reference("mod:f")) == "mod:f"


@pytest.mark.parametrize(
    "text", ["", "mod", "mod:", ":f", "a b:f", "../x:f", "mod:f()", "1a:f", "a..b:f", "a:f\n"]
)
def test_what_is_no_reference_is_refused(text: str) -> None:
    with pytest.raises(SpecError, match="expected a reference such as"):
        resolve_reference(text)


CASES = {
    "import": ({"m.py": "import a, os", "a.py": "", "b.py": ""}, ["a.py", "m.py"]),
    "transitive": ({"m.py": "import a", "a.py": "import b", "b.py": "import m"}, ["a.py", "b.py", "m.py"]),
    "inside a function": ({"m.py": "def f():\n    import a", "a.py": ""}, ["a.py", "m.py"]),
    "from": ({"m.py": "from a import f", "a.py": ""}, ["a.py", "m.py"]),
    "packages on the way": (
        {
            "m.py": "import p.q.r",
            "p/__init__.py": "import a",
            "p/q/__init__.py": "",
            "p/q/r.py": "",
            "a.py": "",
        },
        ["a.py", "m.py", "p/__init__.py", "p/q/__init__.py", "p/q/r.py"],
    ),
    "a module from a package": (
        {"m.py": "from p import x", "p/__init__.py": "", "p/x.py": "", "p/y.py": ""},
        ["m.py", "p/__init__.py", "p/x.py"],
    ),
    "relative": (
        {
            "m.py": "import p.q.r",
            "p/__init__.py": "",
            "p/q/__init__.py": "",
            "p/q/r.py": "from . import s\nfrom ..t import u\nfrom .. import v",
            "p/q/s.py": "",
            "p/t.py": "",
            "p/v.py": "",
            "s.py": "",
            "t.py": "",
        },
        ["m.py", "p/__init__.py", "p/q/__init__.py", "p/q/r.py", "p/q/s.py", "p/t.py", "p/v.py"],
    ),
    "relative in __init__": (
        {"m.py": "import p", "p/__init__.py": "from .x import f", "p/x.py": "", "x.py": ""},
        ["m.py", "p/__init__.py", "p/x.py"],
    ),
    "namespace package": ({"m.py": "from n.x import f", "n/x.py": "", "n/y.py": ""}, ["m.py", "n/x.py"]),
    "star with __all__": (
        {"m.py": "from p import *", "p/__init__.py": "__all__ = ['x']", "p/x.py": "", "p/y.py": ""},
        ["m.py", "p/__init__.py", "p/x.py"],
    ),
    "a package hides a module": (
        {"m.py": "import p", "p.py": "", "p/__init__.py": ""},
        ["m.py", "p/__init__.py"],
    ),
    "above the top": ({"m.py": "from ... import x\nfrom . import a", "a.py": ""}, ["m.py"]),
}


@pytest.mark.parametrize("name", CASES)
def test_the_closure_holds_what_can_be_imported(tmp_path: Path, name: str) -> None:
    files, expected = CASES[name]
    assert list(closure(write(tmp_path, files), "m")) == expected


def test_an_installed_module_has_no_project_code(tmp_path: Path) -> None:
    assert closure(tmp_path, "json.decoder") == {}


def test_the_closure_imports_nothing(tmp_path: Path) -> None:
    write(tmp_path, {"m.py": "raise SystemExit('imported')"})
    assert list(closure(tmp_path, "m")) == ["m.py"]


def test_a_change_in_what_is_imported_changes_the_digest(tmp_path: Path) -> None:
    write(tmp_path, {"m.py": "import a", "a.py": "x = 1", "b.py": ""})
    before = code_digest(closure(tmp_path, "m"))
    write(tmp_path, {"b.py": "y = 2"})
    assert code_digest(closure(tmp_path, "m")) == before
    write(tmp_path, {"a.py": "x = 2"})
    assert code_digest(closure(tmp_path, "m")) != before


@pytest.mark.parametrize(
    ("text", "message"),
    [
        ("x = 1\ndef f(:\n", r"^a\.py:2: "),
        ("x = '\0'", r"^a\.py:1: "),
        ("-" * 100_000 + "1", r"^a\.py:\d+: "),
    ],
)
def test_a_file_that_is_no_python_is_named(tmp_path: Path, text: str, message: str) -> None:
    write(tmp_path, {"m.py": "import a", "a.py": text})
    with pytest.raises(SpecError, match=message):
        closure(tmp_path, "m")


@pytest.fixture
def root(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    monkeypatch.setattr(sys, "path", list(sys.path))
    monkeypatch.setattr(sys, "dont_write_bytecode", True)
    before = set(sys.modules)
    yield tmp_path
    for name in set(sys.modules) - before:
        del sys.modules[name]


def test_a_function_is_loaded_and_may_import_its_project(root: Path) -> None:
    write(root, {"uc_one.py": "def f():\n    import uc_two\n    return uc_two.x", "uc_two.py": "x = 5"})
    assert load(resolve_reference("uc_one:f"), root)() == 5


@pytest.mark.parametrize(
    ("files", "reference", "message", "help"),
    [
        ({"features.py": ""}, "featurs:f", "there is no module 'featurs' in", "did you mean 'features'?"),
        ({"pk/__init__.py": ""}, "pk.mod:f", r"there is no module 'pk\.mod' in", None),
        ({"uc3.py": "import no_such_thing"}, "uc3:f", "uc3 imports 'no_such_thing', which is not installed",
         "install no_such_thing in the environment that runs this step"),
        ({"uc4.py": "def make(): ..."}, "uc4:mkae", "uc4 has no 'mkae'", "did you mean 'make'?"),
        ({"uc5.py": "f = 3"}, "uc5:f", "uc5:f is int, expected a function or class", None),
        ({"uc6.py": "def f(:"}, "uc6:f", r"uc6:f: .*uc6\.py:1: ", None),
        ({"statistics.py": "def f(): ..."}, "statistics:f", "is hidden by another module of this name",
         "give the project's module a name of its own"),
    ],
)  # fmt: skip
def test_what_cannot_be_loaded_says_why(
    root: Path, files: dict[str, str], reference: str, message: str, help: str | None
) -> None:
    import statistics  # noqa: F401

    write(root, files)
    with pytest.raises(SpecError, match=message) as caught:
        load(resolve_reference(reference), root)
    assert caught.value.help == help


def test_a_module_that_raises_is_a_failed_step(root: Path) -> None:
    write(root, {"uc7.py": "1 / 0"})
    with pytest.raises(StepFailed, match="importing uc7 raised ZeroDivisionError: division by zero"):
        load(resolve_reference("uc7:f"), root)


def test_the_module_is_cheap_to_import() -> None:
    code = "import sys, mlopsc.runtime.user_code; print('numpy' in sys.modules, 'pydantic' in sys.modules)"
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True)
    assert done.stdout == "False False\n"
