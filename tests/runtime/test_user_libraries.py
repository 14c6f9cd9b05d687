"""The distributions behind what users' code imports."""

import pytest

from mlopsc.runtime.user_code import closure
from mlopsc.runtime.user_libraries import user_libraries


def libraries(folder, module):
    return user_libraries(folder, module, closure(folder, module))


@pytest.mark.parametrize(
    ("source", "names"),
    [
        ("import os, json", ()),
        ("import numpy as np", ("numpy",)),
        ("import sklearn.linear_model", ("scikit-learn",)),
        ("def f():\n    from yaml import safe_load", ("pyyaml",)),
        ("import mlopsc", ()),
        ("import not_installed_anywhere", ()),
        ("import attr", ("attrs",)),
        ("import numpy.random, duckdb", ("duckdb", "numpy")),
    ],
)
def test_imports_are_found_wherever_they_stand(tmp_path, source, names):
    (tmp_path / "mine.py").write_text(source)
    assert tuple(name.lower() for name in libraries(tmp_path, "mine")) == names


def test_those_of_helpers_count_and_the_projects_own_modules_do_not(tmp_path):
    (tmp_path / "package").mkdir()
    (tmp_path / "package" / "__init__.py").write_text("")
    (tmp_path / "package" / "mine.py").write_text("from . import other\nimport package.other\n")
    (tmp_path / "package" / "other.py").write_text("import duckdb\n")
    assert libraries(tmp_path, "package.mine") == ("duckdb",)


def test_a_function_of_an_installed_package_depends_on_that(tmp_path):
    assert libraries(tmp_path, "numpy.linalg") == ("numpy",)
