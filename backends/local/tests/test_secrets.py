"""A secret's value is nowhere but in the hands of the function that asked for it."""

import base64
from pathlib import Path
from urllib.parse import quote

import pytest

CANARY = "c4n@ry/s3cret+value=="
CODE = """
import base64, logging, sys, urllib.parse
def rows(token, fail):
    print("token", token, flush=True)
    print(repr({"token": token}), urllib.parse.quote(token, safe=""), file=sys.stderr)
    logging.warning("with %s", base64.b64encode(token.encode()).decode())
    Path = __import__("pathlib").Path
    Path("seen").write_text(str(len(token)))
    if fail:
        try:
            raise ValueError(f"bad token {token}")
        except ValueError as error:
            raise RuntimeError(f"postgresql://user:{urllib.parse.quote_plus(token)}@host refused") from error
    Path("data.csv").write_text("id\\n1\\n")
    return "data.csv"
"""


@pytest.mark.parametrize("fail", [False, True])
@pytest.mark.parametrize("kind", ["env", "file"])
def test_a_canary_shows_up_in_no_file_and_no_result(project, make, monkeypatch, fail, kind):
    project.write("secretive.py", CODE)
    if kind == "env":
        monkeypatch.setenv("CANARY", CANARY)
        where = {"env": "CANARY"}
    else:
        project.write("mounted/token", CANARY + "\n")
        where = {"file": "mounted/token"}
    source = {
        "type": "python",
        "python": "secretive:rows",
        "args": {"token": {"secret": "token"}, "fail": fail},
    }
    step = make.step("load_a", "load", {"dataset": "a", "source": source, "secrets": {"token": where}})
    result = project.run(step)
    assert result.status == ("failed" if fail else "succeeded")
    assert (project.folder / "seen").read_text() == str(len(CANARY))
    log = project.log(result, "load_a")
    assert "token ***" in log
    assert "with ***" in log
    if fail:
        assert make.reason(result, "load_a") == "RuntimeError: postgresql://user:***@host refused"
        assert "bad token ***" in log
    for form in forms(CANARY):
        assert form not in result.model_dump_json()
        for path in files(project.state):
            assert form.encode() not in path.read_bytes(), path


def test_a_secret_without_a_value_fails_its_step_by_name(project, make):
    source = {"type": "python", "python": "code_of_user:rows", "args": {"name": {"secret": "token"}}}
    configuration = {"dataset": "a", "source": source, "secrets": {"token": {"env": "NOT_SET"}}}
    result = project.run(make.step("load_a", "load", configuration))
    assert make.reason(result, "load_a") == (
        "secret 'token' has no value: environment variable NOT_SET is not set (set NOT_SET where the step runs)"
    )


def forms(value: str) -> list[str]:
    data = value.encode()
    encoded = base64.b64encode(data).decode()
    return [value, encoded, encoded.rstrip("="), quote(value), quote(value, safe="")]


def files(folder: Path) -> list[Path]:
    found = [path for path in folder.rglob("*") if path.is_file()]
    assert any(path.name == "journal.db" for path in found)
    return found
