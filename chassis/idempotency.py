"""Writes that may be repeated: the first answer of an Idempotency-Key is kept for 24 hours with the write itself.

The record commits in the write's own transaction, so there is an answer exactly where there is an effect. A write that
was refused left nothing and may be tried again with the same key. Secrets are answered once and not kept: the answer again
has none. The rule follows the IETF draft
`draft-ietf-httpapi-idempotency-key-header-07`, and the scope of a key is tenant, user and rpc.
"""

import hashlib
from collections.abc import Callable
from datetime import timedelta

from google.protobuf.message import Message
from pymongo.database import Database

from chassis import clock, transaction
from chassis.call import call
from chassis.contract import RpcContract
from chassis.declared import without_secrets
from chassis.principal import principal
from chassis.refusals import Invalid

KEPT = timedelta(hours=24)

COLLECTION = "idempotency_records"


class IdempotencyKeyReused(Invalid):
    """The Idempotency-Key was used for another request in the last 24 hours."""


def once(rpc: RpcContract, request: Message, answer: Callable[[], Message]) -> tuple[Message, bool]:
    """The answer of the current call's key, and whether it is the first one again. To be run inside the transaction.

    Refused with IdempotencyKeyReused when the key came with another request.
    """
    records = transaction.database()[COLLECTION]
    whom = principal()
    scope = "\0".join((whom.tenant_id, whom.user_id, rpc.path, call().idempotency_key))
    key = hashlib.sha256(scope.encode()).hexdigest()
    # If-Match is part of the request: the same body under another condition is another write.
    # The scope salts it: without the key, which is not kept, nobody can try passwords against the fingerprint.
    body = request.SerializeToString(deterministic=True) + call().if_match.encode()
    fingerprint = hashlib.sha256(scope.encode() + b"\0" + body).digest()
    if (known := records.find_one({"_id": key})) is not None:
        if known["fingerprint"] != fingerprint:
            raise IdempotencyKeyReused
        call().hints.extend((name, value) for name, value in known.get("hints", ()))
        return rpc.response.FromString(known["answer"]), True
    response = answer()
    records.insert_one(
        {
            "_id": key,
            "tenant_id": whom.tenant_id,
            "fingerprint": fingerprint,
            "answer": without_secrets(response).SerializeToString(),
            "expire_time": clock.now() + KEPT,
            **({"hints": call().hints} if call().hints else {}),
        }
    )
    return response, False


def prepare(database: Database) -> None:
    """Make the index that lets records go after their 24 hours."""
    database[COLLECTION].create_index("expire_time", expireAfterSeconds=0)
