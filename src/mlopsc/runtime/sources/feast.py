"""A feature view of Feast as a source: an interpreter that has Feast reads it, and hands the rows over as Parquet."""

import json
import os
import subprocess
import tempfile
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

from mlopsc.diagnostics.errors import MlopscError
from mlopsc.runtime.sources.found import FoundFiles, SourceFile
from mlopsc.vocabulary.sources import ParquetSource
from mlopsc.vocabulary.sources.feast import INTERPRETER_VARIABLE, FeastSource

_SCRIPT = """
import json, sys

def read(name, out):
    try:
        import pyarrow.parquet
        from feast import FeatureStore
        from feast.infra.offline_stores.offline_utils import get_offline_store_from_config
    except ImportError as error:
        return {"missing": str(error)}
    store = FeatureStore(".")
    views = {view.name: view for view in store.list_feature_views()}
    if name not in views:
        return {"views": sorted(views)}
    view = views[name]
    source = view.batch_source
    raw = {feature: column for column, feature in (source.field_mapping or {}).items()}
    keys = [raw.get(key, key) for key in view.join_keys]
    features = [raw.get(field.name, field.name) for field in view.features]
    job = get_offline_store_from_config(store.config.offline_store).pull_all_from_table_or_query(
        config=store.config, data_source=source, join_key_columns=keys, feature_name_columns=features,
        timestamp_field=source.timestamp_field, created_timestamp_column=source.created_timestamp_column or None,
    )
    times = [source.timestamp_field, *filter(None, [source.created_timestamp_column])]
    table = job.to_arrow().select(list(dict.fromkeys([*keys, *times, *features])))
    named = {column: feature for feature, column in raw.items()}
    table = table.rename_columns([named.get(column, column) for column in table.column_names])
    pyarrow.parquet.write_table(table.replace_schema_metadata(None), out)
    return {}

try:
    found = read(*sys.argv[1:])
except Exception as error:
    found = {"error": f"{type(error).__name__}: {error}"}
print(json.dumps(found))
"""
_SAID = 300
"""Characters of Feast's complaint that are passed on."""


@contextmanager
def open_feature_view(source: FeastSource, project: Path) -> Iterator[FoundFiles]:
    """Give the view's rows as one Parquet file, with the names that Feast gives to columns.

    Raises MlopscError when there is no interpreter with Feast, no such repository or view, or Feast fails.
    """
    repo, interpreter = _repository(source, project), _interpreter(source, project)
    with tempfile.TemporaryDirectory(prefix="mlopsc-feast-") as folder:
        out = Path(folder) / "rows.parquet"
        said = _run([str(interpreter), "-W", "ignore", "-c", _SCRIPT, source.feature_view, str(out)], repo)
        label = f"{source.feature_view} of {source.repo}"
        if "missing" in said:
            raise MlopscError(f"{interpreter} has no usable Feast: {said['missing']}", help=_HELP)
        if "views" in said:
            known = ", ".join(said["views"]) or "none: run `feast apply` there"
            raise MlopscError(
                f"the Feast repository {source.repo!r} has no feature view {source.feature_view!r}",
                help=f"it has {known}",
            )
        if "error" in said:
            raise MlopscError(f"Feast cannot read {label}: {said['error'][:_SAID]}")
        yield FoundFiles(ParquetSource(path=out.name), (SourceFile(out, label),), ordered=False)


_HELP = (
    "Feast needs an environment of its own: python -m venv .feast && .feast/bin/pip install feast, then name "
    f"its Python: `interpreter: .feast/bin/python` or {INTERPRETER_VARIABLE}"
)


def _repository(source: FeastSource, project: Path) -> Path:
    repo = project / source.repo
    if not (repo / "feature_store.yaml").is_file():
        raise MlopscError(
            f"{source.repo!r} is no Feast repository", help="expected a folder with `feature_store.yaml`"
        )
    if not repo.resolve().is_relative_to(project.resolve()):
        raise MlopscError(f"the Feast repository {source.repo!r} leads out of the project")
    return repo


def _interpreter(source: FeastSource, project: Path) -> Path:
    told = source.interpreter or os.environ.get(INTERPRETER_VARIABLE)
    if told is None:
        raise MlopscError(f"nothing names a Python with Feast to read {source.repo!r} with", help=_HELP)
    # Links are kept: what a virtual environment is, its interpreter's path tells.
    path = Path(os.path.abspath(project / Path(told).expanduser()))  # noqa: PTH100
    if not path.is_file():
        raise MlopscError(f"there is no interpreter {told!r}", help=_HELP)
    return path


def _run(command: list[str], repo: Path) -> dict[str, str]:
    """Return what the script says in its last line; raises MlopscError when it says nothing."""
    surroundings = {name: value for name, value in os.environ.items() if not name.startswith("PYTHON")}
    surroundings |= {"FEAST_USAGE": "False", "DO_NOT_TRACK": "1"}
    try:
        done = subprocess.run(command, cwd=repo, env=surroundings, capture_output=True, text=True)
        found: dict[str, str] = json.loads(done.stdout.strip().rpartition("\n")[2])
    except OSError as error:
        raise MlopscError(f"{command[0]} cannot be run: {error.strerror or error}", help=_HELP) from error
    except ValueError:
        last = done.stderr.strip().rpartition("\n")[2][:_SAID]
        raise MlopscError(f"Feast ended with exit status {done.returncode}: {last}") from None
    return found
