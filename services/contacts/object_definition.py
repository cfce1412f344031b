"""Object definitions: the kinds of records that a tenant adds to the suite."""

import re

from crm.schema.v1 import object_definition_pb2

from chassis import AlreadyExists, DictField, Invalid, Noun, StringField, take_turns
from services.contacts.refusals import ObjectInUse, ObjectQuotaReached

MOST_OBJECTS = 50

_KEY = re.compile(r"[a-z][a-z0-9_]*\Z")


class ObjectDefinition(Noun):
    """A kind of records of a tenant's own."""

    contract = object_definition_pb2.ObjectDefinition
    meta = {"collection": "object_definitions"}
    searched = ("key", "label", "plural_label")
    indexed = (("key",),)

    key = StringField()
    label = StringField()
    plural_label = StringField()
    labels = DictField()
    description = StringField()

    def home_service(self) -> str:
        """Contacts keeps the objects of all."""
        return "contacts"

    def arrive(self) -> None:
        """A key of its own, within the quota."""
        take_turns("objects")  # two could both be the last within the quota
        if not _KEY.match(self.key):
            raise Invalid.field(
                "object_definition.key", "must begin with a letter and hold small letters, digits and _"
            )
        if ObjectDefinition.objects(key=self.key).first():
            raise AlreadyExists(noun="object", field="key")
        if ObjectDefinition.objects(deleted_time=None).count() >= MOST_OBJECTS:
            raise ObjectQuotaReached(most=MOST_OBJECTS)

    def remove(self) -> None:
        """Refuse to go while there are records, deleted ones included: they could return to nowhere."""
        from services.contacts.record import Record  # here, because records know their object

        take_turns("objects")
        if Record._get_collection().find_one({"tenant_id": self.tenant_id, "object": self.key}, {"_id": 1}):
            raise ObjectInUse(object=self.key)
        super().remove()
