"""Every operation: its configuration, its ports, and of which kind it is.

A port is a named file that goes in or comes out. The kind decides caching: `pure` is a function of
configuration, inputs and code; `observe` looks at the world; `effect` changes it.
"""

import json
from collections.abc import Mapping
from typing import Annotated, Any, get_args

from pydantic import ConfigDict, Field, TypeAdapter

from mlopsc.vocabulary.operations.base import BaseOperation, Kind, Ports
from mlopsc.vocabulary.operations.features import Drift, Features, Materialize, Profile, SplitRows
from mlopsc.vocabulary.operations.judging import (
    EVIDENCE,
    JUDGES,
    Judge,
    JudgeBaseline,
    JudgeChampion,
    JudgeData,
    JudgeDrift,
    JudgeLatency,
    JudgeMetric,
    JudgePython,
    JudgeReproducible,
    JudgeRobustness,
    JudgeScored,
    JudgeSize,
    judge_of,
)
from mlopsc.vocabulary.operations.learning import (
    Assemble,
    CountSegments,
    Evaluate,
    Explain,
    ExportOnnx,
    Predict,
    Refit,
    Train,
)
from mlopsc.vocabulary.operations.registered import (
    Register,
    ResolveChampion,
    ResolveModel,
    ResolveReference,
    StageRule,
    Verdict,
)
from mlopsc.vocabulary.operations.tables import OTHER, Load, SqlView, Transform, Validate
from mlopsc.vocabulary.operations.tracked import Track
from mlopsc.vocabulary.operations.tuning import CollectTrials, OuterFold, Propose, ScoreSearch, Trial

__all__ = [
    "EVIDENCE",
    "JUDGES",
    "OTHER",
    "Assemble",
    "BaseOperation",
    "CollectTrials",
    "CountSegments",
    "Drift",
    "Evaluate",
    "Explain",
    "ExportOnnx",
    "Features",
    "Judge",
    "JudgeBaseline",
    "JudgeChampion",
    "JudgeData",
    "JudgeDrift",
    "JudgeLatency",
    "JudgeMetric",
    "JudgePython",
    "JudgeReproducible",
    "JudgeRobustness",
    "JudgeScored",
    "JudgeSize",
    "Kind",
    "Load",
    "Materialize",
    "Operation",
    "OuterFold",
    "Ports",
    "Predict",
    "Profile",
    "Propose",
    "Refit",
    "Register",
    "ResolveChampion",
    "ResolveModel",
    "ResolveReference",
    "ScoreSearch",
    "SplitRows",
    "SqlView",
    "StageRule",
    "Track",
    "Train",
    "Transform",
    "Trial",
    "Validate",
    "Verdict",
    "judge_of",
    "operation_class",
    "read_operation",
]

Operation = (
    Load
    | Validate
    | SqlView
    | Transform
    | Features
    | SplitRows
    | Propose
    | Trial
    | CollectTrials
    | OuterFold
    | ScoreSearch
    | CountSegments
    | Train
    | Assemble
    | Refit
    | Evaluate
    | Explain
    | ExportOnnx
    | Profile
    | ResolveChampion
    | ResolveReference
    | ResolveModel
    | Predict
    | Materialize
    | JudgeMetric
    | JudgeBaseline
    | JudgeSize
    | JudgeData
    | JudgeDrift
    | JudgeRobustness
    | JudgeLatency
    | JudgeScored
    | JudgeChampion
    | JudgePython
    | JudgeReproducible
    | Register
    | Track
    | Verdict
    | Drift
)
_ANY: TypeAdapter[Operation] = TypeAdapter(
    Annotated[Operation, Field(discriminator="operation")], config=ConfigDict(defer_build=True)
)
_CLASSES: dict[str, type[Operation]] = {
    kind.model_fields["operation"].default: kind for kind in get_args(Operation)
}


def read_operation(configuration: Mapping[str, Any]) -> Operation:
    """Return the operation that a JSON configuration (with its `operation` key) says; raises pydantic.ValidationError.

    Only the model of that operation is built: to build all of them takes as long as to compile a spec.
    """
    kind = _CLASSES.get(str(configuration.get("operation")))
    text = json.dumps(configuration)
    return _ANY.validate_json(text) if kind is None else kind.model_validate_json(text)


def operation_class(name: str) -> type[Operation]:
    """Return the model of an operation by its name; raises KeyError."""
    return _CLASSES[name]
