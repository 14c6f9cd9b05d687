"""What a card consists of: sections of declarations, facts and tables, the same whatever it is written as."""

from dataclasses import dataclass

from mlopsc.pages.declared import Declared
from mlopsc.pages.sections import Fact

NOT_DECLARED = "not declared"


@dataclass(frozen=True)
class Table:
    """Rows under headings; without rows `nothing` says why."""

    caption: str
    headings: tuple[str, ...]
    rows: tuple[tuple[str, ...], ...]
    nothing: str


@dataclass(frozen=True)
class Section:
    """A chapter of the card; `answers` says which questions of the literature and the law it is for."""

    anchor: str
    heading: str
    answers: str
    declared: tuple[Declared, ...] = ()
    facts: tuple[Fact, ...] = ()
    tables: tuple[Table, ...] = ()
    remarks: tuple[str, ...] = ()
