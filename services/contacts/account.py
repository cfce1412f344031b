"""Accounts: the companies and organisations that we do business with, in a tree."""

from typing import Any, Self

from crm.common.v1 import address_pb2, money_pb2
from crm.contacts.v1 import account_pb2, channels_pb2, purchase_pb2

from chassis import CustomFields, IntField, Invalid, ListField, Part, Parts, StringField, merging, refer, take_turns
from services.contacts import postal, registers, telephones
from services.contacts.association_label import BOTH_ENDS
from services.contacts.channels import normal_domain, tagged, without_repeats
from services.contacts.mergeable import Mergeable
from services.contacts.portrait import Portrait, of_company
from services.contacts.routed import Routed

SIZE_BANDS = ((10, "1-10"), (50, "11-50"), (200, "51-200"), (500, "201-500"), (1000, "501-1000"), (5000, "1001-5000"),
              (10_000, "5001-10000"))  # fmt: skip

DEEPEST = 50  # levels of a tree of accounts; the largest groups of companies have about twenty


class Account(Mergeable, Routed):
    """A company or an organisation that we do business with."""

    contract = account_pb2.Account
    meta = {"collection": "accounts"}
    searched = ("name", "legal_name", "domain", "other_domains", "phones.number", "registration_ids.number")
    naming = (merging.Reference("accounts", "parent_id"),)
    of_a_person = False
    children = (
        merging.Reference("contacts", "account_id"),
        *naming,
        merging.Reference("leads", "conversion", "account_id"),
        merging.Reference("interactions", "account_ids"),
        merging.Reference("attachments", "record_id"),
        merging.Reference("documents", "account_ids"),
        merging.Reference("purchases", "account_id", revised=False),
        *(merging.Reference(kept, "account_id") for kept in ("needs", "preferences", "assets", "service_contracts")),
        BOTH_ENDS,
    )
    bought_by = "account_id"
    indexed = (
        ("parent_id",), ("domain",), ("name",), ("owner_id", "name"), ("territory_id",), ("duplicate_keys",),
        ("purchases.last_order_date",),
    )  # fmt: skip

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
    purchases = Part(purchase_pb2.PurchaseFigures)
    custom_fields = CustomFields()
    other_domains = ListField(StringField())
    size_band = StringField()
    registration_ids = Parts(account_pb2.Account.RegistrationId)

    @classmethod
    def portrayed(cls, row: dict[str, Any]) -> Portrait:
        """The company of a stored row."""
        return of_company(row)

    @classmethod
    def called(cls, row: dict[str, Any]) -> str:
        """Its name."""
        return str(row["name"])

    def settle(self) -> None:
        """One written form for domains, addresses and telephones, a size, and a place in the tree."""
        self.domain = normal_domain(self.domain) if self.domain else None
        others = without_repeats(normal_domain(each) for each in self.other_domains)
        self.other_domains = [each for each in others if each != self.domain]
        self.addresses = [postal.settled(address) for address in self.addresses]
        self.phones = telephones.settled(self.phones, "account.phones", postal.country_of(self.addresses))
        self.size_band = size_band(self.employee_count) if self.employee_count else self.size_band
        self.registration_ids = registers.settled(self.registration_ids, "account.registration_ids")
        self.tags = tagged(self.tags)
        if self.parent_id and self.parent_id != (self._before or {}).get("parent_id"):
            refer(self, "parent_id", Account)
            self._stay_a_tree()
        self.find_territory()

    def demand_mergeable(self, merged: list[Self]) -> None:
        """Leave the place below those that it becomes one with: where the highest of them stood."""
        take_turns("account-tree")
        ids, above = {each.id for each in merged}, self.parent_id
        for _ in range(DEEPEST):
            if not above:
                return
            higher = Account.objects(id=above).scalar("parent_id").first()
            if above in ids:
                self.parent_id = higher
            above = higher

    def _stay_a_tree(self) -> None:
        """Refuse a parent that lies below the account, or too deep. Deleted accounts keep their places: they may return."""
        if self._before is not None:  # a new account has nothing below it
            take_turns("account-tree")  # two moves could close a circle together
        above, levels = self.parent_id, 1
        while above:
            if above == self.id:
                raise Invalid.field("account.parent_id", "is the account itself or lies below it")
            if levels == DEEPEST:
                raise Invalid.field("account.parent_id", f"lies deeper than {DEEPEST} levels")
            above, levels = Account.objects(id=above).scalar("parent_id").first(), levels + 1


def size_band(employees: int) -> str:
    """The band that a number of employees above 0 lies in."""
    return next((band for most, band in SIZE_BANDS if employees <= most), "10001+")
