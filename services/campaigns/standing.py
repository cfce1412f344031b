"""What holds now: the latest word of each address on a topic and channel, what is suppressed, which topics are transactional.

Kept by the hash of the address, so that it is found for a contact that comes later, holds for every contact with the address,
and outlives them. Senders ask here in the moment of handing over, and whoever wants to know asks the same.
"""

from collections.abc import Iterable
from functools import partial
from typing import Any

from crm.campaigns.v1 import consent_pb2, topic_pb2
from crm.contacts.v1 import contact_pb2
from pymongo.database import Database

from chassis import Sweeper, acting_as, now, of_service, principal, transaction
from services.campaigns import keyring, ledger
from services.campaigns.audience import AudienceMember, Row
from services.campaigns.consent import EMAIL, POST, Consent, whom
from services.campaigns.gate import (
    OPTED_IN,
    OPTED_OUT,
    SUPPRESSED,
    TRANSACTIONAL,
    UNSUBSCRIBED,
    Verdict,
    expired,
    verdict,
)
from services.campaigns.membership import follow

_STATES = "consent_states"
_SAID = ("state", "expire_time", "consent_id", "lawful_basis")  # what a verdict is made of
_EVERY = _NOBODY = "*"  # no topic is named so, and no hash


def prepare(database: Database) -> None:
    """Make the indexes by which the topics of an address are found, and what expires."""
    states = database[_STATES]
    states.create_index([("tenant_id", 1), ("address_key", 1)])
    states.create_index([("expire_time", 1)], name="expiring", partialFilterExpression={"lapsed": False})


# ---------------------------------------------------------------- what comes to hold


def hold(consent: Consent) -> None:
    """Let a consent hold from now on, unless a later one is known."""
    key, tenant = keyring.address_key(consent.reached), principal().tenant_id
    states, id = transaction.database()[_STATES], _id(tenant, consent.topic, key, consent.channel)
    known = states.find_one({"_id": id})
    if known is not None and known["time"] > consent.occur_time:
        return
    until = {"expire_time": consent.expire_time, "lapsed": False} if consent.expire_time else {}
    word = {
        "tenant_id": tenant, "topic": consent.topic, "channel": consent.channel, "address_key": key, "state": consent.state,
        "time": consent.occur_time, "lawful_basis": consent.lawful_basis, "consent_id": consent.id,
    }  # fmt: skip
    states.replace_one({"_id": id}, word | until, upsert=True)
    show(key)


def hold_anew(contact_id: str) -> None:
    """Let hold what the consents say that a contact has now, by the channel that reaches it by its id.

    What holds for addresses and numbers stays: they are the same, whoever has them.
    """
    key, tenant = keyring.address_key(contact_id), principal().tenant_id
    words = {"tenant_id": tenant, "address_key": key}
    states = transaction.database()[_STATES]
    states.delete_many(words)
    for consent in Consent.objects(contact_id=contact_id, channel=POST, deleted_time=None).order_by("occur_time", "id"):
        hold(consent)
    states.update_many({**words, "expire_time": {"$lte": now()}}, {"$set": {"lapsed": True}})  # told of when it expired


def declared(topic: topic_pb2.Topic) -> topic_pb2.Topic:
    """Let a topic be transactional from now on, or no longer, as it says; the topic."""
    tenant, states = principal().tenant_id, transaction.database()[_STATES]
    id = _id(tenant, topic.key, _NOBODY)
    if topic.transactional and not topic.HasField("deleted_time"):
        ground = consent_pb2.Consent.LawfulBasis.Name(topic.lawful_basis)
        mark = {"tenant_id": tenant, "topic": topic.key, "state": TRANSACTIONAL, "lawful_basis": ground}
        states.replace_one({"_id": id}, mark, upsert=True)
    else:
        states.delete_one({"_id": id})
    return topic


def show(address_key: str) -> None:
    """Write what holds for an address into the rows of its contacts, for segments to ask about.

    Mails that wait for their turn are given back, so that the sender asks anew: one that it was just allowed to send, before what
    holds now was known, meets its line in other hands.
    """
    rows, tenant = AudienceMember.rows(), principal().tenant_id
    _mark(tenant, address_key)
    AudienceMember.await_(address_key)
    ids = [row["_id"] for row in rows.find({"tenant_id": tenant, "address_key": address_key}, {"_id": 1})]
    if ids:
        rows.update_many({"_id": {"$in": ids}}, {"$set": of(address_key)})
        ledger.give_back({"tenant_id": tenant, "contact_id": {"$in": ids}})
        follow(ids)


# ---------------------------------------------------------------- what holds


def take_in(contact: contact_pb2.Contact, revision: int) -> bool:
    """Take a person over with what holds for the address; False when nothing of it is news."""
    if not AudienceMember.hear(contact, revision):
        return False
    key = AudienceMember.row(contact.id).get("address_key")
    holds = of(key) if key else {"opted_in": [], "opted_out": [], "suppressed": False}
    AudienceMember.rows().update_one({"_id": contact.id}, {"$set": holds})
    return True


