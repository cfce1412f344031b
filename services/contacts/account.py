"""Accounts: the companies and organisations that we do business with, in a tree."""

from crm.common.v1 import address_pb2, money_pb2
from crm.contacts.v1 import account_pb2, channels_pb2

from chassis import CustomFields, IntField, Invalid, ListField, Owned, Part, Parts, StringField, principal, refer
from services.contacts.channels import normal_domain, with_one_primary, without_repeats

DEEPEST = 50  # levels of a tree of accounts; the largest groups of companies have about twenty

_TREES = "account_trees"


class Account(Owned):
    """A company or an organisation that we do business with."""

    contract = account_pb2.Account
    meta = {"collection": "accounts"}
    searched = ("name", "legal_name", "domain", "phones.number")
    indexed = (("parent_id",), ("domain",), ("name",))

    name = StringField()
    legal_name = StringField()
    domain = StringField()
    website = StringField()
    industry = StringField()
    employee_count = IntField()
    annual_revenue = Part(money_pb2.Money)
    founded_year = IntField()
    region = StringField()
    phones = Parts(channels_pb2.PhoneNumber)
    addresses = Parts(address_pb2.PostalAddress)
    parent_id = StringField()
    description = StringField()
    tags = ListField(StringField())
    custom_fields = CustomFields()

    def settle(self) -> None:
        """One written form for the domain, one primary telephone, and a place in the tree."""
        self.domain = normal_domain(self.domain) if self.domain else None
        self.phones = with_one_primary(self.phones, "account.phones")
        self.tags = without_repeats(self.tags)
        if self.parent_id and self.parent_id != (self._before or {}).get("parent_id"):
            refer(self, "parent_id", Account)
            self._stay_a_tree()

    def _stay_a_tree(self) -> None:
        """Refuse a parent that lies below the account, or too deep. Deleted accounts keep their places: they may return."""
        if self._before is not None:  # a new account has nothing below it
            _take_turns()
        above, levels = self.parent_id, 1
        while above:
            if above == self.id:
                raise Invalid.field("account.parent_id", "is the account itself or lies below it")
            if levels == DEEPEST:
                raise Invalid.field("account.parent_id", f"lies deeper than {DEEPEST} levels")
            above, levels = Account.objects(id=above).scalar("parent_id").first(), levels + 1


def _take_turns() -> None:
    # Two moves that do not see each other could close a circle together. Both write here, so the later one starts again
    # and sees the first.
    trees = Account._get_db()[_TREES]
    trees.update_one({"_id": principal().tenant_id}, {"$inc": {"moves": 1}}, upsert=True)
