"""The YAML parser's complaints in plain words, with what to do about them."""

from dataclasses import dataclass

import yaml


@dataclass(frozen=True, slots=True)
class SyntaxFault:
    """A fault at `[start, end)` of the text, and possibly a second place that explains it."""

    message: str
    start: int
    end: int
    help: str | None = None
    related: tuple[int, str] | None = None
    several_documents: bool = False


def explain_syntax(error: yaml.YAMLError, text: str) -> SyntaxFault:
    """Return what is wrong and where, in offsets of the text."""
    problem = getattr(error, "problem", None) or str(error)
    context = getattr(error, "context", None) or ""
    at = _offset(getattr(error, "problem_mark", None), text)
    since = _offset(getattr(error, "context_mark", None), text, at)
    character = text[at : at + 1]
    match problem:
        case _ if "another document" in problem:
            return SyntaxFault(
                "a second YAML document starts here",
                at,
                at + 3,
                "keep one document in the file: remove this line and what follows it",
                several_documents=True,
            )
        case _ if "found character that cannot start any token" in problem and character == "\t":
            return _tab(at)
        case _ if "tab character" in problem:
            return _tab(at)
        case _ if "found character that cannot start any token" in problem:
            return SyntaxFault(
                f"a value cannot start with {character!r}",
                at,
                at + 1,
                "write the value in quotes",
            )
        case _ if "mapping values are not allowed" in problem:
            return SyntaxFault(
                "a ':' where no key can stand",
                at,
                at + 1,
                "quote the value if the ':' belongs to it; else check the indentation, and the line above",
            )
        case _ if "could not find expected ':'" in problem:
            start, end = _line(text, since)
            return SyntaxFault(
                "a key without ':'", start, end, "write 'key: value', with a space after the ':'"
            )
        case _ if "found unexpected end of stream" in problem or "document separator" in problem:
            return SyntaxFault(
                "a quoted text that is never closed",
                since,
                since + 1,
                f"close it with {text[since : since + 1]} on the line where it ends",
            )
        case _ if "',' or" in problem:
            bracket = text[since : since + 1]
            closing = {"[": "]", "{": "}"}.get(bracket, "bracket")
            return SyntaxFault(
                f"expected ',' or '{closing}' here",
                at,
                at + 1,
                f"close the '{bracket}' with '{closing}', or put a ',' between its entries",
                (since, "opened here"),
            )
        case _ if "unknown escape character" in problem:
            return SyntaxFault(
                f"unknown escape '{text[at : at + 2]}' in a double-quoted text",
                at,
                at + 2,
                "write '\\\\' for a backslash, or use single quotes, where a backslash is only itself",
            )
        case _ if "alphabetic or numeric character" in problem:
            return SyntaxFault(
                f"a value that starts with '{text[since : since + 1]}' refers to an anchor, but names none",
                since,
                since + 1,
                "write the value in quotes",
            )
        case _ if "undefined alias" in problem:
            return SyntaxFault(
                f"'{_word(text, at)}' repeats an anchor that is not defined above",
                at,
                at + len(_word(text, at)),
                "define the anchor first, or write the value in quotes",
            )
        case _ if "did not find expected key" in problem or "'-' indicator" in problem:
            what = "a list entry" if "'-'" in problem else "a key"
            start, end = _line(text, at)
            return SyntaxFault(
                f"expected {what} here",
                start,
                end,
                "indent it like its neighbours; 'key: value' needs a ':' and a space; "
                "a quoted value may hold nothing after its closing quote",
                (since, "of this block") if since != at else None,
            )
        case _ if "block sequence entries are not allowed" in problem:
            return SyntaxFault(
                "a list entry where none can stand",
                at,
                at + 1,
                "start the list on a line of its own, below its key",
            )
        case _:
            detail = f"{context}: {problem}" if context else problem
            return SyntaxFault(f"this is not YAML ({detail})", at, at + 1)


def _tab(at: int) -> SyntaxFault:
    return SyntaxFault("a tab where YAML wants spaces", at, at + 1, "indent with spaces only")


def _offset(mark: yaml.Mark | None, text: str, otherwise: int = 0) -> int:
    if mark is None:
        return otherwise
    at = min(mark.index, len(text))
    if at == len(text):  # the end of the file: the last character that is there
        at = max(0, len(text.rstrip()) - 1)
    return at


def _line(text: str, at: int) -> tuple[int, int]:
    """Return the stretch from an offset to the end of its line's text."""
    stop = min((end for end in (text.find("\n", at), text.find("\r", at)) if end >= 0), default=len(text))
    return at, max(at + 1, at + len(text[at:stop].split(" #")[0].rstrip()))


def _word(text: str, at: int) -> str:
    return (text[at : at + 80].split() or [""])[0].rstrip(",]}")
