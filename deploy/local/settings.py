"""The settings of the suite on one machine. Every one has a default that suits `make up`."""

import dataclasses
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any

from chassis.config import boolean, load, natural, port, positive, setting
from deploy.local.table import GATEWAY, MAIL_SINK, SERVICES, Program


@dataclasses.dataclass(frozen=True)
class LocalSettings:
    """What the runner itself reads. The processes that it starts also see every other variable of its environment."""

    state_dir: Path = setting(
        "KITH_STATE_DIR",
        "folder of everything that outlives a stop: data, logs, secrets, credentials",
        default=Path(".run"),
        parse=Path,
    )
    port_offset: int = setting(
        "KITH_PORT_OFFSET", "added to every port that has no setting of its own", default=0, parse=natural
    )
    gateway_host: str = setting("KITH_GATEWAY_HOST", "address that the gateway listens on", default="127.0.0.1")
    public_url: str = setting(
        "KITH_PUBLIC_URL", "address under which people reach the gateway; made of host and port when empty", default=""
    )
    external_mongo_url: str = setting(
        "KITH_EXTERNAL_MONGO_URL",
        "MongoDB to use instead of starting one; `{service}` stands for the service's name",
        default="",
    )
    external_nats_url: str = setting(
        "KITH_EXTERNAL_NATS_URL",
        "NATS to use instead of starting one; `{service}` stands for the service's name",
        default="",
    )
    email: str = setting(
        "KITH_BOOTSTRAP_EMAIL", "sign-in of the first tenant's administrator", default="admin@kith.example"
    )
    smtp_url: str = setting(
        "KITH_SMTP_URL", "mail server for outgoing mail; when empty it stays here, and a page shows it", default=""
    )
    sample: bool = setting(
        "KITH_SAMPLE", "whether the first start brings the sample company in", default=True, parse=boolean
    )
    start_seconds: int = setting(
        "KITH_START_SECONDS", "longest time that the processes may take to be ready", default=60, parse=positive
    )


def _ports(programs: Sequence[Program], offset: int) -> type[Any]:
    rows = [
        ("mongo", 27117, "mongod"),
        ("nats", 14222, "nats-server"),
        ("nats_monitor", 18222, "nats-server's monitoring page"),
    ]
    for program in programs:
        rows.append((program.name, program.port, f"{program.name}'s door"))
        rows.append((f"{program.name}_metrics", program.metrics_port, f"{program.name}'s metrics and health page"))
        if program.mail_port:
            rows.append((f"{program.name}_mail", program.mail_port, f"{program.name}'s listener for incoming mail"))
    if any(program.sends_mail for program in programs):
        rows.append((MAIL_SINK.name, MAIL_SINK.port, "the mail server that keeps outgoing mail here"))
        rows.append((f"{MAIL_SINK.name}_page", MAIL_SINK.metrics_port, "the page that shows outgoing mail"))
    fields = [
        (name, int, setting(port_setting(name), f"port of {what}", default=default + offset, parse=port))
        for name, default, what in rows
    ]
    return dataclasses.make_dataclass("Ports", fields, frozen=True)


def port_setting(name: str) -> str:
    """The setting that gives a port: `KITH_SALES_METRICS_PORT` for `sales_metrics`."""
    return f"KITH_{name.upper()}_PORT"


def load_ports(programs: Sequence[Program], offset: int, environ: Mapping[str, str]) -> dict[str, int]:
    """The ports by name: `mongo`, `nats`, `nats_monitor`, and for each program its name and
    `<name>_metrics`, with `<name>_mail` where it takes mail in; `mail_sink` and `mail_sink_page` where one sends mail.

    Raises ConfigFault.
    """
    return dataclasses.asdict(load(_ports(programs, offset), environ))


def documented() -> list[tuple[str, str, str]]:
    """Name, default and meaning of every setting, for the manual."""
    fields = (*dataclasses.fields(LocalSettings), *dataclasses.fields(_ports((*SERVICES, GATEWAY), 0)))
    return [(each.metadata["name"], str(each.default), each.metadata["doc"]) for each in fields]
