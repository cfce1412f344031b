"""Imports: accounts, contacts and leads out of files."""

from crm.contacts.v1 import import_pb2

from chassis import Importing, Kind, Link
from services.contacts.account import Account
from services.contacts.channels import normal_address, normal_domain
from services.contacts.contact import Contact
from services.contacts.file import File
from services.contacts.lead import Lead

_USUAL = frozenset(
    {"external_ids", "emails.address", "email", "domain"}
)  # names are shared too often to find by, unless told

_MAILBOX = (
    str.strip,
    normal_address,
    lambda address: normal_address(address).lower(),
)  # nobody tells mailboxes apart by case


class Import(Importing):
    """Records of one noun that come in from one file."""

    contract = import_pb2.Import
    meta = {"collection": "imports"}
    files = File
    kinds = {
        "account": Kind(
            Account, {"external_ids": (str,), "domain": (normal_domain,), "name": (str.strip,), "id": (str,)}, _USUAL
        ),
        "contact": Kind(
            Contact,
            {"external_ids": (str,), "emails.address": _MAILBOX, "id": (str,)},
            _USUAL,
            links=(Link("account_id", Account, by=("name", "domain")),),
        ),
        "lead": Kind(Lead, {"external_ids": (str,), "email": _MAILBOX, "id": (str,)}, _USUAL),
    }
