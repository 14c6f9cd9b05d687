"""Views as an online store keeps them, for tests."""

from datetime import UTC, datetime, timedelta

import pyarrow as pa

from mlopsc.runtime.online.state import ViewState, packed

START = datetime(2026, 1, 1, tzinfo=UTC)


def state(view: str = "weather", *, hours: int = 0, source: str = "s", **changes) -> ViewState:
    """Return the state of a view with one text key and one number, as of some hours after START."""
    schema = packed(pa.schema([("origin", pa.string()), ("visib", pa.int64())]))
    given = {
        "view": view, "keys": ("origin",), "schema": schema, "ttl": None, "until": START + timedelta(hours=hours),
        "source": source, "absent": "[null,null]",
    }  # fmt: skip
    return ViewState(**given | changes)


def nothing() -> None:
    """Guard nothing."""
