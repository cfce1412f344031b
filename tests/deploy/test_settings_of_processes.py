"""Every setting that a process reads is set or defaulted where it is deployed, and none is set that nobody reads."""

from pathlib import Path

import pytest

from deploy.local.table import GATEWAY, SERVICES
from deploy.secrets import make
from tests.deploy.cluster import Pod, pod
from tests.deploy.environment import demand_complete
from tests.deploy.test_compose import compose, environment, mounted

PROGRAMS = {program.name: program for program in (*SERVICES, GATEWAY)}


@pytest.fixture(scope="module")
def secrets(tmp_path_factory) -> Path:
    folder = tmp_path_factory.mktemp("secrets")
    make(folder)
    return folder


def in_pod(found: Pod, secrets: Path) -> dict[str, Path]:
    volumes = {each["name"]: each["secret"]["secretName"] for each in found.spec["volumes"] if "secret" in each}
    mounts = found.spec["containers"][0]["volumeMounts"]
    return {
        f"{mount['mountPath']}/{file.name}": file
        for mount in mounts if mount["name"] in volumes
        for file in (secrets / volumes[mount["name"]]).iterdir()
    }  # fmt: skip


@pytest.mark.parametrize("overlay", ["development", "production"])
@pytest.mark.parametrize("name", PROGRAMS)
def test_a_pod_has_every_setting_of_its_process(overlay, name, secrets):
    found = pod(overlay, name)
    demand_complete(PROGRAMS[name], found.environment(overlay), in_pod(found, secrets))


@pytest.mark.parametrize("name", PROGRAMS)
def test_a_container_has_every_setting_of_its_process(name, secrets):
    block = compose()["services"][name]
    demand_complete(PROGRAMS[name], environment(block), mounted(block, secrets))
