"""How a message calls a value that it found, `text 'abc'`, `the number 5`, and what it says of what was expected."""


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


def requirement(message: str) -> str:
    """Return what pydantic says of a value as what the value must be: `must be greater than or equal to 1`."""
    for subject in ("Input", "Value", "String"):
        message = message.removeprefix(f"{subject} should")
    message = message.strip()
    return f"must {message}" if message[:2] in {"be", "ha"} else message[:1].lower() + message[1:]
