"""What the suite on one machine consists of. A new service is one line here."""

from dataclasses import dataclass


@dataclass(frozen=True)
class Program:
    """A process of ours: `python -m <module>`; `name` is also its user of MongoDB and NATS."""

    name: str
    module: str
    port: int
    metrics_port: int
    makes_first_tenant: bool = False


# Ports below 32768, where no system hands out ports to outgoing connections.
SERVICES = (
    Program("identity", "services.gateway.identity", 18051, 19051, makes_first_tenant=True),
    Program("contacts", "services.contacts", 18052, 19052),
    Program("sales", "services.sales", 18053, 19053),
)
GATEWAY = Program("gateway", "services.gateway", 8080, 19050)
