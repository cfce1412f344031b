"""What the gateway reads from its environment."""

from dataclasses import dataclass

from chassis.config import address, natural, positive, setting


def _target(text: str) -> str:
    """Read a gRPC target: host:port, `dns:///host:port` or `unix:/path`."""
    return text if ":///" in text or text.startswith("unix:") else address(text)


def _target_setting(service: str) -> str:
    doc = f"gRPC target of {service}, host:port or a gRPC name; without one its routes answer 503"
    target: str = setting(f"KITH_{service.upper()}_TARGET", doc, default="", parse=_target)
    return target


@dataclass(frozen=True)
class GatewaySettings:
    """What the gateway process reads."""

    principal_private_key: str = setting(
        "KITH_PRINCIPAL_PRIVATE_KEY", "PEM of the Ed25519 key that signs principal tokens for the services"
    )
    listen: str = setting("KITH_LISTEN", "address of the HTTP door, host:port", default="127.0.0.1:8080", parse=address)
    public_url: str = setting(
        "KITH_PUBLIC_URL", "address that browsers use; https makes cookies Secure", default="http://127.0.0.1:8080"
    )
    metrics_listen: str = setting(
        "KITH_METRICS_LISTEN", "address of the Prometheus page, host:port; empty for none", default=""
    )
    identity_target: str = _target_setting("identity")
    contacts_target: str = _target_setting("contacts")
    sales_target: str = _target_setting("sales")
    support_target: str = _target_setting("support")
    campaigns_target: str = _target_setting("campaigns")
    workers: int = setting("KITH_WORKERS", "worker processes", default=2, parse=positive)
    threads: int = setting("KITH_THREADS", "requests that one worker works on at a time", default=16, parse=positive)
    max_waiting: int = setting(
        "KITH_MAX_WAITING", "requests that may wait for a thread before more are turned away", default=64, parse=natural
    )
    deadline_seconds: int = setting(
        "KITH_DEADLINE_SECONDS", "longest time of a call to a service", default=10, parse=positive
    )
    composed_milliseconds: int = setting(
        "KITH_COMPOSED_DEADLINE_MS",
        "longest time of an overview or a search over all services, in milliseconds; it answers without what is late",
        default=2000, parse=positive,
    )  # fmt: skip
    remembered_seconds: int = setting(
        "KITH_REMEMBERED_SECONDS",
        "age up to which the last answer of a service that fails may stand in an overview; 0 for never", default=300,
        parse=natural,
    )  # fmt: skip
    shutdown_seconds: int = setting(
        "KITH_SHUTDOWN_SECONDS", "time that requests under way have to finish at a stop", default=10, parse=positive
    )
    body_limit: int = setting(
        "KITH_BODY_LIMIT_BYTES", "largest request body, in bytes", default=5 * 1024 * 1024, parse=positive
    )
    upload_limit: int = setting(
        "KITH_UPLOAD_LIMIT_BYTES", "largest file that comes in, in bytes", default=1024 * 1024 * 1024, parse=positive
    )
    stream_seconds: int = setting(
        "KITH_STREAM_SECONDS", "longest time that a file may take to come in or go out", default=900, parse=positive
    )
    user_requests: int = setting(
        "KITH_USER_REQUESTS_PER_MINUTE", "requests of one user per worker and minute; 0 for no limit", default=6000,
        parse=natural,
    )  # fmt: skip
    tenant_requests: int = setting(
        "KITH_TENANT_REQUESTS_PER_MINUTE", "requests of one tenant per worker and minute; 0 for no limit",
        default=30000, parse=natural,
    )  # fmt: skip
    email_sign_ins: int = setting(
        "KITH_SIGN_INS_PER_EMAIL", "sign-in attempts for one e-mail address per worker and minute; 0 for no limit",
        default=10, parse=natural,
    )  # fmt: skip
    address_sign_ins: int = setting(
        "KITH_SIGN_INS_PER_ADDRESS", "sign-in attempts from one network address per worker and minute; 0 for no limit",
        default=60, parse=natural,
    )  # fmt: skip
    address_visits: int = setting(
        "KITH_VISITS_PER_ADDRESS",
        "requests for links, pixels and forms from one network address per worker and minute; 0 for no limit", default=600,
        parse=natural,
    )  # fmt: skip
    trusted_proxies: int = setting(
        "KITH_TRUSTED_PROXIES", "proxies in front whose X-Forwarded-For entries are believed", default=0, parse=natural
    )
    log_format: str = setting("KITH_LOG_FORMAT", "`json` or `console`", default="json")
    log_level: str = setting("KITH_LOG_LEVEL", "lowest level that is logged", default="INFO")

    def target(self, service: str) -> str:
        """The gRPC target of `service`; empty when none is set."""
        target: str = getattr(self, f"{service}_target")
        return target

    @property
    def secure(self) -> bool:
        """Whether browsers come over https."""
        return self.public_url.startswith("https://")
