"""What stands in a store: a name, its size, and when it was last written or renewed."""

from dataclasses import dataclass
from datetime import datetime
from typing import Any

_TIMES = ("LastModified", "mtime", "last_modified", "updated", "created")


@dataclass(frozen=True, slots=True)
class Entry:
    """A blob or document; `size` in bytes, `changed` in seconds since 1970."""

    name: str
    size: int
    changed: float

    @property
    def base(self) -> str:
        """The last part of the name."""
        return self.name.rpartition("/")[2]


def changed_at(found: dict[str, Any], otherwise: float) -> float:
    """Return when a file changed, by what an fsspec file system tells of it; `otherwise` where it tells nothing."""
    for name in _TIMES:
        match found.get(name):
            case datetime() as moment:
                return moment.timestamp()
            case int() | float() as seconds:
                return float(seconds)
            case str() as text if text:
                return datetime.fromisoformat(text).timestamp()
    return otherwise
