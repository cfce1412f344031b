"""The manifests of a cluster: valid, restricted, complete, and as careful as the runner of `make up`."""

import re
from pathlib import Path
from typing import Any

import kubernetes_validate
import pytest

from deploy.local.table import GATEWAY, SERVICES
from deploy.rights import rights
from deploy.secrets import make
from tests.deploy.cluster import Pod, config_map, of_kind, pod, pods, secrets_of, version
from tests.deploy.rendering import ROOT, Resource, by_kubectl, rendered

OVERLAYS = ("development", "production")
OLDEST, NEWEST = "1.34", "1.37"  # releases of Kubernetes: preStop's sleep is stable from the older one on
OURS = [program.name for program in (*SERVICES, GATEWAY)]
HASH = re.compile(r"-[0-9a-z]{10}$")


def without_hashes(value: Any, names: set[str]) -> Any:
    if isinstance(value, dict):
        return {key: without_hashes(each, names) for key, each in value.items()}
    if isinstance(value, list):
        return [without_hashes(each, names) for each in value]
    return HASH.sub("", value) if isinstance(value, str) and HASH.sub("", value) in names else value


def identity(resource: Resource) -> tuple[str, str]:
    return resource["kind"], resource["metadata"]["name"]


@pytest.mark.parametrize("overlay", OVERLAYS)
def test_kustomize_renders_what_these_tests_look_at(overlay):
    theirs = by_kubectl(overlay)
    if theirs is None:
        pytest.skip("there is no kubectl here")
    names = {each["metadata"]["name"] for each in of_kind(overlay, "ConfigMap")}
    ours = {identity(each): each for each in rendered(overlay)}
    assert {identity(each): each for each in without_hashes(theirs, names)} == ours


@pytest.mark.parametrize("overlay", OVERLAYS)
@pytest.mark.parametrize("release", [OLDEST, NEWEST])
def test_every_resource_has_the_shape_that_kubernetes_wants(overlay, release):
    for each in rendered(overlay):
        kubernetes_validate.validate(each, release, strict=True)


@pytest.mark.parametrize("overlay", OVERLAYS)
def test_the_namespace_admits_only_restricted_pods(overlay):
    (namespace,) = of_kind(overlay, "Namespace")
    assert namespace["metadata"]["labels"]["pod-security.kubernetes.io/enforce"] == "restricted"
    assert {each["metadata"]["namespace"] for each in rendered(overlay) if each is not namespace} == {
        namespace["metadata"]["name"]
    }


# https://kubernetes.io/docs/concepts/security/pod-security-standards/#restricted
ALLOWED_VOLUMES = {
    "configMap",
    "csi",
    "downwardAPI",
    "emptyDir",
    "ephemeral",
    "persistentVolumeClaim",
    "projected",
    "secret",
}
HOST = ("hostNetwork", "hostPID", "hostIPC", "hostUsers")


def faults_of_pod(found: Pod) -> list[str]:
    spec, context = found.spec, found.spec["securityContext"]
    faults = [f"uses {name}" for name in HOST if spec.get(name)]
    if not context.get("runAsNonRoot") or not context.get("runAsUser"):
        faults.append("may run as root")
    if context.get("seccompProfile", {}).get("type") != "RuntimeDefault":
        faults.append("has no seccomp profile")
    if context.get("sysctls") or context.get("windowsOptions"):
        faults.append("sets what a node owns")
    kinds = {kind for volume in spec.get("volumes", []) for kind in volume if kind != "name"}
    faults += [f"mounts a {kind}" for kind in kinds - ALLOWED_VOLUMES]
    return faults


def faults_of_container(container: dict[str, Any]) -> list[str]:
    context = container["securityContext"]
    faults = []
    if context.get("allowPrivilegeEscalation") is not False or context.get("privileged"):
        faults.append("may gain privileges")
    if context.get("capabilities") != {"drop": ["ALL"]}:
        faults.append("keeps capabilities")
    if context.get("runAsUser") == 0 or context.get("runAsNonRoot") is False or context.get("procMount"):
        faults.append("weakens its pod")
    if any("hostPort" in port for port in container.get("ports", [])):
        faults.append("takes a port of its node")
    return faults


