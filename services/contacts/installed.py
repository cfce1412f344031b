"""Assets and service contracts: what customers have of ours, and what service they are entitled to for it."""

from crm.common.v1 import entitlement_pb2
from crm.contacts.v1 import asset_pb2, service_contract_pb2

from chassis import Invalid, ListField, Noun, Parts, StringField, Violation, refer
from services.contacts.channels import without_repeats
from services.contacts.of_customer import OfCustomer

DEEPEST = 10  # levels of an asset and its parts


class Asset(OfCustomer):
    """A thing of ours that a customer has. Parts name what they are a part of, once and for ever, so that there is no circle."""

    contract = asset_pb2.Asset
    meta = {"collection": "assets"}
    last_day = "warranty_until"
    searched = ("name", "serial_number")
    indexed = (("contact_id",), ("account_id",), ("product_id",), ("serial_number",), ("parent_id",))

    name = StringField()
    product_id = StringField()
    serial_number = StringField()
    install_date = StringField()
    warranty_until = StringField()
    parent_id = StringField()
    description = StringField()

    def settle(self) -> None:
        """No warranty before it was installed, and a part of something that is there and the same customer's."""
        super().settle()
        if self.install_date and self.warranty_until and self.warranty_until < self.install_date:
            raise Invalid.field("asset.warranty_until", "is before install_date")
        if self.parent_id and self._before is None:
            refer(self, "parent_id", Asset)
            self._be_part()

    def _be_part(self) -> None:
        above, levels = self.parent_id, 1
        while above:
            if levels == DEEPEST:
                raise Invalid.field("asset.parent_id", f"lies deeper than {DEEPEST} levels")
            whole = Asset.objects(id=above).get()
            if not same_customer(self, whole):
                raise Invalid.field("asset.parent_id", "is another customer's")
            above, levels = whole.parent_id, levels + 1


class ServiceContract(OfCustomer):
    """What service a customer is entitled to, for which of its assets and how long."""

    contract = service_contract_pb2.ServiceContract
    meta = {"collection": "service_contracts"}
    last_day = "end_date"
    searched = ("name",)
    indexed = (("contact_id",), ("account_id",), ("asset_ids",), ("end_date",))

    name = StringField()
    asset_ids = ListField(StringField())
    entitlements = Parts(entitlement_pb2.Entitlement)
    start_date = StringField()
    end_date = StringField()
    description = StringField()

    def settle(self) -> None:
        """No end before the start, each asset once and the same customer's, and each entitlement once."""
        super().settle()
        self.asset_ids = without_repeats(self.asset_ids)
        keys = [each["key"] for each in self.entitlements]
        faults = [
            Violation(f"service_contract.entitlements[{at}].key", "is given twice")
            for at, key in enumerate(keys)
            if key in keys[:at]
        ]
        if self.end_date and self.end_date < self.start_date:
            faults.append(Violation("service_contract.end_date", "is before start_date"))
        if faults:
            raise Invalid(faults)
        refer(self, "asset_ids", Asset)
        self._cover()

    def _cover(self) -> None:
        covered = set((self._before or {}).get("asset_ids", ()))
        theirs = {
            asset.id for asset in Asset.objects(id__in=[id for id in self.asset_ids if id not in covered])
            if not same_customer(self, asset)
        }  # fmt: skip
        if theirs:
            raise Invalid(
                Violation(f"service_contract.asset_ids[{at}]", "is another customer's")
                for at, id in enumerate(self.asset_ids)
                if id in theirs
            )


def same_customer(one: Noun, other: Noun) -> bool:
    """Whether both are kept with the same account, or the same contact."""
    return any(
        getattr(one, field) and getattr(one, field) == getattr(other, field) for field in ("account_id", "contact_id")
    )
