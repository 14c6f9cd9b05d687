"""A small project with code of its own."""

from tests.cli.conftest import SPEC, _write_rows

CODE = """\
from sklearn.preprocessing import FunctionTransformer


def prepare(features):
    return FunctionTransformer(None)
"""
OWN = SPEC.replace("features: [size, colour]", 'features: [size]\n    preprocess: {python: "steps:prepare"}')


def lay_out(folder):
    """Make the project's folder, in which nothing was trained, and return it."""
    folder.mkdir()
    (folder / "mlops.yaml").write_text(OWN)
    (folder / "steps.py").write_text(CODE)
    _write_rows(folder / "rows.csv")
    return folder
