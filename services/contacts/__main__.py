"""Runs the contacts service."""

from crm.contacts.v1 import service_pb2

from chassis import run
from services.contacts import reactions  # noqa: F401  importing registers them
from services.contacts.service import Contacts

if __name__ == "__main__":
    run(service_pb2, Contacts())
