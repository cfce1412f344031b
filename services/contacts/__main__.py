"""Runs the contacts service."""

from crm.contacts.v1 import events_pb2, service_pb2

from chassis import erasing, run
from services.contacts import reactions  # noqa: F401  importing registers them
from services.contacts.expiry import Expiry
from services.contacts.forgetting import forget
from services.contacts.forgetting_jobs import look
from services.contacts.groundwork import COMPANIONS, prepare
from services.contacts.service import Contacts
from services.contacts.settings import ContactsSettings

if __name__ == "__main__":
    beside = (*COMPANIONS, Expiry, erasing(forget, events_pb2.ErasureCompleted, look))
    run(service_pb2, Contacts(), settings=ContactsSettings, prepare=prepare, companions=beside)
