"""Our own processes as children: each with the environment that its settings class reads."""

from __future__ import annotations

import sys
from functools import partial
from typing import TYPE_CHECKING

from chassis.embedded import Child, place
from deploy.local import probe
from deploy.local.settings import documented
from deploy.local.table import MAIL_SINK

if TYPE_CHECKING:
    from deploy.local.server import Server
    from deploy.local.suite import Suite
    from deploy.local.table import Program


class Processes:
    """Makes the children of a suite whose servers are up. Secrets go by file, so that no process list shows them."""

    def __init__(self, suite: Suite, mongo: Server, nats: Server) -> None:
        self._suite, self._mongo, self._nats = suite, mongo, nats

    def service(self, program: Program) -> Child:
        """A service with its own two addresses; the one that makes the first tenant also gets the first sign-in."""
        secrets, name = self._suite.secrets, program.name
        environment = {
            "KITH_LISTEN": self._address(name),
            "KITH_METRICS_LISTEN": self._address(f"{name}_metrics"),
            "KITH_MONGO_URL_FILE": str(secrets.keep(f"{name}-mongo-url", self._mongo.url(name))),
            "KITH_NATS_URL_FILE": str(secrets.keep(f"{name}-nats-url", self._nats.url(name))),
            "KITH_PRINCIPAL_PUBLIC_KEY_FILE": str(secrets.public_key),
        }
        if program.makes_first_tenant:
            environment |= {
                "KITH_BOOTSTRAP_EMAIL": self._suite.settings.email,
                "KITH_BOOTSTRAP_PASSWORD_FILE": str(secrets.password),
                "KITH_BOOTSTRAP_API_KEY_FILE": str(secrets.api_key),
            }
        if program.sends_mail:
            own = self._suite.settings.smtp_url
            environment["KITH_SMTP_URL"] = own or f"smtp://{self._address(MAIL_SINK.name)}"
        if program.mail_port:
            environment |= {
                "KITH_MAIL_KEYS_FILE": str(secrets.mail_keys),
                "KITH_MAIL_LISTEN": self._address(f"{name}_mail"),
            }
        if program.hands_out_links:
            environment["KITH_PUBLIC_URL"] = self._suite.url
        if program.signs_links:
            environment |= {
                "KITH_TRACKING_KEYS_FILE": str(secrets.tracking_keys),
                "KITH_ADDRESS_KEY_FILE": str(secrets.address_key),
            }
        ready = partial(probe.service_ready, self._suite.ports[name])
        return self._child(program, environment, ready)

    def mail_sink(self) -> list[Child]:
        """The server that keeps outgoing mail here; none where a real one is given, or nobody sends mail."""
        if not self._suite.mail_out:
            return []
        environment = {
            "KITH_LISTEN": self._address(MAIL_SINK.name),
            "KITH_METRICS_LISTEN": self._address(f"{MAIL_SINK.name}_page"),
        }
        ready = partial(place.answers, self._suite.ports[MAIL_SINK.name])
        return [self._child(MAIL_SINK, environment, ready)]

    def gateway(self) -> Child:
        """The gateway: it knows where the services are, and it alone can sign for a principal."""
        suite, name = self._suite, self._suite.gateway.name
        environment = {
            "KITH_LISTEN": f"{suite.settings.gateway_host}:{suite.ports[name]}",
            "KITH_METRICS_LISTEN": self._address(f"{name}_metrics"),
            "KITH_PUBLIC_URL": suite.url,
            "KITH_PRINCIPAL_PRIVATE_KEY_FILE": str(suite.secrets.private_key),
            **{f"KITH_{each.name.upper()}_TARGET": self._address(each.name) for each in suite.services},
        }
        ready = partial(probe.gateway_ready, suite.settings.gateway_host, suite.ports[name])
        return self._child(suite.gateway, environment, ready)

    def _child(self, program: Program, environment: dict[str, str], ready: partial[bool]) -> Child:
        ours = {name for name, _, _ in documented()}
        passed_on = {
            name: value for name, value in self._suite.environ.items() if name.removesuffix("_FILE") not in ours
        }
        return Child(
            program.name,
            [sys.executable, "-m", program.module],
            log=self._suite.state / "logs" / f"{program.name}.log",
            ready=ready,
            environment=passed_on | environment,
            restarted=self._suite.restarted,
        )

    def _address(self, port: str) -> str:
        return f"127.0.0.1:{self._suite.ports[port]}"
