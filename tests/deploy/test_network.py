"""Who may speak to whom in the cluster, worked out from the policies, is exactly what is wanted."""

from typing import Any

import pytest

from deploy.local.table import SERVICES
from tests.deploy.cluster import Pod, of_kind, pods

Peer = tuple[str, dict[str, str] | None, dict[str, str]]
SERVICE_NAMES = [program.name for program in SERVICES]
INGRESS = ("ingress-nginx", {"kubernetes.io/metadata.name": "ingress-nginx"}, {})
NAMES = ("kube-dns", {"kubernetes.io/metadata.name": "kube-system"}, {"k8s-app": "kube-dns"})
MAIL = ("mail", {"kubernetes.io/metadata.name": "mail"}, {})
STRANGER = ("stranger", {"kubernetes.io/metadata.name": "elsewhere"}, {"app.kubernetes.io/name": "gateway"})
PORTS = (25, 53, 80, 443, 4222, 4318, 6222, 8025, 8080, 8222, 9090, 13133, 27017, 50051)


def wanted() -> set[tuple[str, str, int]]:
    """The edges of the suite, in words of architecture.md: gateway → services → their servers; mail and telemetry beside them."""
    edges = {("ingress-nginx", "gateway", 8080), ("mongo", "mongo", 27017), ("mongo-set-up", "mongo", 27017),
             ("nats", "nats", 6222)}  # fmt: skip
    for service in SERVICE_NAMES:
        edges |= {
            ("gateway", service, 50051),
            (service, "mongo", 27017),
            (service, "nats", 4222),
            (service, "nats", 8222),
        }
    for program in SERVICES:
        edges |= {("mail", program.name, 8025)} if program.mail_port else set()
    for process in (*SERVICE_NAMES, "gateway"):
        edges |= {(process, "collector", 4318), ("collector", process, 9090)}
    return edges


@pytest.mark.parametrize("overlay", ["development", "production"])
def test_pods_reach_one_another_by_the_wanted_edges_alone(overlay):
    everyone = [_inside(found) for found in pods(overlay)]
    found = {
        (source[0], target[0], port)
        for source in (*everyone, INGRESS, MAIL, STRANGER)
        for target in everyone
        for port in PORTS
        if _may(overlay, "Egress", source, target, port) and _may(overlay, "Ingress", target, source, port)
    }
    assert found == wanted()


@pytest.mark.parametrize("overlay", ["development", "production"])
def test_nobody_leaves_the_cluster_but_the_collector(overlay):
    assert _reach(overlay, ("world", None, {})) == {("collector", 443), ("collector", 4318)}


@pytest.mark.parametrize("overlay", ["development", "production"])
def test_who_sends_mail_reaches_the_mail_server(overlay):
    senders = {(program.name, 25) for program in SERVICES if program.sends_mail}
    assert _reach(overlay, MAIL) - _reach(overlay, STRANGER) == senders


def _reach(overlay: str, outside: Peer) -> set[tuple[str, int]]:
    return {
        (each[0], port)
        for each in map(_inside, pods(overlay))
        for port in PORTS
        if _may(overlay, "Egress", each, outside, port)
    }


@pytest.mark.parametrize("overlay", ["development", "production"])
def test_everybody_may_look_names_up(overlay):
    for each in map(_inside, pods(overlay)):
        assert _may(overlay, "Egress", each, NAMES, 53)


OWN = {"kubernetes.io/metadata.name": "here"}


def _inside(found: Pod) -> Peer:
    return found.name, OWN, found.labels


def _may(overlay: str, direction: str, of: Peer, other: Peer, port: int) -> bool:
    """Whether the policies of `of`'s pod let it send to, or hear from, `other`. One outside of our namespace has none."""
    if of[1] is not OWN:
        return True
    policies = [
        each["spec"] for each in of_kind(overlay, "NetworkPolicy")
        if _selects(each["spec"]["podSelector"], of[2]) and direction in each["spec"]["policyTypes"]
    ]  # fmt: skip
    assert policies, f"{of[0]} is open"
    return any(_allows(rule, direction, other, port) for spec in policies for rule in spec.get(direction.lower(), []))


def _allows(rule: dict[str, Any], direction: str, other: Peer, port: int) -> bool:
    peers = rule.get("to" if direction == "Egress" else "from")
    by_port = "ports" not in rule or port in [each["port"] for each in rule["ports"]]
    return by_port and (peers is None or any(_is_peer(peer, other) for peer in peers))


def _is_peer(peer: dict[str, Any], other: Peer) -> bool:
    _, namespace, labels = other
    if namespace is None:
        return "ipBlock" in peer
    in_namespace = _selects(peer["namespaceSelector"], namespace) if "namespaceSelector" in peer else namespace is OWN
    return in_namespace and _selects(peer.get("podSelector", {}), labels)


def _selects(selector: dict[str, Any], labels: dict[str, str]) -> bool:
    assert all(each["operator"] == "In" for each in selector.get("matchExpressions", []))
    return selector.get("matchLabels", {}).items() <= labels.items() and all(
        labels.get(each["key"]) in each["values"] for each in selector.get("matchExpressions", [])
    )
