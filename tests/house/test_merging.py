"""Every stored field that may name an account, a contact or a lead follows when they become one, or is excepted with a reason.

Asked of what is stored: the fields of every noun's contract, however deep, and those of every projection and ledger. An id
names what its prefix says; one without a prefix names what its field is called for, and one that is called for nothing may
name anybody.
"""

import importlib
import pkgutil
from collections.abc import Iterator
from functools import cache
from typing import Any

import pytest
from crm.campaigns.v1 import audience_pb2, campaign_pb2
from crm.options.v1 import options_pb2
from google.protobuf.descriptor import Descriptor

from chassis import Noun, Projection, merging
from services.campaigns.joined import OF_CONTACTS as CONTACTS_OF_CAMPAIGNS
from services.campaigns.reactions import OF_ACCOUNTS as ACCOUNTS_OF_CAMPAIGNS
from services.contacts.account import Account
from services.contacts.contact import Contact
from services.contacts.lead import Lead
from services.sales.reactions import OF_ACCOUNTS as ACCOUNTS_OF_SALES
from services.sales.reactions import OF_CONTACTS as CONTACTS_OF_SALES
from services.support.reactions import OF_ACCOUNTS as ACCOUNTS_OF_SUPPORT
from services.support.reactions import OF_CONTACTS as CONTACTS_OF_SUPPORT

FOLLOWING: dict[str, tuple[merging.Reference, ...]] = {
    "campaigns": CONTACTS_OF_CAMPAIGNS + ACCOUNTS_OF_CAMPAIGNS,
    "contacts": Account.children + Contact.children + Lead.children,
    "sales": CONTACTS_OF_SALES + ACCOUNTS_OF_SALES,
    "support": CONTACTS_OF_SUPPORT + ACCOUNTS_OF_SUPPORT,
}
# Rows that are neither, with the messages that they are told by.
ROWS = {"campaigns": {"audience_members": audience_pb2.AudienceMember, "deliveries": campaign_pb2.Delivery}}
DEEPEST = 4  # a filter holds filters
MERGED = {"acc", "con", "lead"}  # the prefixes of what can be merged
# What fields without a prefix in the contract are called for, by the last word, that is no customer: `from_owner_id`.
OTHERS = {
    "actor", "asset", "attachment", "author", "content", "contract", "document", "external", "file", "link", "mail", "mailbox",
    "message", "opportunity", "order", "owner", "registration", "resolver", "segment", "source", "team", "tenant", "territory",
    "ticket", "user",
}  # fmt: skip
EXCEPTED = {
    "contacts.accounts.merged_ids": "the survivor's own, joined with the records",
    "contacts.contacts.merged_ids": "the survivor's own, joined with the records",
    "contacts.leads.merged_ids": "the survivor's own, joined with the records",
    "contacts.merges.survivor_id": "says what became one, and is what parting goes by",
    "contacts.merges.merged_ids": "says what became one, and is what parting goes by",
    "contacts.merges.winners.record_id": "says whose value won, which stays true",
    "contacts.merges.conflicts.record_id": "says what was not given back, which stays true",
    "contacts.disclosures.contact_id": "taken from the client; contact_ids is what is kept",
    "contacts.erasures.contact_id": "taken from the client; contact_ids is what is kept",
    "contacts.reassignments.samples.record_id": "says what was given to whom, which stays true",
    "contacts.reassignments.omissions.record_id": "says what was left as it was, which stays true",
    "contacts.interactions.record_id": "names what the interaction tells of; a converted lead, the one of them, only survives",
    "contacts.needs.record_id": "names the interaction, order or submission that tells it",
    "contacts.preferences.record_id": "names the interaction, order or submission that tells it",
    "campaigns.consents.record_id": "names the submission or delivery that brought it",
    "sales.opportunities.lead_id": "names a converted lead, which only survives",
    "support.known_assets.parent_id": "names an asset",
}


@cache
def kept(service: str) -> tuple[Any, ...]:
    """The nouns and projections of a service."""
    package = importlib.import_module(f"services.{service}")
    for module in pkgutil.iter_modules(package.__path__, f"{package.__name__}."):
        if not module.name.endswith("__main__"):
            importlib.import_module(module.name)
    found = {each for top in (Noun, Projection) for each in below(top) if each.__module__.startswith(package.__name__)}
    return tuple(each for each in found if not each._meta.get("abstract"))


def below(kind: Any) -> Iterator[Any]:
    for each in kind.__subclasses__():
        yield each
        yield from below(each)


def named_in(message: Descriptor, above: tuple[str, ...] = ()) -> Iterator[tuple[str, str]]:
    """The paths of fields that hold ids, each with the prefix that they have; empty where the contract says none."""
    for field in message.fields:
        path = (*above, field.name)
        ours = field.message_type and field.message_type.file.package.startswith("crm.")
        if ours and len(path) < DEEPEST:
            yield from named_in(field.message_type, path)
        elif field.name.endswith(("_id", "_ids")):
            yield ".".join(path), field.GetOptions().Extensions[options_pb2.rules].id_prefix


def named_by(model: Any) -> Iterator[tuple[str, str]]:
    if issubclass(model, Noun):
        yield from named_in(model.contract.DESCRIPTOR)
        return
    yield from ((name, "") for name in model._fields if name.endswith(("_id", "_ids")))


def may_name_a_customer(path: str, prefix: str) -> bool:
    called = path.rpartition(".")[2].removesuffix("s").removesuffix("_id")
    return prefix in MERGED if prefix else called.rpartition("_")[2] not in OTHERS


def customers_in(service: str) -> set[str]:
    """The stored fields of a service that may name an account, a contact or a lead."""
    found = [(model._meta["collection"], named_by(model)) for model in kept(service)]
    found += [(name, named_in(message.DESCRIPTOR)) for name, message in ROWS.get(service, {}).items()]
    return {
        f"{service}.{collection}.{path}"
        for collection, paths in found
        for path, prefix in paths
        if may_name_a_customer(path, prefix)
    }


def followed(service: str) -> set[str]:
    return {f"{service}.{each.collection}.{path}" for each in FOLLOWING[service] for path in (each.path, *each.beside)}


@pytest.mark.parametrize("service", FOLLOWING)
def test_whatever_names_a_customer_follows_or_says_why_not(service: str) -> None:
    assert customers_in(service) <= followed(service) | EXCEPTED.keys()


def test_no_exception_outlives_its_field() -> None:
    there = set[str]().union(*(customers_in(service) for service in FOLLOWING))
    assert EXCEPTED.keys() <= there
    assert not EXCEPTED.keys() & set[str]().union(*(followed(service) for service in FOLLOWING))


def test_the_contract_says_of_many_fields_what_they_name() -> None:
    assert customers_in("sales") >= {"sales.opportunities.contacts.contact_id", "sales.orders.contact_ids"}
    assert "contacts.associations.from_id" in customers_in("contacts")
    assert may_name_a_customer("whatever_id", "")
    assert not may_name_a_customer("from_owner_id", "")
