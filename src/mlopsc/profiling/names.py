"""What the name of a column says: an identifier, a time, a year, a place on the globe."""

import re

_WORD = re.compile(r"[A-Z]+(?![a-z])|[A-Z]?[a-z]+|\d+")
_IDENTIFIERS = {
    "id",
    "ids",
    "key",
    "uuid",
    "guid",
    "identifier",
    "code",
    "index",
    "idx",
    "nr",
    "no",
    "number",
    "row",
}
_OTHER_TIMES = {
    "birth", "birthday", "birthdate", "dob", "due", "expiry", "expires", "expiration", "end", "ended", "deadline",
    "updated", "modified", "deleted", "until",
}  # fmt: skip
_WRITTEN = {"created", "inserted", "ingested", "loaded"}


def words(name: str) -> list[str]:
    """Return the words of a name in small letters: `customerID` is customer, id."""
    return [word.lower() for word in _WORD.findall(name)]


def names_identifier(name: str) -> bool:
    """Say whether a name is that of an identifier: `id`, `customer_id`, `orderKey`, `Unnamed: 0`."""
    found = words(name)
    return bool(found) and (found[-1] in _IDENTIFIERS or found[0] in ("id", "unnamed"))


def names_entity(name: str) -> bool:
    """Say whether a name is that of what rows belong to: `patient_id`."""
    found = words(name)
    return bool(found) and found[-1] in ("id", "uuid", "guid")


def time_rank(name: str) -> int:
    """Return how likely a date with this name is when the row happened, smaller first; 9 says it is not."""
    found = set(words(name))
    if found & _OTHER_TIMES:
        return 9
    if found & _WRITTEN:
        return 2
    return 0 if found & {"event", "time", "timestamp", "ts", "datetime", "at"} else 1


def names_year(name: str) -> bool:
    """Say whether a name is that of a year."""
    return bool({"year", "yr"} & set(words(name)))


def names_season(name: str) -> bool:
    """Say whether a name is that of a part of the year, or of the year itself."""
    parts = {"year", "yr", "month", "mnth", "season", "quarter", "week", "weekofyear", "dayofyear"}
    return bool(parts & set(words(name)))


def names_hour(name: str) -> bool:
    """Say whether a name is that of an hour of the day."""
    return bool({"hour", "hr"} & set(words(name)))


def globe(name: str) -> int | None:
    """Return the greatest angle of a latitude or longitude by its name, None for others."""
    found = set(words(name))
    return 90 if found & {"latitude", "lat"} else 180 if found & {"longitude", "lon", "lng", "long"} else None
