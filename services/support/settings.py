"""What the support service reads from its environment, beside what every service does."""

from dataclasses import dataclass
from datetime import timedelta

from chassis import config
from services.support.token import Keys

LARGEST = 15 * 1024 * 1024  # bytes; a document of MongoDB holds 16 MiB


def _bytes(text: str) -> int:
    size = config.positive(text)
    if size > LARGEST:
        raise ValueError(f"{text} is above {LARGEST}, the most that is kept in one piece")
    return size


def _days(text: str) -> timedelta:
    return timedelta(days=config.positive(text))


def _hours(text: str) -> timedelta:
    return timedelta(hours=config.natural(text))


def _flag(text: str) -> bool:
    return config.boolean(text)


@dataclass(frozen=True, kw_only=True)
class SupportSettings(config.ServiceSettings):
    """What the support process reads."""

    mail_keys: Keys = config.setting(
        "KITH_MAIL_KEYS",
        "keys that sign our Message-IDs and reply addresses, `<id>:<secret>,…`; the first signs, all prove",
        parse=Keys.read,
    )
    mail_listen: str = config.setting(
        "KITH_MAIL_LISTEN", "address of the listener for incoming mail, host:port", default="127.0.0.1:18025",
        parse=config.address,
    )  # fmt: skip
    mail_lmtp: bool = config.setting(
        "KITH_MAIL_LMTP", "whether the listener speaks LMTP (RFC 2033) instead of SMTP", default=False, parse=_flag
    )
    mail_limit: int = config.setting(
        "KITH_MAIL_LIMIT_BYTES",
        "largest incoming mail, in bytes, at most 15 MiB",
        default=10 * 1024 * 1024,
        parse=_bytes,
    )
    attachments: int = config.setting(
        "KITH_MAIL_ATTACHMENTS", "most attachments that a mail may have", default=100, parse=config.positive
    )
    smtp_url: str = config.setting(
        "KITH_SMTP_URL",
        "where answers are sent: `smtp://`, `smtp+starttls://` or `smtps://`, user and password, host:port",
        default="smtp://127.0.0.1:18026",
    )
    reopen_window: timedelta = config.setting(
        "KITH_REOPEN_DAYS", "days in which an answer reopens a solved ticket; after them it is closed",
        default=timedelta(days=7), parse=_days,
    )  # fmt: skip
    join_window: timedelta = config.setting(
        "KITH_JOIN_HOURS", "hours in which a mail joins a ticket of the same sender and subject; 0 for never",
        default=timedelta(0), parse=_hours,
    )  # fmt: skip
