"""What support hears: who the contacts are, so that mails find who writes them, who became one, and what they are entitled to."""

from crm.contacts.v1 import asset_pb2, contact_pb2, service_contract_pb2
from crm.contacts.v1 import events_pb2 as contacts

from chassis import Fact, merging, mirror, on, take_up
from services.support.claims import find_anew
from services.support.contact import Contact, mailbox_of
from services.support.installed import CUSTOMER, Asset, ServiceContract
from services.support.ticket import Ticket

_KNOWN = (*Contact.following, *Asset.following, *ServiceContract.following)
OF_CONTACTS = (
    merging.Reference("tickets", "requester_id"),
    merging.Reference("tickets", "participants", "contact_id"),
    merging.Reference("messages", "author", "contact_id"),
    *(each for each in _KNOWN if each.field == "contact_id"),
)
OF_ACCOUNTS = (
    merging.Reference("tickets", "account_id"),
    *(each for each in _KNOWN if each.field == "account_id"),
)


@on(contacts.ContactCreated, contacts.ContactUpdated, contacts.ContactRestored)
def know_the_contact(
    event: contacts.ContactCreated | contacts.ContactUpdated | contacts.ContactRestored, fact: Fact
) -> None:
    """Remember whose mailbox is whose, and give the contact the tickets that were waiting for somebody to be known."""
    _know(event.contact, fact.revision)


@on(contacts.ContactDeleted)
def forget_the_contact(event: contacts.ContactDeleted, fact: Fact) -> None:
    """Find nobody by the mailboxes of a contact that is gone; its tickets stay its tickets."""
    Contact.remember(event.contact.id, fact.revision, emails=[])


@on(contacts.ContactsMerged)
def help_the_surviving_contact(event: contacts.ContactsMerged, fact: Fact) -> None:
    """What the merged contacts asked and said is the survivor's, and so are their mailboxes."""
    merging.join(event.merge_id, OF_CONTACTS, event.contact.id, [each.id for each in event.merged])
    for contact in event.merged:
        Contact.remember(contact.id, int(contact.etag), emails=[])


@on(contacts.ContactsUnmerged)
def give_the_tickets_back(event: contacts.ContactsUnmerged, fact: Fact) -> None:
    """Everybody has the own tickets and mailboxes again."""
    merging.part(event.merge_id)
    for contact in event.restored:
        _know(contact, int(contact.etag))


@on(contacts.AccountsMerged)
def help_the_surviving_account(event: contacts.AccountsMerged, fact: Fact) -> None:
    """Who asked for the merged accounts asked for the survivor."""
    merging.join(event.merge_id, OF_ACCOUNTS, event.account.id, [each.id for each in event.merged])


@on(contacts.AccountsUnmerged)
def give_the_accounts_tickets_back(event: contacts.AccountsUnmerged, fact: Fact) -> None:
    """Who asked for an account did so."""
    merging.part(event.merge_id)


def _know(told: contact_pb2.Contact, revision: int) -> None:
    emails = [mailbox_of(each.address) for each in sorted(told.emails, key=lambda each: not each.primary)]
    known = {
        "name": told.display_name or None,
        "account_id": told.account_id or None,
        "emails": emails,
    }
    Contact.remember(told.id, revision, **known)
    contact = Contact.objects(id=told.id).get()
    if contact.revision != revision:  # something newer is known
        return
    waiting = (
        {"requester_email": {"$in": emails}, "requester_id": None},
        {"requester_id": told.id, "requester_name": None},
    )
    for id in Ticket.objects(deleted_time=None, __raw__={"$or": list(waiting)}).scalar("id"):
        ticket = Ticket.find(id, "write")
        if ticket.belong(contact):
            ticket.keep()


@on(contacts.AssetCreated, contacts.AssetUpdated, contacts.AssetDeleted, contacts.AssetRestored)
def know_the_asset(event: contacts.AssetCreated, fact: Fact) -> None:
    """Remember what a customer has, and until when it is warranted, and let the tickets follow that are not closed."""
    told: asset_pb2.Asset = event.asset
    said = (*CUSTOMER, "install_date", "warranty_until", "parent_id")
    known = {name: getattr(told, name) or None for name in said}
    if Asset.remember(told.id, fact.revision, **known, gone=told.HasField("deleted_time")):
        find_anew(account_id=told.account_id, contact_id=told.contact_id)


@on(
    contacts.ServiceContractCreated, contacts.ServiceContractUpdated, contacts.ServiceContractDeleted,
    contacts.ServiceContractRestored,
)  # fmt: skip
def know_the_service_contract(event: contacts.ServiceContractCreated, fact: Fact) -> None:
    """Remember what a customer is entitled to, and let the tickets follow that are not closed."""
    told: service_contract_pb2.ServiceContract = event.service_contract
    kept = mirror.stored(told)
    said = (*CUSTOMER, "name", "asset_ids", "entitlements", "start_date", "end_date")
    known = {name: kept.get(name) for name in said}
    if ServiceContract.remember(told.id, fact.revision, **known, gone=told.HasField("deleted_time")):
        find_anew(account_id=told.account_id, contact_id=told.contact_id)


@on(contacts.ErasureRequested)
def forget_who_asked(event: contacts.ErasureRequested, fact: Fact) -> None:
    """Who asked to be forgotten is: what the person wrote goes."""
    take_up(event)
