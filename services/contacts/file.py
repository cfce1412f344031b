"""Files: what users bring in, and what jobs make."""

from typing import Self

from crm.contacts.v1 import file_pb2

from chassis import File as Kept


class File(Kept):
    """A file of the tenant."""

    contract = file_pb2.File
    meta = {"collection": "files"}

    @classmethod
    def held(cls, id: str) -> Self:
        """The file that a record names, whoever brought it in. Refused with NotFound."""
        found = cls.objects(id=id, deleted_time=None).first()
        if found is None:
            raise cls.missing(id)
        return found
