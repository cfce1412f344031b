"""What a service that keeps files reads from its environment, beside what every service reads."""

from dataclasses import dataclass
from urllib.parse import urlsplit

from chassis.config import ServiceSettings, positive, setting


def _store(text: str) -> str:
    """Read `s3://bucket?endpoint=https://…&region=…`, or nothing."""
    if text and (urlsplit(text).scheme != "s3" or not urlsplit(text).hostname):
        raise ValueError(f"{text!r} is no s3://bucket address")
    return text


def _scanner(text: str) -> str:
    """Read `clamd://host:port`, or nothing."""
    if text and (urlsplit(text).scheme != "clamd" or not urlsplit(text).hostname or not urlsplit(text).port):
        raise ValueError(f"{text!r} is no clamd://host:port address")
    return text


@dataclass(frozen=True, kw_only=True)
class FileSettings(ServiceSettings):
    """What a process that keeps files reads."""

    file_store: str = setting(
        "KITH_FILE_STORE",
        "where files lie: `s3://bucket?endpoint=https://…&region=…`, with credentials as AWS' tools read them; empty: in MongoDB",
        default="",
        parse=_store,
    )
    file_scanner: str = setting(
        "KITH_FILE_SCANNER",
        "who looks for malware in files: `clamd://host:port`; empty: nobody",
        default="",
        parse=_scanner,
    )
    file_limit: int = setting(
        "KITH_FILE_LIMIT_BYTES", "largest file, in bytes", default=1024 * 1024 * 1024, parse=positive
    )
    file_quota: int = setting(
        "KITH_FILE_QUOTA_BYTES",
        "most that the files of one tenant take, in bytes; equal files count once",
        default=100 * 1024 * 1024 * 1024,
        parse=positive,
    )
