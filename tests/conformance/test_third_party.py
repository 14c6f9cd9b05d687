"""A backend that mlopsc has never heard of is found, configured and refused as the built-in ones are."""

import subprocess


def set_target(project, settings):
    spec = project / "mlops.yaml"
    text = spec.read_text("utf-8")
    assert text.count("\ntargets:\n") == 1
    spec.write_text(text.replace("\ntargets:\n", f"\ntargets:\n  runbook: {settings}\n"), "utf-8")


def test_nothing_in_the_core_knows_the_third_party(root):
    """Adding a backend touches no file of mlopsc: its name stands nowhere in it."""
    found = subprocess.run(
        [
            "grep",
            "-rliE",
            "--include=*.py",
            "--include=*.toml",
            "runbook",
            "src",
            "backends",
            "pyproject.toml",
        ],
        cwd=root,
        capture_output=True,
        text=True,
    )
    assert found.stdout == ""


def test_its_code_is_generated_from_its_settings(mlopsc, penguins):
    set_target(penguins, "{audience: the night shift}")
    mlopsc("compile", "--target", "runbook", "--out", "pages", cwd=penguins)
    page = (penguins / "pages/train.md").read_text("utf-8")
    assert "For the night shift." in page
    assert "1. **load_penguins** (`load`); declared at mlops.yaml:6:3\n" in page


def test_an_unknown_key_of_its_settings_is_an_error_at_its_place(mlopsc, penguins):
    set_target(penguins, "{audiense: the night shift}")
    told = mlopsc("validate", "--format", "json", cwd=penguins, status=1)
    assert '"slug": "unknown-key"' in told
    assert "audience" in told


def test_what_it_cannot_express_is_a_compile_error(mlopsc, penguins):
    text = (penguins / "mlops.yaml").read_text("utf-8")
    wanted = "    metrics: [accuracy, f1_macro]\n"
    policy = "    policy: {accelerator: {type: nvidia.com/gpu}}\n"
    (penguins / "mlops.yaml").write_text(text.replace(wanted, wanted + policy), "utf-8")
    mlopsc("validate", cwd=penguins)
    told = mlopsc("validate", "--target", "runbook", "--format", "json", cwd=penguins, status=1)
    assert "a runbook cannot give a step an accelerator" in told


def test_the_tutorial_shows_exactly_this_backend(root, third_party):
    """`backends/README.md` is where the third party's code comes from, file by file."""
    text = (root / "backends/README.md").read_text("utf-8")
    files = [path for path in third_party.rglob("*") if path.suffix in (".py", ".toml")]
    for path in files:
        name = path.relative_to(third_party).as_posix()
        language = "toml" if path.suffix == ".toml" else "python"
        assert f"<!-- file: {name} -->\n```{language}\n{path.read_text('utf-8')}```\n" in text, name
    assert text.count("<!-- file: ") == len(files)


def test_the_commands_of_the_tutorial_do_what_it_shows(mlopsc, penguins, root):
    """Among them: parity with the local target."""
    text = (root / "backends/README.md").read_text("utf-8")
    usage = text.partition("## Using it")[2]
    ran = [
        line.removeprefix("$ mlopsc ").split() for line in usage.splitlines() if line.startswith("$ mlopsc ")
    ]
    for command in ran:
        mlopsc(*command, cwd=penguins)
    page = (penguins / "runbooks/train.md").read_text("utf-8").splitlines()
    shown = usage.partition("$ cat runbooks/train.md\n")[2].partition("```")[0].splitlines()
    beginnings = [line.partition("…")[0] for line in shown]
    assert all(any(line.startswith(beginning) for line in page) for beginning in beginnings)
