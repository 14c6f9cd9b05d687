"""MkDocs hook: makes the reference pages from what they describe, so that they cannot be out of date.

The table of diagnostic codes, the models of the spec and the command line's own parser each give one page.
Nothing of it is kept in the repository.
"""

import json
import re
from collections.abc import Callable, Iterator
from functools import partial
from inspect import cleandoc
from pathlib import Path
from typing import Any

from mkdocs.config.defaults import MkDocsConfig
from mkdocs.structure.files import File, Files

_NAMED = {
    r"^[A-Za-z][A-Za-z0-9_]{0,62}$": "name",
    r"^[A-Za-z_][A-Za-z0-9_]*(\.[A-Za-z_][A-Za-z0-9_]*)*:[A-Za-z_][A-Za-z0-9_]*$": "`package.module:function`",
    r"^[A-Za-z_][A-Za-z0-9_]*(\.[A-Za-z_][A-Za-z0-9_]*)+$": "dotted path such as `sklearn.linear_model.Ridge`",
    r"^\$\{params\.[A-Za-z_][A-Za-z0-9_]*\}$": "`${params.name}`",
}
"""What patterns of the models mean to a reader."""


def on_files(files: Files, config: MkDocsConfig) -> Files:
    """Add the generated pages to the site."""
    for path, make in {**PAGES, **check_pages()}.items():
        files.append(File.generated(config, path, content=make()))
    return files


def codes_page() -> str:
    """Return the page of all diagnostic codes."""
    from mlopsc.diagnostics.codes import GROUPS

    parts = ["# Diagnostic codes", "`mlopsc explain CODE` prints the same. Numbers are never used again."]
    for title, codes in GROUPS.items():
        parts.append(f"## {title}")
        for code in codes:
            parts += [
                f"### {code.code} `{code.slug}` {{ #{code.code.lower()} }}",
                f"*{code.severity}*. {_plain(code.summary)}",
                _plain(code.explanation),
                f"Wrong:\n\n```yaml\n{code.fault.strip()}\n```",
                f"Right:\n\n```yaml\n{code.fix.strip()}\n```",
            ]
    return "\n\n".join(parts) + "\n"


def cli_page() -> str:
    """Return the page of all commands, from the parser that reads them."""
    from typer.main import get_command

    from mlopsc.cli.app import COMMANDS, app

    group: Any = get_command(app)
    context = group.make_context("mlopsc", [], resilient_parsing=True)
    parts = ["# Command line", _plain(cleandoc(group.help or ""))]
    for name in COMMANDS:
        parts += _command(f"mlopsc {name}", group.get_command(context, name), 2)
    return "\n\n".join(parts) + "\n"


def spec_page() -> str:
    """Return the page of all keys of the spec, from its models."""
    from mlopsc.spec.spec import INFRASTRUCTURE, PROJECT, SECTIONS

    parts = [
        "# Keys of the spec",
        "Every key that `mlops.yaml` may hold. An unknown key is an error everywhere. Sections are maps by name: "
        "below `datasets`, for instance, stand names of your own, and below each name the keys shown here.",
        "Top level: `apiVersion` (always `mlopsc/v1`) and `project` are required. `vars`, `environments` and "
        "`parameters` are described in [values](../guide/values.md), `targets` in the pages of the targets.",
    ]
    definitions: dict[str, Any] = {}
    for section, adapter in {"project": PROJECT, **SECTIONS, "infrastructure": INFRASTRUCTURE}.items():
        schema = adapter.json_schema(mode="validation", ref_template="#{model}")
        definitions |= schema.pop("$defs", {})
        parts += [f"## {section}", *_model_or_choice(section, schema)]
    models = {name: schema for name, schema in sorted(definitions.items()) if "properties" in schema}
    checks = {name: schema for name, schema in models.items() if "expect" in schema["properties"]}
    for title, group in {
        "Checks": checks,
        "Parts": {k: v for k, v in models.items() if k not in checks},
    }.items():
        parts.append(f"## {title}")
        for name, schema in group.items():
            parts += [f"### {_title(name, schema)} {{ #{_anchor(name)} }}", *_model(schema)]
    return "\n\n".join(parts) + "\n"


FAMILY_TITLES = {
    "table": "The table",
    "values": "Values, one by one",
    "text": "Texts",
    "parsed": "Texts that must say something",
    "aggregates": "Figures of a column",
    "quantiles": "Quantiles",
    "distinct": "Different values",
    "distribution": "Distributions",
    "multicolumn": "Several columns",
    "sql": "SQL",
    "python_function": "Python",
    "beyond": "Beyond Great Expectations",
}


