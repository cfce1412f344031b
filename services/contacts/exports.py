"""Exports: accounts, contacts and leads into files."""

from crm.contacts.v1 import export_pb2

from chassis import Exporting
from services.contacts.file import File
from services.contacts.imports import Import


class Export(Exporting):
    """Records of one noun that go out into one file."""

    contract = export_pb2.Export
    meta = {"collection": "exports"}
    files = File
    kinds = Import.kinds
