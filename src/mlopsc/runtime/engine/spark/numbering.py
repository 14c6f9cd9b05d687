"""Row numbers in a file's order: `row_number() over ()` right above a Parquet file."""

from sqlglot import exp

from mlopsc.runtime.engine.statement import identifier

_FILE_ROW = "file_row_number"


def numbered_rows(node: exp.Select) -> exp.Select | None:
    """Return a SELECT with the number that Parquet gives each row in place of `row_number() over ()`.

    None where there is no such number, or where what it counts is not the rows of one file in their order: Spark
    then refuses it, as it has no order of its own.
    """
    if not any(_is_count(item) for item in node.expressions) or not _simple(node, top=True):
        return None
    copied = node.copy()
    if not _expose(copied, top=True):
        return None
    copied.parent, copied.arg_key = (
        node.parent,
        node.arg_key,
    )  # so that WITH tables around it are seen from it
    return copied


def _is_count(item: exp.Expr) -> bool:
    window = item.unalias()
    return (
        isinstance(window, exp.Window)
        and isinstance(window.this, exp.RowNumber)
        and not any(window.args.get(key) for key in ("partition_by", "order", "alias", "spec"))
    )


def _simple(select: exp.Select, *, top: bool) -> bool:
    """Say whether a SELECT has a row for each row that it reads; one below the top keeps them in their order."""
    plain = ("expressions", "from_", *(("order", "limit") if top else ()))
    return not any(value for key, value in select.args.items() if key not in plain)


def _expose(select: exp.Select, *, top: bool) -> bool:
    """Let the file's own row number through to the top; return whether there is one."""
    source = select.args["from_"].this if select.args.get("from_") else None
    match source:
        case exp.Table(this=exp.ReadParquet() as read) if not source.args.get("joins"):
            array = read.expressions[0]
            if isinstance(array, exp.Array) and len(array.expressions) != 1:
                return False
            if all(option.this.name != _FILE_ROW for option in read.expressions[1:]):
                option = exp.EQ(this=exp.column(_FILE_ROW), expression=exp.true())
                read.append("expressions", option)
        case exp.Subquery(this=exp.Select() as inner) if _simple(inner, top=False):
            if not _expose(inner, top=False):
                return False
        case _:
            return False
    listed: list[exp.Expr] = []
    star = False
    for item in select.expressions:
        if isinstance(item, exp.Star):
            star = True
            if top:
                left_out = list(item.args.get("except_") or ())
                item.set("except_", [*left_out, exp.column(_FILE_ROW)])
            listed.append(item)
        elif _is_count(item):
            if not top:
                return False
            counted = exp.Add(this=exp.column(_FILE_ROW), expression=exp.Literal.number(1))
            listed.append(exp.alias_(counted, identifier(item.alias)))
        else:
            listed.append(item)
    if not top and not star:
        listed.append(exp.column(_FILE_ROW))
    select.set("expressions", listed)
    return True