def check_pages() -> dict[str, Callable[[], str]]:
    """Return a page for each kind of check, from its model and its example, and their index."""
    from mlopsc.vocabulary.checks.kinds import CHECK_NAMES

    pages = {f"reference/checks/{name}.md": partial(_check_page, name) for name in CHECK_NAMES}
    return {"reference/checks/index.md": _check_index, **pages}


def _check_index() -> str:
    from mlopsc.vocabulary.checks.kinds import FAMILIES, model_of

    parts = [
        "# Checks",
        "What may stand below `checks` of a dataset, and in `validate_table(checks=[…])`, where a name may also begin "
        "with `expect_`. Names, arguments and meaning are those of Great Expectations 1.x; where they are odd, or "
        "differ, the check's page says so. Nulls: a check of a column's values looks at the values that are there; "
        "`mostly` is the least share of those that must pass, and no values pass. NaN counts as null. A figure of no "
        "values fails, but for the sum, which is 0.",
        "Not carried over: `expect_query_results_to_match_comparison`, which asks a second data source (compare with "
        "an SQL dataset in `unexpected_rows`), and `expect_multicolumn_values_to_be_unique`, which Great Expectations "
        "itself replaced by `select_column_values_to_be_unique_within_record`.",
    ]
    for family, names in FAMILIES.items():
        rows = [f"| [`{name}`]({name}.md) | {_cell(_first(model_of(name).__doc__))} |" for name in names]
        parts += [f"## {FAMILY_TITLES[family]}", "\n".join(["| check | meaning |", "|---|---|", *rows])]
    return "\n\n".join(parts) + "\n"


def _first(text: str | None) -> str:
    return cleandoc(text or "").partition("\n\n")[0]


def _check_page(name: str) -> str:
    import yaml

    from mlopsc.vocabulary.checks.kinds import FAMILIES, FAMILY_OF, model_of

    schema = model_of(name).model_json_schema(ref_template="#{model}")
    parts = schema.pop("$defs", {})
    examples = yaml.safe_load((Path(__file__).parent / "checks.yaml").read_text("utf-8"))
    page = [f"# `{name}`", *_model({**schema, "properties": _own_first(schema["properties"])})]
    if FAMILY_OF[name] not in ("beyond", "python_function"):
        page.insert(1, f"Great Expectations calls it `expect_{name}`.")
    for part, described in parts.items():
        if "properties" in described:
            page += [f"## {_words(part)} {{ #{_anchor(part)} }}", *_model(described)]
    if name in examples:
        words = ", ".join(
            f"{key}: {_flow(value)}"
            for key, value in {"expect": name, **examples[name]}.items()
            if not (key == "expect" and "python" in examples[name])
        )
        page += ["## Example", f"```yaml\nchecks:\n  - {{{words}}}\n```"]
    others = ", ".join(f"[`{other}`]({other}.md)" for other in FAMILIES[FAMILY_OF[name]] if other != name)
    page += [f"Related: {others}. " * bool(others) + "[All checks](index.md)"]
    return "\n\n".join(page) + "\n"


def _own_first(properties: dict[str, Any]) -> dict[str, Any]:
    """Put the keys that all checks share behind those of the check itself."""
    from mlopsc.vocabulary.checks.base import BaseCheck

    shared = [key for key in properties if key in BaseCheck.model_fields and key != "expect"]
    return {key: properties[key] for key in [*(k for k in properties if k not in shared), *shared]}


def _flow(value: Any) -> str:
    """Return a value as YAML writes it within a line."""
    import yaml

    written = yaml.safe_dump(
        value, default_flow_style=True, width=10_000, sort_keys=False, allow_unicode=True
    )
    return written.removesuffix("\n").removesuffix("\n...")


def _command(path: str, command: Any, level: int) -> Iterator[str]:
    yield f"{'#' * level} {path}"
    if command.help:
        yield _plain(cleandoc(command.help))
    arguments = [part for part in command.params if part.param_type_name == "argument"]
    options = [part for part in command.params if part.param_type_name == "option" and not part.hidden]
    rows = [f"| `{part.metavar or part.name.upper()}` | {_cell(part.help)} |" for part in arguments]
    for part in options:
        names = ", ".join(f"`{name}`" for name in (*part.opts, *part.secondary_opts))
        value = "" if part.is_flag else f" `{part.metavar or 'VALUE'}`"
        rows.append(f"| {names}{value} | {_cell(part.help)} |")
    if rows:
        yield "\n".join(["| argument or option | meaning |", "|---|---|", *rows])
    for name, child in getattr(command, "commands", {}).items():
        yield from _command(f"{path} {name}", child, level + 1)


