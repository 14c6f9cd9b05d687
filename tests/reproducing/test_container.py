"""A version made again in a container: of its captured environment, of an image by name; and what can be in the way."""

import os
import shutil
import subprocess
import sys
import uuid

import pytest

from mlopsc.api import run_local
from mlopsc.diagnostics.errors import MlopscError
from mlopsc.reproducing.container import reproduce_in_image
from mlopsc.reproducing.engine import CAPTURED
from mlopsc.runtime.context import Context
from tests.reproducing.conftest import lay_out

BASE = f"python:{sys.version_info.major}.{sys.version_info.minor}-slim"


def docker(*arguments, text=None):
    return subprocess.run(["docker", *map(str, arguments)], input=text, capture_output=True, text=True)


@pytest.fixture(scope="module")
def project(tmp_path_factory):
    """The folder of a project with a version, which all tests here share."""
    folder = lay_out(tmp_path_factory.mktemp("container") / "project")
    run_local(folder / "mlops.yaml").require()
    return folder


@pytest.fixture
def engine():
    """Skip where no Docker engine answers, or it has nothing to begin with."""
    if not shutil.which("docker") or docker("info").returncode != 0:
        pytest.skip("needs a Docker engine: tests/engines/docker.sh COMMAND brings one up where it can")
    if docker("image", "inspect", BASE).returncode != 0:
        pytest.skip(f"needs the image {BASE}: docker pull {BASE}")


@pytest.fixture
def derive(engine):
    """Build images that differ from another one by some instructions; they are gone afterwards."""
    made = []

    def build(base, *instructions):
        image = f"mlopsc-test-{uuid.uuid4().hex[:8]}:1"
        text = "\n".join([f"FROM {base}", *instructions]) + "\n"
        built = docker("build", "--network", "host", "--tag", image, "-", text=text)
        assert built.returncode == 0, built.stdout + built.stderr
        made.append(image)
        return image

    yield build
    docker("image", "rm", "--force", *made)


@pytest.mark.docker
@pytest.mark.slow
def test_a_version_is_made_again_in_its_captured_environment_and_in_an_image_by_name(project, derive):
    """Also: what another image has otherwise is told, what fails in it is told as it says it, and whose files are."""
    context = Context(project)
    told = []
    found = reproduce_in_image("lateness/1", context, CAPTURED, on_step=told.append)
    assert found.equal, found.compared
    assert found.image.startswith("mlopsc-captured:")
    assert told == [
        "building the image of what lateness/1 was trained in",
        f"making lateness/1 again in a container of {found.image}",
    ]
    packages = [one for one in found.differences if one.kind == "package"]
    assert {one.now for one in packages} == {"absent"}  # nothing has another version than then
    assert not any(one.matters for one in packages)
    assert {path.stat().st_uid for path in project.rglob("*")} == {os.getuid()}

    packages = "/opt/mlopsc/lib/python3*/site-packages"
    other = derive(
        found.image, f"RUN cd {packages} && mv threadpoolctl-*.dist-info threadpoolctl-0.0.1.dist-info"
    )
    (project / "rows.csv").rename(project / "gone.csv")
    found = reproduce_in_image("lateness/1", context, other, data="stored")
    assert (found.equal, found.data, found.image) == (True, "stored", other)
    assert [one.now for one in found.differences if one.name == "threadpoolctl"] == ["0.0.1"]

    with pytest.raises(MlopscError, match=r"status 3:\n(?s:.*)no such file: 'rows.csv'(?s:.*)--data stored"):
        reproduce_in_image("lateness/1", context, other)
    (project / "gone.csv").rename(project / "rows.csv")


@pytest.mark.docker
@pytest.mark.parametrize(
    ("instructions", "words"),
    [
        ((), "there is no mlopsc in "),
        (
            ("RUN printf '#!/bin/sh\\necho {}' > /bin/mlopsc && chmod +x /bin/mlopsc",),
            "answers otherwise than",
        ),
        (
            ("RUN printf '#!/bin/sh\\nkill -9 $$' > /bin/mlopsc && chmod +x /bin/mlopsc",),
            "status 137 .killed",
        ),
    ],
    ids=["no mlopsc", "another mlopsc", "killed"],
)
def test_an_image_that_cannot_make_it_is_told_with_its_name(project, derive, instructions, words):
    image = derive(BASE, *instructions)
    with pytest.raises(MlopscError, match=words) as refused:
        reproduce_in_image("lateness/1", Context(project), image)
    assert image in str(refused.value)


@pytest.mark.docker
def test_an_image_that_is_not_there_is_told(project, engine):
    with pytest.raises(MlopscError, match="the engine has no image 'mlopsc-test-nowhere:1'") as refused:
        reproduce_in_image("lateness/1", Context(project), "mlopsc-test-nowhere:1")
    assert "--image captured" in refused.value.help


def test_without_docker_or_an_engine_nothing_is_made(project, tmp_path, monkeypatch):
    monkeypatch.setenv("DOCKER_HOST", f"unix://{tmp_path}/nobody.sock")
    if shutil.which("docker"):
        with pytest.raises(MlopscError, match=r"no Docker engine answers: .*nobody\.sock"):
            reproduce_in_image("lateness/1", Context(project), CAPTURED)
    monkeypatch.setenv("PATH", str(tmp_path))
    with pytest.raises(MlopscError, match="there is no docker command here, which `--image` needs"):
        reproduce_in_image("lateness/1", Context(project), CAPTURED)
