"""What the contacts service reads from its environment, beside what every service that keeps files reads."""

from dataclasses import dataclass

from chassis import FileSettings, config


@dataclass(frozen=True, kw_only=True)
class ContactsSettings(FileSettings):
    """What the contacts process reads."""

    public_url: str = config.setting(
        "KITH_PUBLIC_URL",
        "address under which readers of shared documents reach the gateway",
        default="http://127.0.0.1:8080",
    )
