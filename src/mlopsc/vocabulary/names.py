"""Names of declared things, and references to user functions."""

from typing import Annotated

from pydantic import Field, StringConstraints

Name = Annotated[str, StringConstraints(pattern=r"^[A-Za-z][A-Za-z0-9_]{0,62}$")]
"""What datasets, views, trainings, gates, models, stages and monitors are called: a letter, then letters,
digits or underscores, at most 63. Such a name is safe in Python, SQL, Kubernetes and on a shell."""

FunctionReference = Annotated[
    str,
    StringConstraints(
        pattern=r"^[A-Za-z_][A-Za-z0-9_]*(\.[A-Za-z_][A-Za-z0-9_]*)*:[A-Za-z_][A-Za-z0-9_]*$",
    ),
]
"""A user's function, `package.module:function`, importable from the folder of `mlops.yaml`."""

DottedPath = Annotated[str, StringConstraints(pattern=r"^[A-Za-z_][A-Za-z0-9_]*(\.[A-Za-z_][A-Za-z0-9_]*)+$")]
"""An importable class, `sklearn.linear_model.Ridge`."""

TypeNames = Annotated[tuple[DottedPath, ...], Field(exclude_if=lambda names: not names)]
"""Classes by module and name; none are left out of what is written."""
