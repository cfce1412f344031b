"""Runs the contacts service."""

from crm.contacts.v1 import service_pb2

from chassis import FileSettings, run
from services.contacts import reactions  # noqa: F401  importing registers them
from services.contacts.expiry import Expiry
from services.contacts.groundwork import COMPANIONS, prepare
from services.contacts.service import Contacts

if __name__ == "__main__":
    run(service_pb2, Contacts(), settings=FileSettings, prepare=prepare, companions=(*COMPANIONS, Expiry))
