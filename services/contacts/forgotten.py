"""Who asked to be forgotten is not brought in again by a file.

Somebody may come back, by a form or by a colleague's hand; an old list brings nobody back. So of addresses and numbers that were
forgotten an HMAC-SHA256 is kept, under a random key of the tenant, and a row that would give one of them to a record is refused,
unless a record that was made since has it. Imports that run while a person asks to be forgotten heed it from that moment.
"""

import hmac
import secrets
from collections.abc import Iterable
from datetime import datetime
from functools import cached_property

from chassis import now, principal, remembered, take_a_lane, take_all_lanes, transaction
from services.contacts import blocking
from services.contacts.portrait import of_person
from services.contacts.refusals import PersonForgotten

_FORGOTTEN, _SECRETS = "forgotten", "forgotten_secrets"
_TOLD = {"email": "e-mail address", "phone": "telephone number"}  # the kinds of exact keys that name a person


def note(emails: Iterable[str], phones: Iterable[str]) -> None:
    """Let no file bring these addresses and numbers in from now on, not even one that is being read."""
    tenant = principal().tenant_id
    person = {"emails": [{"address": each} for each in emails], "phones": [{"number": each} for each in phones]}
    take_all_lanes("imports")
    transaction.database()[_SECRETS].update_one(
        {"_id": tenant}, {"$setOnInsert": {"tenant_id": tenant, "secret": secrets.token_bytes(32)}}, upsert=True
    )
    for digest in map(_Kept(tenant).digest, blocking.exact_keys(of_person(person))):
        row = {"_id": digest, "tenant_id": tenant, "time": now()}
        transaction.database()[_FORGOTTEN].replace_one({"_id": digest}, row, upsert=True)


def demand_none(keys: Iterable[str]) -> None:
    """Refused with PersonForgotten where one of the exact keys is of somebody who was, and no record made since has it."""
    tenant = principal().tenant_id
    kept = remembered((_FORGOTTEN, tenant), lambda: _heeded(tenant))
    for key in keys:
        told = _TOLD.get(key.partition(":")[0])
        if told and (time := kept.time_of(key)) and not _came_back(tenant, key, time):
            raise PersonForgotten(by=told)


def prepare() -> None:
    """Make the index by which they are found."""
    transaction.database()[_FORGOTTEN].create_index("tenant_id")


def _heeded(tenant_id: str) -> "_Kept":
    take_a_lane("imports")  # whoever asks to be forgotten at this moment takes every one
    return _Kept(tenant_id)


def _came_back(tenant_id: str, key: str, time: datetime) -> bool:
    since = {"tenant_id": tenant_id, "duplicate_keys": key, "deleted_time": None, "create_time": {"$gt": time}}
    return any(transaction.database()[each].find_one(since, {"_id": 1}) for each in ("contacts", "leads"))


class _Kept:
    """What is kept of a tenant's, as of this transaction."""

    def __init__(self, tenant_id: str) -> None:
        self._tenant_id = tenant_id
        row = transaction.database()[_SECRETS].find_one({"_id": tenant_id})
        self._secret: bytes = row["secret"] if row else b""

    @cached_property
    def _times(self) -> dict[str, datetime]:
        rows = transaction.database()[_FORGOTTEN].find({"tenant_id": self._tenant_id}, {"time": 1})
        return {row["_id"]: row["time"] for row in rows}

    def time_of(self, key: str) -> datetime | None:
        """When it was forgotten; None where it was not."""
        return self._times.get(self.digest(key)) if self._secret else None

    def digest(self, key: str) -> str:
        """What is kept of a key."""
        return hmac.digest(self._secret, key.encode(), "sha256").hex()