@pytest.mark.parametrize("overlay", OVERLAYS)
def test_every_pod_is_restricted(overlay):
    for found in pods(overlay):
        assert not faults_of_pod(found), found.name
        for container in found.containers:
            assert not faults_of_container(container), f"{found.name}/{container['name']}"


@pytest.mark.parametrize("overlay", OVERLAYS)
def test_every_container_writes_only_to_its_volumes_and_has_bounds(overlay):
    for found in pods(overlay):
        for container in found.containers:
            assert container["securityContext"]["readOnlyRootFilesystem"], found.name
            assert set(container["resources"]["requests"]) == {"cpu", "memory"}, found.name
            assert container["resources"]["limits"]["memory"], found.name


@pytest.mark.parametrize("overlay", OVERLAYS)
def test_no_pod_may_speak_to_the_api_of_the_cluster(overlay):
    assert not [found.name for found in pods(overlay) if found.spec["automountServiceAccountToken"] is not False]
    assert not [each for each in rendered(overlay) if "Role" in each["kind"]]


@pytest.mark.parametrize("overlay", OVERLAYS)
def test_every_process_of_the_runner_is_deployed(overlay):
    for name in OURS:
        for kind in ("Deployment", "Service", "HorizontalPodAutoscaler", "PodDisruptionBudget", "NetworkPolicy"):
            assert name in [each["metadata"]["name"] for each in of_kind(overlay, kind)], f"{name} has no {kind}"


@pytest.mark.parametrize("overlay", OVERLAYS)
def test_selectors_meet_their_own_pods_and_no_others(overlay):
    for kind in ("Service", "PodDisruptionBudget"):
        for each in of_kind(overlay, kind):
            selector = each["spec"]["selector"]
            wanted = selector.get("matchLabels", selector).items()
            met = {found.name for found in pods(overlay) if wanted <= found.labels.items()}
            assert met == {each["metadata"]["name"].removesuffix("-members")}, identity(each)
    for found in pods(overlay):
        if "selector" in found.workload["spec"]:
            assert found.workload["spec"]["selector"]["matchLabels"].items() <= found.labels.items()


@pytest.mark.parametrize("overlay", OVERLAYS)
def test_autoscalers_scale_their_own_deployment(overlay):
    for each in of_kind(overlay, "HorizontalPodAutoscaler"):
        assert each["spec"]["scaleTargetRef"]["name"] == each["metadata"]["name"]
        assert "replicas" not in pod(overlay, each["metadata"]["name"]).workload["spec"], "two would decide"


@pytest.mark.parametrize("name", [program.name for program in SERVICES])
def test_a_services_pods_are_named_one_by_one(name):
    (service,) = [each for each in of_kind("production", "Service") if each["metadata"]["name"] == name]
    assert service["spec"]["clusterIP"] == "None"
    assert config_map("production", "gateway-settings")[f"KITH_{name.upper()}_TARGET"] == f"dns:///{name}:50051"


@pytest.mark.parametrize("name", OURS)
def test_readiness_asks_the_process_and_life_does_not_depend_on_a_database(name):
    (container,) = pod("production", name).spec["containers"]
    ready, alive = container["readinessProbe"], container["livenessProbe"]
    assert ready.get("grpc") == {"port": 50051} or ready["httpGet"]["path"] == "/readyz"
    assert ("grpc" in ready) == (name != GATEWAY.name)
    assert alive["httpGet"]["path"] == container["startupProbe"]["httpGet"]["path"] == "/healthz"