def verdicts(tenant_id: str, topic: str, keys: Iterable[str], channel: str = EMAIL) -> dict[str, Verdict]:
    """Whether those whose addresses have these hashes may be reached on a topic now; asked in one look-up."""
    keys, kind = set(keys), _id(tenant_id, topic, _NOBODY)
    ids = {key: (_id(tenant_id, topic, key, channel), _id(tenant_id, _EVERY, key)) for key in keys}
    wanted = [kind, *(id for pair in ids.values() for id in pair)]
    rows = transaction.database()[_STATES].find({"_id": {"$in": wanted}}, dict.fromkeys(_SAID, 1))
    found = {row["_id"]: row for row in rows}
    at = now()
    return {key: verdict(found.get(word), found.get(every), found.get(kind), at) for key, (word, every) in ids.items()}


def sendable(tenant_id: str, topic: str, address_keys: Iterable[str]) -> tuple[set[str], set[str]]:
    """The addresses to which mails on the topic may go now, and those to which nothing goes."""
    found = verdicts(tenant_id, topic, address_keys)
    never = {key for key, each in found.items() if each.reason == SUPPRESSED}
    return {key for key, each in found.items() if each.allowed}, never


def check(request: consent_pb2.CheckConsentsRequest) -> consent_pb2.CheckConsentsResponse:
    """What the senders would hear. Refused with Invalid, NotFound."""
    channel = consent_pb2.Consent.Channel.Name(request.channel) if request.channel else EMAIL
    key = keyring.address_key(whom(request, channel))
    said = verdicts(principal().tenant_id, request.topic, [key], channel)[key]
    ground = said.ground or {}
    return consent_pb2.CheckConsentsResponse(
        allowed=said.allowed, reason=said.reason, consent_id=ground.get("consent_id"),
        lawful_basis=ground.get("lawful_basis") if said.allowed else None, expire_time=ground.get("expire_time"),
    )  # fmt: skip


def of(address_key: str) -> dict[str, Any]:
    """The fields of an audience row that say what holds for its e-mail address."""
    tenant, at = principal().tenant_id, now()
    states = list(transaction.database()[_STATES].find({"tenant_id": tenant, "address_key": address_key}))
    return {
        "opted_in": sorted(each["topic"] for each in states if each["state"] == OPTED_IN and not expired(each, at)),
        "opted_out": sorted(each["topic"] for each in states if each["state"] == OPTED_OUT),
        "suppressed": suppression(tenant, address_key) is not None,
    }


def suppression(tenant_id: str, address_key: str) -> Row | None:
    """What suppresses an address; None where nothing does."""
    wanted = {"tenant_id": tenant_id, "address_key": address_key, "deleted_time": None}
    found: Row | None = transaction.database()["suppressions"].find_one(wanted, {"reason": 1})
    return found


# ---------------------------------------------------------------- what holds no more


def lapsing(settings: Any) -> Sweeper:  # noqa: ARG001  companions are made with the settings
    """The companion that shows and tells, once, that a yes has expired; senders have heeded it since its time."""
    return Sweeper("consents", due, lapse, seconds=15.0)


def due(most: int = 200) -> list[Row]:
    """Words of every tenant that have expired untold."""
    return list(transaction.database()[_STATES].find({"expire_time": {"$lte": now()}, "lapsed": False}).limit(most))


def lapse(word: Row) -> None:
    """Tell that one word has expired; nothing where something newer was said meanwhile."""
    with acting_as(of_service("campaigns", word["tenant_id"])):
        transaction.run(partial(_lapse, word))


def _lapse(word: Row) -> None:
    still = {"_id": word["_id"], "consent_id": word["consent_id"], "lapsed": False}
    if transaction.database()[_STATES].update_one(still, {"$set": {"lapsed": True}}).matched_count:
        consent = Consent.find(word["consent_id"])
        consent.record_standard("Expired")
        consent.keep()
        show(word["address_key"])


def _mark(tenant_id: str, address_key: str) -> None:
    # A suppression stands beside the consents, as if it were a word on every topic.
    states, id = transaction.database()[_STATES], _id(tenant_id, _EVERY, address_key)
    found = suppression(tenant_id, address_key)
    if found is None:
        states.delete_one({"_id": id})
    else:
        state = UNSUBSCRIBED if found.get("reason") == UNSUBSCRIBED else SUPPRESSED
        mark = {"tenant_id": tenant_id, "topic": _EVERY, "address_key": address_key, "state": state}
        states.update_one({"_id": id}, {"$set": mark}, upsert=True)


def _id(tenant_id: str, topic: str, key: str, channel: str = EMAIL) -> str:
    # E-mail is the channel that needs no name; none of a topic's letters is `@`.
    return f"{tenant_id}/{topic}{'' if channel == EMAIL else f'@{channel}'}/{key}"
