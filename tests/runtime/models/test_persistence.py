"""What is saved and loaded does without skops' lists, and who else uses skops has them."""

import subprocess
import sys

CODE = """
import sys
{before}
from sklearn.linear_model import Ridge
from mlopsc.runtime.models.canonical import dump_estimator, load_estimator
again = load_estimator(dump_estimator(Ridge(alpha=2.0)))
print(again.alpha, "sklearn.gaussian_process" in sys.modules, "skops.io" in sys.modules)
import skops.io
theirs = skops.io.loads(skops.io.dumps(Ridge(alpha=3.0)))  # trusted by a list alone
from skops.io._trusted_types import SKLEARN_ESTIMATOR_TYPE_NAMES
print(theirs.alpha, len(SKLEARN_ESTIMATOR_TYPE_NAMES) > 100)
"""


def told(before: str) -> list[str]:
    command = [sys.executable, "-W", "ignore", "-c", CODE.format(before=before)]
    return subprocess.run(command, capture_output=True, text=True, check=True).stdout.splitlines()


def test_scikit_learn_is_not_imported_for_lists_that_nothing_reads() -> None:
    assert told("") == ["2.0 False False", "3.0 True"]


def test_skops_imported_before_stays_as_it_was() -> None:
    before = "import skops.io; was = skops.io.loads"
    assert told(before) == ["2.0 True True", "3.0 True"]