@pytest.mark.parametrize("name", OURS)
def test_a_pod_has_the_time_to_finish_what_it_began(name):
    found = pod("production", name)
    settings = found.environment("production")
    leaves = found.spec["containers"][0]["lifecycle"]["preStop"]["sleep"]["seconds"]
    longest = max(int(settings["KITH_DEADLINE_SECONDS"]), int(settings["KITH_SHUTDOWN_SECONDS"]))
    assert int(settings["KITH_SHUTDOWN_SECONDS"]) >= int(settings["KITH_DEADLINE_SECONDS"])
    assert 5 <= leaves <= 15
    assert found.spec["terminationGracePeriodSeconds"] > leaves + longest + 5


@pytest.mark.parametrize("overlay", OVERLAYS)
def test_every_secret_is_one_that_the_command_makes(overlay, tmp_path):
    make(tmp_path)
    for found in pods(overlay):
        for name in secrets_of(found):
            assert (tmp_path / name).is_dir(), f"{found.name} mounts {name}"


def test_only_the_gateway_can_sign_for_a_principal():
    holders = {found.name for found in pods("production") if "principal-private" in secrets_of(found)}
    assert holders == {"gateway"}


def test_no_service_holds_the_secrets_of_another():
    for program in SERVICES:
        assert secrets_of(pod("production", program.name)) == {program.name, "principal-public"}


FLOORS = {"mongo": (8, 0, 37), "nats": (2, 15)}


@pytest.mark.parametrize("overlay", OVERLAYS)
def test_servers_are_new_enough(overlay):
    found = {
        container["image"].rpartition(":")[0]: container["image"]
        for each in pods(overlay)
        for container in each.containers
    }
    for name, floor in FLOORS.items():
        assert version(found[name]) >= floor


@pytest.mark.parametrize("overlay", OVERLAYS)
def test_images_are_named_by_version(overlay):
    for found in pods(overlay):
        for container in found.containers:
            tag = container["image"].rpartition(":")[2]
            assert "/" not in tag, f"{container['image']} has no tag"
            assert tag != "latest", container["image"]
    assert not [each for each in pods("production") if "development" in str(each.containers)]


def test_members_of_a_store_stand_apart():
    for name in ("mongo", "nats"):
        found = pod("production", name)
        (apart,) = found.spec["affinity"]["podAntiAffinity"]["requiredDuringSchedulingIgnoredDuringExecution"]
        assert found.workload["spec"]["replicas"] == 3
        assert apart["topologyKey"] == "topology.kubernetes.io/zone"
        assert apart["labelSelector"]["matchLabels"].items() <= found.labels.items()


def gibibytes(text: str) -> float:
    return float(re.fullmatch(r"(\d+)Gi", text).group(1))  # type: ignore[union-attr]


@pytest.mark.parametrize("overlay", OVERLAYS)
def test_jetstream_refuses_before_its_disk_is_full(overlay):
    config = config_map(overlay, "nats")["nats.conf"]
    (claim,) = pod(overlay, "nats").workload["spec"]["volumeClaimTemplates"]
    most = float(re.search(r"max_file_store: (\d+)GB", config).group(1))  # type: ignore[union-attr]
    assert most < gibibytes(claim["spec"]["resources"]["requests"]["storage"])


def test_streams_have_as_many_copies_as_there_are_members():
    for overlay in OVERLAYS:
        members = pod(overlay, "nats").workload["spec"]["replicas"]
        assert config_map(overlay, "service-settings")["KITH_NATS_REPLICAS"] == str(members)
        replicas = config_map(overlay, "mongo-members")["KITH_MONGO_MEMBERS"].split(",")
        assert len(replicas) == pod(overlay, "mongo").workload["spec"]["replicas"]


def test_the_rights_on_the_bus_are_those_of_the_code():
    found = Path(ROOT / "deploy/kubernetes/base/nats/rights.conf").read_text()
    assert found == rights([program.name for program in SERVICES]), "run `python -m deploy.rights`"


def test_the_collector_reads_the_page_of_every_process():
    config = config_map("production", "collector")["collector.yaml"]
    (names,) = re.findall(r"names: \[(.*)\]", config)
    assert set(names.split(", ")) == {program.name for program in SERVICES} | {"gateway-members"}