def _model_or_choice(section: str, schema: dict[str, Any]) -> Iterator[str]:
    if "properties" in schema:
        yield from _model(schema)
    else:
        yield f"Each entry of `{section}` is {_type(schema)}."


def _model(schema: dict[str, Any]) -> Iterator[str]:
    if schema.get("description"):
        yield _plain(cleandoc(schema["description"]))
    required = set(schema.get("required", ()))
    rows = ["| key | value | default | meaning |", "|---|---|---|---|"]
    for key, value in schema["properties"].items():
        default = "**required**" if key in required else _default(value)
        rows.append(f"| `{key}` | {_type(value)} | {default} | {_cell(value.get('description'))} |")
    yield "\n".join(rows)


def _default(schema: dict[str, Any]) -> str:
    value = schema.get("default")
    return "" if value in (None, []) or isinstance(value, dict) else f"`{_inline(json.dumps(value))}`"


def _type(schema: dict[str, Any]) -> str:
    """Return what a value may be, in words, with links to the models that it is made of."""
    match schema:
        case {"$ref": reference}:
            name = reference.removeprefix("#")
            return f"[{_words(name)}](#{_anchor(name)})"
        case {"allOf": [only]}:
            return _type(only)
        case {"oneOf": choices} if len(choices) > 10:
            return "one of the [checks](#checks)"
        case {"anyOf": choices} | {"oneOf": choices}:
            return " or ".join(
                dict.fromkeys(_type(choice) for choice in choices if choice != {"type": "null"})
            )
        case {"const": value}:
            return f"`{value}`"
        case {"enum": values}:
            return " or ".join(f"`{value}`" for value in values)
        case {"type": "array", "items": items}:
            return f"list of {_type(items)}"
        case {"type": "object", "additionalProperties": dict(values)} if values:
            return f"map of {_type(values)}"
        case {"type": "object", "patternProperties": patterns}:
            return f"map of {_type(next(iter(patterns.values())))}"
        case {"type": "object"}:
            return "map"
        case {"type": "integer" | "number" as kind}:
            return ("whole number" if kind == "integer" else "number") + _range(schema)
        case {"type": "boolean"}:
            return "`true` or `false`"
        case {"type": "string", "examples": [example, *_]}:
            return f"text such as `{example}`"
        case {"type": "string", "pattern": pattern}:
            return _NAMED.get(pattern) or f"text matching `{_inline(pattern)}`"
        case {"type": "string"}:
            return "text"
        case _:
            return "any value"


def _title(name: str, schema: dict[str, Any]) -> str:
    """Return what a reader looks for: the name of a check as a spec says it, else the model's name as words."""
    check = schema["properties"].get("expect", {}).get("const")
    return f"`{check}`" if check else _words(name)


def _words(name: str) -> str:
    """Return `CsvSource` as `csv source`."""
    return re.sub(r"(?<=.)(?=[A-Z])", " ", name).lower()


def _range(schema: dict[str, Any]) -> str:
    words = {"minimum": "≥", "exclusiveMinimum": ">", "maximum": "≤", "exclusiveMaximum": "<"}
    bounds = [f"{sign} {schema[key]:,}" for key, sign in words.items() if key in schema]
    return f" ({', '.join(bounds)})" if bounds else ""


def _anchor(name: str) -> str:
    return "model-" + "".join(letter if letter.isalnum() else "-" for letter in name.lower())


def _cell(text: str | None) -> str:
    return _plain(" ".join((text or "").split())).replace("|", "\\|")


def _inline(text: str) -> str:
    return text.replace("|", "\\|").replace("`", "'")


def _plain(text: str) -> str:
    """Return prose in which nothing but code spans is markup."""
    pieces = text.split("`")
    for index in range(0, len(pieces), 2):
        pieces[index] = (
            pieces[index].replace("<", "&lt;").replace("*", "\\*").replace("[", "\\[").replace("_", "\\_")
        )
    return "`".join(pieces)


PAGES: dict[str, Callable[[], str]] = {
    "reference/codes.md": codes_page,
    "reference/spec.md": spec_page,
    "reference/cli.md": cli_page,
}
"""Path in the site → what makes the page."""
