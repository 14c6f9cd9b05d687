"""What may stand under `targets.feast`."""

import json
from typing import Annotated, Literal

from pydantic import StringConstraints

from mlopsc.plan.plan import Plan
from mlopsc.vocabulary.base import Frozen
from mlopsc.vocabulary.policy import Policy

_Text = Annotated[str, StringConstraints(min_length=1)]


class FeastSettings(Frozen):
    """Settings of the target `feast`."""

    offline_store: Literal["duckdb", "dask"] = "duckdb"
    """What makes training data. Feast's dask store drops entity rows that match nothing; its DuckDB store keeps
    them."""
    registry: _Text = "data/registry.db"
    """Where `feast apply` writes: a path relative to the repository, or a URL that Feast knows."""
    online_store: _Text = "data/online_store.db"
    """The SQLite file of Feast's own online store, relative to the repository."""
    data: Annotated[str, StringConstraints(pattern=r"^[^\x00-\x1f]+$")] = "data"
    """The folder of the tables, as `mlopsc features export --out` was told: relative to the repository, or a URL."""
    policy: Policy = Policy()
    """Nothing runs here: it must be left empty."""


def settings_of(plan: Plan) -> FeastSettings:
    """Return the plan's settings for this target."""
    return FeastSettings.model_validate_json(json.dumps(plan.targets.get("feast", {})))
