"""How a status looks: a word, a sign and a colour, the same on the whole page."""

from mlopsc.pages.sections import Status

_GOOD, _BAD, _WARN, _CALM, _BUSY = ("good", "✓"), ("bad", "✕"), ("warn", "!"), ("calm", "–"), ("busy", "…")
_LOOKS = {
    "succeeded": _GOOD, "run": _GOOD, "pass": _GOOD, "passed": _GOOD, "ok": _GOOD, "registered": _GOOD,
    "chosen": ("good", "★"),
    "cached": ("calm", "✓"), "unchanged": ("calm", "✓"),
    "failed": _BAD, "crashed": _BAD, "fail": _BAD, "drift": _BAD,
    "refused": ("bad", "⊘"), "blocked": ("bad", "⊘"),
    "warning": _WARN, "warn": _WARN, "put aside": ("warn", "⇥"), "cancelled": _WARN,
    "insufficient_data": _WARN, "empty": _WARN, "constant": _WARN,
    "running": _BUSY, "pending": _CALM, "skipped": _CALM,
}  # fmt: skip


def status(word: str) -> Status:
    """Return the look of a status; a word that is not known looks calm."""
    look, sign = _LOOKS.get(word, _CALM)
    return Status(word.replace("_", " "), look, sign)
