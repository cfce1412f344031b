"""The suite in containers on one machine: every process, the right servers, no more rights than in a cluster."""

import re
from pathlib import Path
from typing import Any

import pytest
import yaml

from deploy.local.table import GATEWAY, SERVICES
from deploy.secrets import make
from tests.deploy.cluster import version
from tests.deploy.rendering import ROOT
from tests.deploy.test_manifests import FLOORS

DEPLOY = ROOT / "deploy"
SERVERS = {"mongo", "nats", "set-up", "mail", "collector"}
FOLDERS = {program.name: program.module.removeprefix("services.").replace(".", "/") for program in (*SERVICES, GATEWAY)}


def compose() -> dict[str, Any]:
    return yaml.safe_load((DEPLOY / "compose.yaml").read_text())


def environment(block: dict[str, Any]) -> dict[str, str]:
    """A block's variables, with the defaults of those that the operator's own environment may give."""
    return {name: re.sub(r"\$\{\w+:-(.*?)\}", r"\1", value) for name, value in block["environment"].items()}


def mounted(block: dict[str, Any], secrets: Path) -> dict[str, Path]:
    """The files of a container's secrets by their path in it."""
    files = {name: each["file"] for name, each in compose()["secrets"].items()}
    found = {}
    for each in block["secrets"]:
        source, target = (each, each) if isinstance(each, str) else (each["source"], each["target"])
        found[f"/run/secrets/{target}"] = secrets / Path(files[source]).relative_to(".secrets")
    return found


def test_every_process_of_the_runner_has_a_block():
    assert set(compose()["services"]) == set(FOLDERS) | SERVERS


@pytest.mark.parametrize("name", FOLDERS)
def test_a_process_is_built_of_its_own_folder(name):
    build = compose()["services"][name]["build"]
    assert build["args"] == {"SERVICE": FOLDERS[name]}
    assert (DEPLOY / build["context"]).resolve() == ROOT
    assert (ROOT / build["dockerfile"]).exists()


@pytest.mark.parametrize("program", SERVICES, ids=lambda program: program.name)
def test_the_gateway_knows_where_each_service_is(program):
    known = environment(compose()["services"]["gateway"])
    assert known[f"KITH_{program.name.upper()}_TARGET"] == f"dns:///{program.name}:50051"


@pytest.mark.parametrize("name", [*FOLDERS, *sorted(SERVERS)])
def test_a_container_gains_no_rights_and_keeps_no_files(name):
    block = compose()["services"][name]
    assert block["read_only"] is True
    assert block["cap_drop"] == ["ALL"]
    assert block["security_opt"] == ["no-new-privileges:true"]
    assert not {"privileged", "cap_add", "pid", "network_mode"} & set(block)


def test_only_the_gateway_is_reached_from_outside_and_only_from_this_machine():
    published = {name: block["ports"] for name, block in compose()["services"].items() if "ports" in block}
    assert published == {"gateway": ["127.0.0.1:8080:8080"]}


def test_only_the_gateway_can_sign_for_a_principal():
    holders = {
        name for name, block in compose()["services"].items() if "principal-private" in str(block.get("secrets"))
    }
    assert holders == {"gateway"}


@pytest.mark.parametrize("name", FLOORS)
def test_servers_are_new_enough(name):
    assert version(compose()["services"][name]["image"]) >= FLOORS[name]


def test_every_file_that_compose_mounts_is_there(tmp_path):
    make(tmp_path)
    whole = compose()
    for each in whole["configs"].values():
        assert (DEPLOY / each["file"]).is_file()
    for each in whole["secrets"].values():
        assert (tmp_path / Path(each["file"]).relative_to(".secrets")).is_file()
    for block in whole["services"].values():
        used = [each if isinstance(each, str) else each["source"] for each in block.get("secrets", [])]
        assert set(used) <= set(whole["secrets"])
        assert {each["source"] for each in block.get("configs", [])} <= set(whole["configs"])


def test_no_secret_is_committed_or_sent_to_a_build():
    assert "/deploy/.secrets/" in (ROOT / ".gitignore").read_text().splitlines()
    assert (ROOT / ".dockerignore").read_text().splitlines()[1] == "*"
