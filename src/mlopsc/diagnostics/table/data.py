"""Lock and data: what is found when a run starts."""

from mlopsc.diagnostics.diagnostic import Severity
from mlopsc.diagnostics.table.code import Code

CODES = (
    Code(
        "MLC601",
        "data-differ-from-lock",
        "The data are not those of mlops.lock.",
        (
            "mlops.lock records the digest and schema of each dataset. The data have changed since. With "
            "--locked this is refused; otherwise the run goes on and says so. 'mlopsc lock' records the "
            "new state."
        ),
        """\
# mlopsc run --local --locked, after data/flights.parquet was replaced
datasets:
  flights: {source: {type: parquet, path: data/flights.parquet}}
""",
        """\
# mlopsc lock && mlopsc run --local --locked
datasets:
  flights: {source: {type: parquet, path: data/flights.parquet}}
""",
        Severity.WARNING,
    ),
    Code(
        "MLC602",
        "schema-differs-from-lock",
        "The columns are not those of mlops.lock.",
        (
            "A column that the lock records is gone, or has another type, so that what was checked "
            "against it no longer holds."
        ),
        """\
# flights.parquet has lost the column 'distance'
datasets:
  flights: {source: {type: parquet, path: data/flights.parquet}}
""",
        """\
# mlopsc lock, then mend what the new columns break
datasets:
  flights: {source: {type: parquet, path: data/flights.parquet}}
""",
    ),
    Code(
        "MLC603",
        "missing-data",
        "A dataset's files do not exist.",
        (
            "The path matches no file. Globs that match nothing are an error too, since an empty dataset "
            "is rarely meant."
        ),
        """\
datasets:
  flights: {source: {type: parquet, path: data/fligths.parquet}}
""",
        """\
datasets:
  flights: {source: {type: parquet, path: data/flights.parquet}}
""",
    ),
    Code(
        "MLC604",
        "bad-lock",
        "mlops.lock cannot be read.",
        (
            "The lock is written by 'mlopsc lock' and not meant to be edited; a merge conflict is the "
            "usual cause. Write it anew."
        ),
        """\
# mlops.lock holds '<<<<<<< HEAD'
project: {name: flights}
""",
        """\
# mlopsc lock
project: {name: flights}
""",
    ),
    Code(
        "MLC605",
        "parameter-without-value",
        "A run-time parameter has no value.",
        ("The parameter has no default, and the run was started without --set for it."),
        """\
# mlopsc run --local
parameters: {as_of: {type: timestamp}}
""",
        """\
# mlopsc run --local --set as_of=2013-12-31T00:00:00Z
parameters: {as_of: {type: timestamp}}
""",
    ),
    Code(
        "MLC606",
        "bad-parameter-value",
        "A run-time parameter's value has the wrong type.",
        ("The value given with --set, or the default, is not of the declared type."),
        """\
parameters: {as_of: {type: int, default: yesterday}}
""",
        """\
parameters: {as_of: {type: int, default: 15}}
""",
    ),
)
