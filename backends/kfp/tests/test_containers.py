"""Compiled pipelines in containers of the image that was generated beside them: the same artifacts as locally.

kfp's runner of containers reports some failures as success, so what counts is what the steps left: digests.
"""

import os
import shutil
import socket
import socketserver
import subprocess
import sys
import threading
import uuid
from contextlib import contextmanager, suppress
from dataclasses import replace
from pathlib import Path

import pytest
import sqlalchemy

from mlopsc.building import check_spec
from mlopsc.codegen.writer import write
from mlopsc.running import carry_out, make_request
from mlopsc.runtime.context import Context
from mlopsc.vocabulary.predicting import INPUT, VERSION
from tests.s3 import s3_server

pytestmark = [pytest.mark.docker, pytest.mark.kfp, pytest.mark.slow]
pytest.importorskip("kfp", reason="running needs the kfp SDK: pip install 'mlopsc[kfp]'")
EXAMPLES = Path(__file__).parents[3] / "examples"
BASE = f"python:{sys.version_info.major}.{sys.version_info.minor}-slim"


@pytest.fixture(scope="module")
def engine():
    """Skip where no Docker engine answers, or it has nothing to begin with."""
    if not shutil.which("docker") or docker("info").returncode != 0:
        pytest.skip("needs a Docker engine: tests/engines/docker.sh COMMAND brings one up where it can")
    if docker("image", "inspect", BASE).returncode != 0:
        pytest.skip(f"needs the image {BASE}: docker pull {BASE}")


def docker(*arguments):
    return subprocess.run(["docker", *map(str, arguments)], capture_output=True, text=True)


def copy(name, folder):
    """Return a fresh copy of an example that names an image of its own."""
    ignored = shutil.ignore_patterns(".mlopsc", "build", "__pycache__")
    project = shutil.copytree(EXAMPLES / name, folder / name, ignore=ignored)
    spec = project / "mlops.yaml"
    lines = spec.read_text().splitlines(keepends=True)
    (at,) = [number for number, line in enumerate(lines) if line.startswith("  kfp: {")]
    lines[at] = f'  kfp: {{image: "mlopsc-test-{name.replace("_", "-")}:1.0"}}\n'
    spec.write_text("".join(lines))
    return project


@pytest.fixture(params=["penguins", "custom_code"])
def project(request, tmp_path):
    return copy(request.param, tmp_path)


@pytest.fixture
def postgres():
    """The URL of an empty schema on the tests' server, over TCP on this machine, as containers reach it."""
    server = os.environ.get("MLOPSC_TEST_POSTGRES_URL")
    if not server:
        pytest.skip("MLOPSC_TEST_POSTGRES_URL is not set: containers share no registry in PostgreSQL")
    url = sqlalchemy.make_url(server)
    schema = f"mlopsc_test_{uuid.uuid4().hex}"
    engine = sqlalchemy.create_engine(url)
    with engine.begin() as connection:
        connection.execute(sqlalchemy.schema.CreateSchema(schema))
    with forwarded(url) as reached:
        yield reached.update_query_dict({"options": f"-csearch_path={schema}"}).render_as_string(False)
    with engine.begin() as connection:
        connection.execute(sqlalchemy.schema.DropSchema(schema, cascade=True))
    engine.dispose()


@contextmanager
def forwarded(url):
    """Give the URL over TCP; where the server has a socket alone, in a folder of its owner, bytes are passed on."""
    if url.host:
        yield url
        return
    place = f"{url.query['host']}/.s.PGSQL.{url.port or 5432}"

    class Pass(socketserver.BaseRequestHandler):
        def handle(self):
            with socket.socket(socket.AF_UNIX) as inner:
                inner.connect(place)
                back = threading.Thread(target=pump, args=(inner, self.request), daemon=True)
                back.start()
                pump(self.request, inner)
                back.join()

    def pump(source, sink):
        with suppress(OSError):
            while data := source.recv(65536):
                sink.sendall(data)
        with suppress(OSError):
            sink.shutdown(socket.SHUT_WR)

    with socketserver.ThreadingTCPServer(("127.0.0.1", 0), Pass) as server:
        server.daemon_threads = True
        threading.Thread(target=server.serve_forever, daemon=True).start()
        yield url.set(host="127.0.0.1", port=server.server_address[1]).difference_update_query(["host"])
        server.shutdown()


def plan_of(project):
    return check_spec(project / "mlops.yaml", targets=["kfp"]).require()


