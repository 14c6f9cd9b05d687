"""What a model said of each row of a test part, as a table: written once, scored again and again without the model."""

import json
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np
import numpy.typing as npt
import pandas as pd
import pyarrow as pa
import pyarrow.parquet as pq
from sklearn.utils import ClassifierTags, RegressorTags, Tags, TargetTags

from mlopsc.diagnostics.errors import StepFailed, StoreError
from mlopsc.runtime.engine.parquet import write_batches
from mlopsc.runtime.learning.frames import read_label, read_rows
from mlopsc.runtime.learning.scoring import Answers, Values
from mlopsc.vocabulary.artifacts import LABEL, ROW

_PREDICTION = "prediction"
_MATRICES = {"predict_proba": "probability_", "decision_function": "decision_"}
QUESTIONS = ("predict", *_MATRICES)
"""What models are asked."""
_CLASSES = b"mlopsc.classes"
"""Metadata of the table's schema: the model's classes in its order, as JSON; absent for a regression."""


def write_scored(path: Path, answers: Answers, test: Path) -> None:
    """Write what the model says of the rows of `test`; see `Evaluate.scored` for the columns.

    It is asked for what no metric asked: classes, and probabilities where it gives them, else decision values.
    Raises StepFailed when an answer has another number of rows.
    """
    rows = len(answers.truth)
    columns: dict[str, Any] = {ROW: pa.array(read_rows(test), pa.uint64()), LABEL: pa.array(answers.truth)}
    columns[_PREDICTION] = pa.array(_checked(answers.ask("predict"), rows, "predict"))
    if answers.classes is not None:
        ranking = next((name for name in _MATRICES if hasattr(answers.model, name)), None)
        for question, prefix in _MATRICES.items():
            if question == ranking or answers.was_asked(question):
                said = _checked(answers.ask(question), rows, question).reshape(rows, -1)
                columns |= {f"{prefix}{i}": pa.array(said[:, i], pa.float64()) for i in range(said.shape[1])}
    table = pa.table(columns)
    if answers.classes is not None:
        classes = json.dumps(answers.labels, ensure_ascii=False)
        table = table.replace_schema_metadata({_CLASSES: classes.encode()})
    write_batches(pa.RecordBatchReader.from_batches(table.schema, table.to_batches()), path)


def _checked(said: Values, rows: int, question: str) -> Values:
    if said.ndim == 0 or len(said) != rows:
        raise StepFailed(f"{question} gave an array of shape {said.shape} for {rows} rows")
    return said


@dataclass(frozen=True)
class Scored:
    """Rows with their labels and what a model said of them; all arrays have one entry for each row."""

    rows: npt.NDArray[np.uint64]
    """Row hashes, in the test part's order."""
    truth: Values
    said: dict[str, Values]
    """Answers by question: `predict`, `predict_proba`, `decision_function`."""
    classes: Values | None
    """The model's classes in its order; None for a regression."""

    @classmethod
    def read(cls, path: Path) -> "Scored":
        """Return the table of a file; raises StoreError when it is none."""
        try:
            with path.open("rb") as file:
                table = pq.read_table(file)
        except (OSError, pa.ArrowException) as error:
            raise StoreError(f"{path} is damaged: expected a table of scored rows ({error})") from error
        written = (table.schema.metadata or {}).get(_CLASSES)
        said = {"predict": _values(table.column(_PREDICTION))}
        for question, prefix in _MATRICES.items():
            matrix = [table.column(name).to_numpy() for name in table.column_names if name.startswith(prefix)]
            if matrix:
                said[question] = matrix[0] if len(matrix) == 1 else np.column_stack(matrix)
        classes = None if written is None else np.asarray(json.loads(written))
        return cls(read_rows(path), read_label(path), said, classes)

    @classmethod
    def by(cls, answers: Answers, rows: npt.NDArray[np.uint64]) -> "Scored":
        """Return all that a model says of rows, in memory."""
        asked = ("predict", *(_MATRICES if answers.classes is not None else ()))
        said = {question: answers.ask(question) for question in asked if hasattr(answers.model, question)}
        return cls(rows, answers.truth, said, answers.classes)

    def __len__(self) -> int:
        return len(self.truth)

    def of(self, rows: npt.NDArray[Any]) -> "Scored":
        """Return the rows that a mask marks, or those at positions, which may repeat."""
        said = {question: values[rows] for question, values in self.said.items()}
        return Scored(self.rows[rows], self.truth[rows], said, self.classes)

    def followed_by(self, other: "Scored") -> "Scored":
        """Return these rows and then another model's, of the same classes; answers that only one has are left out."""
        said = {
            question: np.concatenate([values, other.said[question]])
            for question, values in self.said.items()
            if question in other.said
        }
        rows, truth = np.concatenate([self.rows, other.rows]), np.concatenate([self.truth, other.truth])
        return Scored(rows, truth, said, self.classes)

    def answers(self) -> Answers:
        """Return the answers as scorers see them."""
        return Answers(Recorded(self.said, self.classes), pd.DataFrame(index=range(len(self))), self.truth)


class Recorded:
    """A model that says again what was recorded; it has the methods that were asked, and no others."""

    def __init__(self, said: dict[str, Values], classes: Values | None) -> None:
        self._said = said
        if classes is not None:
            self.classes_ = classes

    def __getattr__(self, name: str) -> Callable[[Any], Values]:
        said = self.__dict__.get("_said", {})
        if name not in said:
            raise AttributeError(name)
        return lambda _: said[name]

    def __sklearn_tags__(self) -> Tags:
        target = TargetTags(required=True)
        if "classes_" in self.__dict__:
            return Tags("classifier", target, classifier_tags=ClassifierTags(), regressor_tags=None)
        return Tags("regressor", target, classifier_tags=None, regressor_tags=RegressorTags())


def recorded(answers: Answers, rows: npt.NDArray[Any]) -> Answers:
    """Return what was said of the rows that a mask marks, or of those at positions, which may repeat.

    The model is not asked again: what it was not asked, it does not know.
    """
    said = {question: answers.ask(question)[rows] for question in QUESTIONS if answers.was_asked(question)}
    truth = answers.truth[rows]
    found = Answers(Recorded(said, answers.classes), pd.DataFrame(index=range(len(truth))), truth)
    found.codes = answers.codes[rows]  # known already, and dear to look up again by label
    if answers.was_asked("predict"):
        found.decided = answers.decided[rows]
    return found


def _values(column: pa.ChunkedArray) -> Values:
    values: Values = column.to_numpy(zero_copy_only=False)
    return values.astype(object) if pa.types.is_string(column.type) else values
