"""File and YAML: what can be wrong before any key has a meaning."""

from mlopsc.diagnostics.diagnostic import Severity
from mlopsc.diagnostics.table.code import Code

CODES = (
    Code(
        "MLC001",
        "unreadable-file",
        "The file cannot be read.",
        (
            "The spec, or a file that it names, does not exist, is a folder, or may not be read by you. "
            "Nothing else was checked."
        ),
        """\
# mlopsc validate mlop.yaml
apiVersion: mlopsc/v1
""",
        """\
# mlopsc validate mlops.yaml
apiVersion: mlopsc/v1
""",
    ),
    Code(
        "MLC002",
        "not-utf8",
        "The file is not UTF-8.",
        (
            "A spec is text in UTF-8, with or without a byte order mark. The place is the first byte that "
            'is not. Editors call the command "save with encoding".'
        ),
        """\
project: {name: caf\\xe9}   # saved as Latin-1
""",
        """\
project: {name: cafe, description: Café}   # saved as UTF-8
""",
    ),
    Code(
        "MLC003",
        "unprintable-character",
        "A character that YAML does not allow.",
        (
            "Control characters are invisible in an editor and change what a terminal shows. YAML forbids "
            "them in a file; inside double quotes they can be written as escapes."
        ),
        """\
project: {name: flights, description: "ring \\x07"}   # a real bell character
""",
        """\
project: {name: flights, description: "ring \\\\x07"}   # its escape
""",
    ),
    Code(
        "MLC004",
        "yaml-syntax",
        "The text is not YAML.",
        (
            "The parser stopped here, so the rest of the file was not checked. The usual causes are "
            "indentation by tabs, a missing ':' or the space after it, a quote or bracket that is never "
            "closed, and values that begin with a character of YAML's own."
        ),
        """\
datasets:
  flights: {source: {type: parquet, path: data/flights.parquet}
""",
        """\
datasets:
  flights: {source: {type: parquet, path: data/flights.parquet}}
""",
    ),
    Code(
        "MLC005",
        "duplicate-key",
        "The same key stands twice in one map.",
        (
            "Most YAML readers keep the last one silently, so that half of what you wrote has no effect. "
            "The second span shows the first definition."
        ),
        """\
datasets:
  flights: {source: {type: parquet, path: a.parquet}}
  flights: {source: {type: parquet, path: b.parquet}}
""",
        """\
datasets:
  flights: {source: {type: parquet, path: a.parquet}}
  flights_new: {source: {type: parquet, path: b.parquet}}
""",
    ),
    Code(
        "MLC006",
        "explicit-tag",
        "A YAML tag is not allowed.",
        (
            "Tags such as !!python/object make YAML readers build objects, which is how specs attack the "
            "machines that read them. mlopsc knows the type of every key and needs none. Text that begins "
            "with '!' is written in quotes."
        ),
        """\
project: {name: !!str flights}
""",
        """\
project: {name: flights}
""",
    ),
    Code(
        "MLC007",
        "several-documents",
        "The file holds several YAML documents.",
        (
            "One file is one spec. A line '---' in the middle starts a second document, which other tools "
            "would ignore."
        ),
        """\
apiVersion: mlopsc/v1
---
project: {name: flights}
""",
        """\
apiVersion: mlopsc/v1
project: {name: flights}
""",
    ),
    Code(
        "MLC008",
        "key-not-text",
        "A key is not text.",
        (
            "Keys are names, so they are text. Numbers, true, false and null as keys are written in "
            "quotes; lists and maps cannot be keys."
        ),
        """\
vars:
  1: {type: int, default: 15}
""",
        """\
vars:
  first: {type: int, default: 15}
""",
    ),
    Code(
        "MLC009",
        "merge-key",
        "Merge keys are not supported.",
        (
            "The key '<<' was dropped from YAML 1.2: readers disagree on what it does to lists and on who "
            "wins. Environments and the policy defaults of targets serve the same purpose with stated "
            "rules."
        ),
        """\
datasets:
  flights: &base {event_time: time_hour}
  weather:
    <<: *base
""",
        """\
datasets:
  flights: {event_time: time_hour}
  weather: {event_time: time_hour}
""",
    ),
    Code(
        "MLC010",
        "too-large",
        "The file is too large.",
        (
            "A spec describes work; it holds no data. Beyond five million bytes or three hundred thousand "
            "values it is refused before it can fill the memory. Put long lists into a file that a "
            "dataset reads."
        ),
        """\
# 100 MB of rows under 'allowed:'
datasets: {flights: {columns: {origin: {type: string, allowed: [EWR, JFK]}}}}
""",
        """\
datasets: {flights: {columns: {origin: {type: string}}}}
""",
    ),
    Code(
        "MLC011",
        "too-deep",
        "Lists and maps are nested too deeply.",
        (
            "No key of a spec needs more than a few levels. Beyond sixty-four the file is refused, since "
            "deep nesting is a way to crash parsers."
        ),
        """\
project:
  [[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[
  [[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[
  ]]]]]]]]]]]]]]]]]]]]]]]]]]]]]]]]]]]]]]]]]]]]]]]]]]]]]]]]]]]]]]]]]]
""",
        """\
project: {name: flights}
""",
    ),
    Code(
        "MLC012",
        "too-many-aliases",
        "Aliases repeat too much, or contain themselves.",
        (
            "An alias (*name) repeats what an anchor (&name) marked. Aliases of aliases grow without "
            "bound, so at most ten thousand values may be repeated, and no anchor may hold its own alias."
        ),
        """\
project: &project
  name: *project
""",
        """\
project:
  name: flights
""",
    ),
    Code(
        "MLC013",
        "not-a-mapping",
        "The file does not hold a map of sections.",
        (
            "A spec is a map whose keys are the sections: apiVersion, project, datasets, and so on. A "
            "frequent cause is a missing space after the ':'."
        ),
        """\
apiVersion:mlopsc/v1
""",
        """\
apiVersion: mlopsc/v1
""",
    ),
    Code(
        "MLC014",
        "legacy-number",
        "A number that older YAML read as octal.",
        (
            "YAML 1.1 read 0755 as an octal number, YAML 1.2 reads it as the decimal 755. Say which you "
            "mean; identifiers such as postal codes belong in quotes."
        ),
        """\
vars:
  code: {type: int, default: 0755}
""",
        """\
vars:
  code: {type: int, default: 755}
""",
        Severity.WARNING,
    ),
    Code(
        "MLC015",
        "number-too-large",
        "A number is too large.",
        (
            "The number is beyond the range of a float, or has more than four hundred digits. It would "
            "silently become infinite."
        ),
        """\
vars:
  limit: {type: float, default: 1e999}
""",
        """\
vars:
  limit: {type: float, default: .inf}
""",
    ),
)
