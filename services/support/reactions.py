"""What support hears: who the contacts are, so that mails find the people who write them."""

from crm.contacts.v1 import contact_pb2
from crm.contacts.v1 import events_pb2 as contacts

from chassis import Fact, on
from services.support.contact import Contact, mailbox_of
from services.support.ticket import Ticket


@on(contacts.ContactCreated, contacts.ContactUpdated, contacts.ContactRestored)
def know_the_contact(
    event: contacts.ContactCreated | contacts.ContactUpdated | contacts.ContactRestored, fact: Fact
) -> None:
    """Remember whose mailbox is whose, and give the contact the tickets that were waiting for somebody to be known."""
    told: contact_pb2.Contact = event.contact
    emails = [mailbox_of(each.address) for each in sorted(told.emails, key=lambda each: not each.primary)]
    known = {"name": told.display_name or None, "account_id": told.account_id or None, "emails": emails}
    Contact.remember(told.id, fact.revision, **known)
    contact = Contact.objects(id=told.id).get()
    if contact.revision != fact.revision:  # something newer is known
        return
    for id in Ticket.objects(requester_email__in=emails, requester_id=None, deleted_time=None).scalar("id"):
        ticket = Ticket.find(id, "write")
        if ticket.belong(contact):
            ticket.keep()


@on(contacts.ContactDeleted)
def forget_the_contact(event: contacts.ContactDeleted, fact: Fact) -> None:
    """Find nobody by the mailboxes of a contact that is gone; its tickets stay its tickets."""
    Contact.remember(event.contact.id, fact.revision, emails=[])
