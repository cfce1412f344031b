"""Files: what users bring in, and what jobs make."""

from crm.contacts.v1 import file_pb2

from chassis import File as Kept


class File(Kept):
    """A file of the tenant."""

    contract = file_pb2.File
    meta = {"collection": "files"}
