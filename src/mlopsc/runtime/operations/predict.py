"""Predict: what a model says of the rows of a file, and a report on them."""

from collections.abc import Mapping
from pathlib import Path

from mlopsc.diagnostics.errors import StepFailed
from mlopsc.runtime.context import Context
from mlopsc.runtime.decisions import write_json
from mlopsc.runtime.sources.handles import no_secrets
from mlopsc.runtime.sources.opening import fingerprint_source
from mlopsc.runtime.sources.remote.reach import Reach
from mlopsc.vocabulary.operations import Predict
from mlopsc.vocabulary.sources import FileSource, source_by_suffix


def run(config: Predict, inputs: Mapping[str, Path], outputs: Mapping[str, Path], context: Context) -> None:
    """Write predictions and report.

    Raises StepFailed for an input that does not suit the model, MlopscError for a file that cannot be read, StoreError
    for a model that cannot be loaded; then nothing is written.
    """
    from mlopsc.runtime.predicting.batchwise import predict_file  # not for a look at the input alone

    report = predict_file(config, _source(config), inputs, outputs["predictions"], context)
    write_json(outputs["report"], {**report, "input_digest": fingerprint(config, context)})
    rows = report["rows"]
    print(f"{config.model}: {rows['read']} rows read, {rows['predicted']} predicted")


def fingerprint(config: Predict, context: Context) -> str:
    """Return the digest of the input's bytes. Raises MlopscError when it is not there."""
    found = fingerprint_source(
        _source(config),
        project=context.project,
        secrets=no_secrets,
        reach=Reach.of(config.allow_hosts),
        seen=context.seen,
    )
    assert found is not None, "files have a digest"
    return found


def _source(config: Predict) -> FileSource:
    try:
        return source_by_suffix(config.source.path, config.source)
    except ValueError as error:
        raise StepFailed(str(error)) from None
