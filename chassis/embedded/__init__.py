"""MongoDB and NATS as child processes, for `make up` and for tests; production gives addresses instead."""

from chassis.embedded.child import Child
from chassis.embedded.faults import Exited, Fault, NotReady, PortTaken, ProgramMissing
from chassis.embedded.mongod import Mongod
from chassis.embedded.nats_server import NatsServer
from chassis.embedded.servers import Servers, running

__all__ = [
    "Child", "Mongod", "NatsServer", "Servers", "running",
    "Exited", "Fault", "NotReady", "PortTaken", "ProgramMissing",
]  # fmt: skip
