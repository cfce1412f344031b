"""The two servers: ours, from the wheel or the PATH, or given by their address."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from functools import partial
from typing import TYPE_CHECKING

from chassis.embedded import Child, Fault, Mongod, NatsServer, ProgramMissing

if TYPE_CHECKING:
    from deploy.local.suite import Suite


@dataclass(frozen=True)
class Server:
    """Gives each service its address; `child` is the process to start, None for a server that somebody else runs."""

    url: Callable[[str], str]
    child: Child | None


def mongo(suite: Suite) -> Server:
    """MongoDB for this suite. Raises Fault when there is none that runs here."""
    if pattern := suite.settings.external_mongo_url:
        return _given("mongod", pattern, "KITH_EXTERNAL_MONGO_URL", suite)
    with_port = partial(Mongod, port=suite.ports["mongo"])
    return _ours("mongod", with_port, "KITH_EXTERNAL_MONGO_URL", suite)


def nats(suite: Suite) -> Server:
    """NATS for this suite. Raises Fault when there is none that runs here."""
    if pattern := suite.settings.external_nats_url:
        return _given("nats-server", pattern, "KITH_EXTERNAL_NATS_URL", suite)
    with_ports = partial(NatsServer, port=suite.ports["nats"], monitor_port=suite.ports["nats_monitor"])
    return _ours("nats-server", with_ports, "KITH_EXTERNAL_NATS_URL", suite)


def _given(name: str, pattern: str, setting: str, suite: Suite) -> Server:
    suite.tell(f"{name:12} given by {setting}")
    return Server(lambda service: pattern.replace("{service}", service), None)


def _ours(name: str, build: Callable[..., Mongod | NatsServer], setting: str, suite: Suite) -> Server:
    names, log = [program.name for program in suite.services], suite.state / "logs" / f"{name}.log"
    try:
        child = build(suite.state, names, log=log, restarted=suite.restarted)
    except ProgramMissing as fault:
        raise Fault(f"{fault}: put one on the PATH, or give the address of a running one by {setting}") from fault
    suite.tell(f"{name:12} {child.program} (from the {child.origin}), port {child.port}")
    return Server(child.url, child)
