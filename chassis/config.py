"""Reads the environment once into one frozen settings object, and tells every fault at once.

A settings class is a frozen dataclass whose fields are made with `setting`. Each variable can also be given by a file:
`KITH_MONGO_URL_FILE=/run/secrets/mongo` reads the value of `KITH_MONGO_URL` from there, so that secrets need not stand
in the environment.
"""

import dataclasses
import os
from collections.abc import Callable, Mapping
from pathlib import Path
from typing import Any, TypeVar

Settings = TypeVar("Settings")

_MISSING: Any = object()


class ConfigFault(Exception):
    """The environment does not describe a process that can start; `faults` has one sentence per variable."""

    def __init__(self, faults: list[str]) -> None:
        super().__init__("\n".join(faults))
        self.faults = faults


def setting(name: str, doc: str, *, default: Any = _MISSING, parse: Callable[[str], Any] = str) -> Any:
    """Declare a setting that `name` gives; without a default it must be given. `doc` is its entry in the manual."""
    metadata = {"name": name, "doc": doc, "parse": parse}
    if default is _MISSING:
        return dataclasses.field(metadata=metadata)
    return dataclasses.field(default=default, metadata=metadata)


def load(settings: type[Settings], environ: Mapping[str, str] | None = None) -> Settings:
    """Build `settings` from the environment.

    Raises ConfigFault with every variable that is missing or cannot be read, not only the first.
    """
    environ = os.environ if environ is None else environ
    faults: list[str] = []
    values: dict[str, Any] = {}
    for field in dataclasses.fields(settings):  # type: ignore[arg-type]
        name = field.metadata["name"]
        try:
            text = _text(name, environ)
            if text is not None:
                values[field.name] = field.metadata["parse"](text)
            elif field.default is dataclasses.MISSING:
                faults.append(f"{name} is not set: {field.metadata['doc']}")
        except (ValueError, OSError) as fault:
            faults.append(f"{name} cannot be used: {fault}")
    if faults:
        raise ConfigFault(faults)
    return settings(**values)


def _text(name: str, environ: Mapping[str, str]) -> str | None:
    if file := environ.get(f"{name}_FILE"):
        return Path(file).read_text(encoding="utf-8").strip()
    return environ.get(name)


def boolean(text: str) -> bool:
    """Read `1`, `true`, `yes`, `on` or `0`, `false`, `no`, `off`."""
    word = text.strip().lower()
    if word in ("1", "true", "yes", "on"):
        return True
    if word in ("0", "false", "no", "off"):
        return False
    raise ValueError(f"{text!r} is neither true nor false")


def address(text: str) -> str:
    """Read `host:port`, the port from 1 to 65535."""
    host, _, port = text.rpartition(":")
    if not host or not port.isdigit() or not 1 <= int(port) <= 65535:
        raise ValueError(f"{text!r} is not host:port")
    return text


def port(text: str) -> int:
    """Read a TCP port, 1 to 65535."""
    if not text.isdigit() or not 1 <= int(text) <= 65535:
        raise ValueError(f"{text!r} is not a port from 1 to 65535")
    return int(text)


def positive(text: str) -> int:
    """Read a whole number above 0."""
    if not text.isdigit() or int(text) == 0:
        raise ValueError(f"{text!r} is not a whole number above 0")
    return int(text)


def natural(text: str) -> int:
    """Read a whole number, 0 or above."""
    if not text.isdigit():
        raise ValueError(f"{text!r} is not a whole number, 0 or above")
    return int(text)


@dataclasses.dataclass(frozen=True)
class ServiceSettings:
    """What every service process reads."""

    listen: str = setting("KITH_LISTEN", "address of the gRPC door, host:port", parse=address)
    mongo_url: str = setting("KITH_MONGO_URL", "MongoDB address with user, password and database of this service")
    nats_url: str = setting("KITH_NATS_URL", "NATS address with user and password of this service")
    principal_public_key: str = setting(
        "KITH_PRINCIPAL_PUBLIC_KEY", "PEM of the Ed25519 key that proves the gateway's principal tokens"
    )
    nats_monitor_url: str = setting(
        "KITH_NATS_MONITOR_URL",
        "monitoring address of nats-server, to prove that it syncs always; empty: unproven",
        default="",
    )
    nats_replicas: int = setting("KITH_NATS_REPLICAS", "copies of this service's stream", default=1, parse=positive)
    metrics_listen: str = setting(
        "KITH_METRICS_LISTEN", "address of the Prometheus and health page, host:port; empty for none", default=""
    )
    threads: int = setting("KITH_THREADS", "requests that one process works on at a time", default=8, parse=positive)
    max_waiting: int = setting(
        "KITH_MAX_WAITING", "requests that may wait for a thread before more are turned away", default=64, parse=natural
    )
    deadline_seconds: int = setting(
        "KITH_DEADLINE_SECONDS", "longest time of a request that names no deadline", default=30, parse=positive
    )
    shutdown_seconds: int = setting(
        "KITH_SHUTDOWN_SECONDS", "time that requests under way have to finish at a stop", default=10, parse=positive
    )
    events_retention_days: int = setting(
        "KITH_EVENTS_RETENTION_DAYS", "days to keep published events; 0 keeps them for good", default=0, parse=natural
    )
    log_format: str = setting("KITH_LOG_FORMAT", "`json` or `console`", default="json")
    log_level: str = setting("KITH_LOG_LEVEL", "lowest level that is logged", default="INFO")
