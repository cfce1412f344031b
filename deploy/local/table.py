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
    sends_mail: bool = False
    mail_port: int = 0  # where it takes mail in; 0 for a program that takes none
    hands_out_links: bool = False  # which lead people to the gateway
    signs_links: bool = False  # of mails and forms


# Ports below 32768, where no system hands out ports to outgoing connections.
SERVICES = (
    Program("identity", "services.gateway.identity", 18051, 19051, makes_first_tenant=True),
    Program("contacts", "services.contacts", 18052, 19052, hands_out_links=True),
    Program("sales", "services.sales", 18053, 19053),
    Program("support", "services.support", 18054, 19054, sends_mail=True, mail_port=18025),
    Program("campaigns", "services.campaigns", 18055, 19055, sends_mail=True, hands_out_links=True, signs_links=True),
)
# Where outgoing mail ends: an SMTP server at `port`, and a page that shows the mails at `metrics_port`.
MAIL_SINK = Program("mail_sink", "deploy.local.mail_sink", 18026, 19026)
GATEWAY = Program("gateway", "services.gateway", 8080, 19050)
