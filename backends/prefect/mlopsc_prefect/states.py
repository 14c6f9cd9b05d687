"""What a state of Prefect holds."""

from typing import Any

from prefect.client.schemas.objects import State


def content(state: State[Any]) -> Any:
    """Return the value or exception that a state of this process holds, without a look at any result storage."""
    return getattr(state.data, "result", state.data)
