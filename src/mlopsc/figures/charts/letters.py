"""How wide text is, without its font: bounds that hold for the widest of the usual sans-serif families."""

import unicodedata

_WIDTHS = {
    0.40: " '(),-./:;I[\\]fijlrt|`!\"",
    0.60: "*?_cksvxyzJL",
    0.75: "0123456789$EFPSTYZabdeghnopqu{}",
    0.90: "#&+<=>ABCDGHKNOQRUVX^~",
    1.10: "%@MWmw",
}
_WIDTH = {letter: width for width, letters in _WIDTHS.items() for letter in letters}
_BOLD, _REGULAR = 1.0, 0.93


def text_width(text: str, size: float, *, bold: bool = False) -> float:
    """Return how wide a text may come out, in the units of `size`, its font's size."""
    return sum(map(_letter, text)) * size * (_BOLD if bold else _REGULAR)


def _letter(letter: str) -> float:
    if letter.isascii():
        return _WIDTH.get(letter, 0.75)
    if unicodedata.category(letter) in {"Mn", "Me"}:
        return 0.0
    return 1.05 if unicodedata.east_asian_width(letter) in "WFA" else 0.9


def wrapped(name: str, characters: int) -> tuple[str, ...]:
    """Return a name in lines of at most so many characters, broken behind `_`, `.` or `-` where there is one."""
    lines: list[str] = []
    rest = name
    while len(rest) > characters:
        at = max(rest.rfind(mark, 0, characters) for mark in "_.-") + 1
        at = at if at > characters // 3 else characters
        lines.append(rest[:at])
        rest = rest[at:]
    return (*lines, rest)
