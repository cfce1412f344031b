"""Topics: what we reach people about, and on what ground."""

from typing import Self

from crm.campaigns.v1 import topic_pb2

from chassis import BooleanField, IntField, Noun, StringField

CONSENT, CONTRACT = "CONSENT", "CONTRACT"


class Topic(Noun):
    """A purpose of the consent ledger."""

    contract = topic_pb2.Topic
    meta = {"collection": "topics"}
    searched = ("key", "name")
    unique = ("key",)

    key = StringField()
    name = StringField()
    description = StringField()
    transactional = BooleanField(default=False)
    lawful_basis = StringField()
    valid_days = IntField(default=0)

    @classmethod
    def called(cls, key: str) -> Self | None:
        """The topic with this key; None where nobody declared it: it is marketing then."""
        found: Self | None = cls.objects(key=key, deleted_time=None).first()
        return found

    def settle(self) -> None:
        """On the ground that topics of its kind have, unless another is given."""
        self.lawful_basis = self.lawful_basis or (CONTRACT if self.transactional else CONSENT)