def build(project):
    """Generate the target's files, and build the image from what lies beside them; return its name."""
    from mlopsc_kfp import backend

    plan = plan_of(project)
    write(backend.emit(plan, project), project / "build")
    image = plan.targets["kfp"]["image"]
    built = docker("build", "--network", "host", "--tag", image, project / "build/image")
    assert built.returncode == 0, (built.stdout + built.stderr)[-4000:]
    return image


def in_containers(project, pipeline, **places):
    from mlopsc_kfp.run import run

    plan = plan_of(project)
    request = replace(make_request(plan, project / "mlops.yaml", pipeline, given(plan, pipeline)), **places)
    result = run(request, containers=True)
    log = (project / ".mlopsc/kfp" / result.run / "log").read_text()
    # kfp's runner loses sight of a container now and then, and gives up: that says nothing of the pipeline.
    return run(request, containers=True) if "docker.errors." in log else result


def locally(project, pipeline):
    plan = plan_of(project)
    return carry_out(make_request(plan, project / "mlops.yaml", pipeline, given(plan, pipeline)))


def given(plan, pipeline):
    """Return the parameters of a run: predictions are made for the data that travel in the image."""
    if plan.pipeline(pipeline).kind != "predict":
        return {}
    (source, *_) = (
        step.configuration["source"] for step in plan.pipeline("train").steps if step.operation == "load"
    )
    return {INPUT: source["path"], VERSION: "1"}


def pipelines(plan):
    """Return all pipelines; none predicts where data come of code, since no file of them travels."""
    files = all(
        "path" in step.configuration.get("source", {"path": ""}) for step in plan.pipeline("train").steps
    )
    return [one for one in plan.pipelines if files or one.kind != "predict"]


def made_of_inputs(result):
    """Return the digests of what two machines make alike: an environment tells of the one where it was made."""
    return {key: digest for key, digest in result.outputs().items() if key[1] != "environment"}


def test_every_artifact_and_decision_is_the_same_in_containers(engine, project, tmp_path):
    """Also: nothing runs as root, and other code than the pipeline's is refused."""
    image = build(project)
    other = shutil.copytree(project, tmp_path / "local", ignore=shutil.ignore_patterns("build"))
    for pipeline in pipelines(plan_of(project)):
        there, here = in_containers(project, pipeline.name), locally(other, pipeline.name)
        assert made_of_inputs(there) == made_of_inputs(here), "\n".join(
            f"{one.name} {one.status} {one.reason}" for one in there.steps
        )
        assert there.status == here.status
        assert set(there.outputs()) == {(one.name, port) for one in pipeline.steps for port in one.outputs}
    assert docker("run", "--rm", "--network", "none", image, "id", "-u").stdout == "10001\n"
    owners = {path.stat().st_uid for path in (project / ".mlopsc/store/blobs").rglob("*") if path.is_file()}
    assert 10001 in owners
    if project.name == "custom_code":
        source = project / "diabetes/sources.py"
        source.write_text(source.read_text() + "# newer than the image\n")
        stale = in_containers(project, "train")
        assert stale.outputs() == {}
        assert (stale.status, stale.steps[0].status) == ("failed", "failed")
        assert "is not the code that this pipeline was compiled for" in stale.steps[0].reason


@pytest.mark.postgres
def test_steps_in_containers_share_a_registry_and_a_store_by_their_urls(
    engine, postgres, tmp_path, monkeypatch
):
    """PostgreSQL and an S3 server, as on a cluster: the monitor finds the model that another container registered."""
    project = copy("penguins", tmp_path)
    build(project)
    local = shutil.copytree(project, tmp_path / "local", ignore=shutil.ignore_patterns("build"))
    with s3_server() as server:
        for name, value in server.environment.items():
            monkeypatch.setenv(name, value)
        server.make_bucket("models")
        places = {"registry_url": postgres, "store_url": "s3://models/store"}
        for pipeline in ("train", "drift"):
            there, here = in_containers(project, pipeline, **places), locally(local, pipeline)
            assert made_of_inputs(there) == made_of_inputs(here), "\n".join(
                f"{one.name} {one.reason}" for one in there.steps
            )
            assert there.status == here.status == "succeeded"
        context = Context(project, **places)
        with context.registry() as registry:
            champion = registry.champion("species", "production")
        assert champion is not None
        assert context.store().exists(champion.digest)
        assert champion.digest == model_of(local)
    assert not (project / ".mlopsc/store").exists()
    assert not (project / ".mlopsc/registry.db").exists()


def model_of(project):
    with Context(project).registry() as registry:
        return registry.champion("species", "production").digest
