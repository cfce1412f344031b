"""Association labels: the ways in which a tenant's records belong together."""

from collections.abc import Hashable
from typing import Any

from crm.contacts.v1 import association_pb2

from chassis import IntField, Noun, StringField, merging, principal, remembered

# What every tenant begins with: key, nouns, names in both directions, limits.
STANDARD = (
    ("employer", "contact", "account", "works for", "employs", 0, 0),
    ("decision_maker", "contact", "account", "decides for", "has as decision maker", 0, 0),
    ("reports_to", "contact", "contact", "reports to", "is reported to by", 1, 0),
    ("spouse", "contact", "contact", "is married to", "is married to", 1, 1),
    ("partner", "account", "account", "is partner of", "is partner of", 0, 0),
    ("parent_company", "account", "account", "belongs to", "owns", 1, 0),
    ("referred_by", "lead", "contact", "was referred by", "referred", 0, 0),
)


class AssociationLabel(Noun):
    """A way in which records belong together."""

    contract = association_pb2.AssociationLabel
    meta = {"collection": "association_labels"}
    searched = ("key", "forward_name", "backward_name")
    unique = ("key",)

    key = StringField()
    from_noun = StringField()
    to_noun = StringField()
    forward_name = StringField()
    backward_name = StringField()
    from_limit = IntField(default=0)
    to_limit = IntField(default=0)
    description = StringField()

    @property
    def without_direction(self) -> bool:
        """The same from either side."""
        return self.from_noun == self.to_noun and self.forward_name == self.backward_name

    @classmethod
    def named(cls, key: str) -> "AssociationLabel | None":
        """The live label of that key, asked once per transaction."""
        at = (cls, principal().tenant_id, key)
        return remembered(at, lambda: cls.objects(key=key, deleted_time=None).first())

    @classmethod
    def lay_standard(cls) -> None:
        """Give a tenant those of the standard labels whose keys it does not have."""
        names = ("key", "from_noun", "to_noun", "forward_name", "backward_name", "from_limit", "to_limit")
        taken = set(cls.objects().scalar("key"))
        for values in STANDARD:
            if values[0] not in taken:
                fields: dict[str, Any] = dict(zip(names, values, strict=True))
                cls.fresh(**fields).enter()


def place(association: dict[str, Any]) -> Hashable:
    """What a stored association says; None where it says nothing, for both its ends became one record."""
    ends, label = (association["from_id"], association["to_id"]), AssociationLabel.named(association["label"])
    if ends[0] == ends[1]:
        return None
    said = tuple(association.get(name) for name in ("label", "since_date", "until_date", "deleted_time"))
    return said, frozenset(ends) if label and label.without_direction else ends


# Both ends of one association may be merged, by one merge or by two.
BOTH_ENDS = merging.Reference("associations", "record_ids", beside=("from_id", "to_id"), once_per=place)
