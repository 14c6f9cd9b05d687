"""How a message calls a value that it found: `text 'abc'`, `the number 5`, `a list`."""


def describe(value: object) -> str:
    """Return a value in the words of the spec; long texts are cut."""
    match value:
        case None:
            return "nothing"
        case bool():
            return "true" if value else "false"
        case int() | float():
            return f"the number {value}"
        case str():
            return f"text '{value if len(value) <= 60 else value[:57] + '...'}'"
        case list() | tuple():
            return "a list"
        case dict():
            return "a map"
        case _:
            return str(value)
