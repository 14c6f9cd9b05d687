"""A file of more than 2 GB is checked within 1 GB of memory, uniqueness and quantiles included."""

import subprocess
import sys
from pathlib import Path

import numpy as np
import pyarrow as pa
import pyarrow.parquet as pq
import pytest

ROWS, GROUP = 28_000_000, 250_000
SCRIPT = """
import sys
from mlopsc.runtime.checks import validate_table
checks = [
    {"expect": "column_values_to_be_unique", "column": "id"},
    {"expect": "column_unique_value_count_to_be_between", "column": "c1", "min_value": 1},
    {"expect": "column_median_to_be_between", "column": "c0", "min_value": 0.45, "max_value": 0.55},
    {"expect": "column_stdev_to_be_between", "column": "c2", "min_value": 0.2, "max_value": 0.4},
    {"expect": "column_values_to_be_increasing", "column": "c3", "mostly": 0.4},
    {"expect": "compound_columns_to_be_unique", "column_list": ["id", "c4"]},
    *({"expect": "column_values_to_be_between", "column": f"c{i}", "min_value": 0, "max_value": 1} for i in range(9)),
]
report = validate_table(sys.argv[1], checks=checks)
assert report.passed, [result for result in report.results if not result.passed]
print(next(line.split()[1] for line in open("/proc/self/status") if line.startswith("VmHWM")))
"""


@pytest.mark.slow
@pytest.mark.skipif(not sys.platform.startswith("linux"), reason="reads /proc/self/status")
def test_a_file_larger_than_memory_is_checked(tmp_path: Path) -> None:
    rng = np.random.default_rng(0)
    file = tmp_path / "large.parquet"
    schema = pa.schema([("id", pa.int64()), *((f"c{i}", pa.float64()) for i in range(9))])
    with pq.ParquetWriter(file, schema, compression="none", use_dictionary=False) as writer:
        for start in range(0, ROWS, GROUP):
            arrays = [np.arange(start, start + GROUP) * 7_919 % (1 << 40), *rng.random((9, GROUP))]
            writer.write_table(pa.Table.from_arrays(list(map(pa.array, arrays)), schema=schema))
    assert file.stat().st_size > 2 * 10**9
    ran = subprocess.run([sys.executable, "-c", SCRIPT, str(file)], capture_output=True, text=True)
    assert ran.returncode == 0, ran.stderr[-2000:]
    assert int(ran.stdout) < 1_000_000, f"{int(ran.stdout) / 1e6:.2f} GB"
    assert ran.stderr == ""
