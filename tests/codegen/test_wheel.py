"""The wheel of this very installation, which may be an editable one."""

import io
import subprocess
import sys
import zipfile
from pathlib import Path

import pytest

import mlopsc
from mlopsc.codegen.wheel import wheel
from mlopsc.diagnostics.errors import MlopscError


def test_it_holds_every_package_and_no_bytecode():
    name, content = wheel("mlopsc")
    with zipfile.ZipFile(io.BytesIO(content)) as archive:
        paths = archive.namelist()
    assert name == f"mlopsc-{mlopsc.__version__}-py3-none-any.whl"
    assert {"mlopsc", "mlopsc_local", "mlopsc_prefect", "mlopsc_kfp"} <= {
        path.partition("/")[0] for path in paths
    }
    assert "mlopsc_kfp/templates/pipeline.py.j2" in paths
    assert not [path for path in paths if path.endswith(".pyc")]


def test_it_is_the_same_to_the_byte_and_holds_nothing_of_this_machine():
    first, second = wheel("mlopsc"), wheel("mlopsc")
    assert first == second
    assert str(Path(mlopsc.__file__).parents[1]).encode() not in first[1]


def test_pip_installs_it_with_its_commands_and_backends(tmp_path):
    name, content = wheel("mlopsc")
    (tmp_path / name).write_bytes(content)
    pip = [
        sys.executable,
        "-m",
        "pip",
        "--disable-pip-version-check",
        "install",
        "--quiet",
        "--no-deps",
        "--no-index",
    ]
    subprocess.run([*pip, "--target", str(tmp_path / "site"), str(tmp_path / name)], check=True)
    look = (
        "import importlib.metadata as m, mlopsc, sys; "
        "assert mlopsc.__file__.startswith(sys.argv[1]), mlopsc.__file__; "
        "print(sorted(p.name for p in m.distribution('mlopsc').entry_points if p.group == 'mlopsc.backends'))"
    )
    shown = subprocess.run(
        [sys.executable, "-c", look, str(tmp_path)],
        env={"PYTHONPATH": str(tmp_path / "site")},
        cwd=tmp_path,
        capture_output=True,
        text=True,
        check=True,
    )
    assert {"kfp", "local", "prefect"} <= set(eval(shown.stdout))


def test_what_is_compiled_code_is_no_wheel_of_pure_python():
    with pytest.raises(MlopscError, match=r"numpy is not pure Python"):
        wheel("numpy")


def test_what_is_not_installed_is_told():
    with pytest.raises(MlopscError, match="nothing-of-the-kind is not installed"):
        wheel("nothing-of-the-kind")
