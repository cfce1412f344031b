"""What contacts and leads have in common: a person's name, and what else is said of a person."""

from typing import Any

from chassis import CustomFields, ListField, StringField
from services.contacts.mergeable import Mergeable
from services.contacts.portrait import Portrait, of_person
from services.contacts.routed import Routed

SEARCHED = (
    "given_name", "middle_name", "family_name", "nickname", "display_name", "phonetic_given_name", "phonetic_family_name",
)  # fmt: skip


class Named(Mergeable, Routed):
    """A person by name."""

    meta = {"abstract": True}

    honorific = StringField()
    given_name = StringField()
    middle_name = StringField()
    family_name = StringField()
    suffix = StringField()
    nickname = StringField()
    phonetic_given_name = StringField()
    phonetic_family_name = StringField()
    name_order = StringField()
    display_name = StringField()
    job_title = StringField()
    language_code = StringField()
    time_zone = StringField()
    description = StringField()
    tags = ListField(StringField())
    custom_fields = CustomFields()

    @classmethod
    def portrayed(cls, row: dict[str, Any]) -> Portrait:
        """The person of a stored row, with the company that it speaks for."""
        return of_person(row)
