"""The page of an evaluation as an event tells it: what people who look at MLflow alone send to those who decide."""

from collections.abc import Mapping
from typing import Any

from mlopsc.pages.evaluation import render_evaluation
from mlopsc.pages.judged import Judged
from mlopsc.runtime.decisions import read_json
from mlopsc.runtime.models.archive import read_signature
from mlopsc.runtime.store import Store


def evaluation_page(store: Store, event: Mapping[str, Any], documents: Mapping[str, Any]) -> str:
    """Return one HTML document; `documents` are the event's that were read already.

    What only the spec says, how rows were divided, is among MLflow's parameters and not on it. Raises StoreError when
    a file of the event is lost.
    """
    files, metrics = event["files"], documents["metrics"]
    signature = read_signature(store.get_path(event["model"]["digest"]))
    said = {"description": event["tags"].get("description")}
    if "refitted" in signature:
        # Its rows are those of both parts; judged was a model of the first.
        signature, said = signature | {"rows": signature["rows"] - metrics["rows"]}, said | {"refit": True}
    return render_evaluation(
        Judged(
            event["project"],
            event["training"],
            metrics,
            curves=documents.get("curves"),
            explanation=documents.get("explanation"),
            decisions=tuple(read_json(store.get_path(files[f"decision_{one}"])) for one in event["gates"]),
            datasets=tuple(read_json(store.get_path(files[f"report_{one}"])) for one in event["datasets"]),
            signature=signature,
            said=said,
        )
    )
