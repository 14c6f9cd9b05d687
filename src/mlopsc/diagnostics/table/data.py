"""Lock, data and values of parameters: what a spec finds around it."""

from mlopsc.diagnostics.diagnostic import Severity
from mlopsc.diagnostics.table.code import Code

CODES = (
    Code(
        "MLC602",
        "schema-differs-from-lock",
        "The columns are not those of mlops.lock.",
        (
            "A column that the lock records is gone, is new, or has another type. That is a warning, and with "
            "--locked an error. 'mlopsc lock' records the new state."
        ),
        """\
# mlops.lock knows a column 'tailnum', which flights.parquet has lost
datasets:
  flights: {source: {type: parquet, path: data/flights.parquet}}
""",
        """\
# mlopsc lock, then mend what the new columns break
datasets:
  flights: {source: {type: parquet, path: data/flights.parquet}}
""",
        Severity.WARNING,
    ),
    Code(
        "MLC603",
        "missing-data",
        "A dataset's files do not exist.",
        (
            "The path matches no file. Globs that match nothing are an error too, since an empty dataset is rarely "
            "meant. Where declared columns or mlops.lock give a schema, this is a warning: the file may come later."
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
            "The lock is written by 'mlopsc lock' and not meant to be edited; a merge conflict is the usual cause. "
            "Write it anew."
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
        "MLC606",
        "bad-parameter-value",
        "A run-time parameter has the wrong type.",
        (
            "The default is not of the declared type, or the key that the parameter stands at takes another. "
            "Timestamps and durations are text of their own form."
        ),
        """\
parameters: {as_of: {type: timestamp, default: yesterday}}
""",
        """\
parameters: {as_of: {type: timestamp, default: 2013-12-31T00:00:00Z}}
""",
    ),
    Code(
        "MLC607",
        "unreadable-data",
        "A dataset's files cannot be read as declared.",
        (
            "The file is there, but it is damaged or of another format, or the files of a glob have different "
            "columns. The message says which file, and where."
        ),
        """\
datasets:
  flights: {source: {type: parquet, path: data/notes.txt}}
""",
        """\
datasets:
  flights: {source: {type: parquet, path: data/flights.parquet}}
""",
    ),
    Code(
        "MLC608",
        "missing-package",
        "What reads a source, or makes a search, is not installed here.",
        (
            "Databases are reached through SQLAlchemy's dialects and their drivers, tables of a lake through libraries "
            "of their own, 'search: tpe' asks Optuna; they come with extras such as mlopsc[postgres] "
            "and mlopsc[tune]. It is a warning, since steps may run where they are installed; images get what the spec "
            "needs."
        ),
        """\
datasets:
  orders: {source: {type: sql, url: "postgress://reader@db.example.com/shop", table: orders}}
""",
        """\
datasets:
  orders: {source: {type: sql, url: "postgresql://reader@db.example.com/shop", table: orders}}
""",
        Severity.WARNING,
    ),
    Code(
        "MLC609",
        "unknown-revision",
        "The repository has no such revision.",
        (
            "A dataset's 'revision' is a tag, a branch or a commit of the Git repository that the project lies in. A "
            "shallow clone knows the newest commits alone. Where there is no repository at all, it is a warning."
        ),
        """\
datasets:
  flights: {source: {type: parquet, path: data/flights.parquet, revision: v1.O}}
""",
        """\
datasets:
  flights: {source: {type: parquet, path: data/flights.parquet}}
""",
    ),
)
