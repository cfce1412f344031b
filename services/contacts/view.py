"""Views: ways to look at records that users save and share."""

from collections.abc import Iterator

from crm.contacts.v1 import view_pb2

from chassis import ListField, StringField, Violation, listing
from services.contacts.sharing import Shared


class View(Shared):
    """Which records of a noun, in what order, with which columns."""

    contract = view_pb2.View
    meta = {"collection": "views"}
    searched = ("name",)
    indexed = (("owner_id",), ("shared_with.user_ids",), ("shared_with.team_ids",))
    of_objects = True

    columns = ListField(StringField())
    sort = ListField(StringField())

    def faults(self, fields: listing.Catalogue) -> Iterator[Violation]:
        """Columns and keys of the order that the noun does not have, and keys that have no order."""
        for place, column in enumerate(self.columns):
            if column not in fields:
                yield Violation(f"view.columns[{place}]", f"{column[:80]!r} is no field to show")
        for place, key in enumerate(self.sort):
            if not listing.sortable(fields.get(key.removeprefix("-"))):
                yield Violation(f"view.sort[{place}]", f"{key[:80]!r} is no field to sort by")

    def named(self) -> list[str]:
        """The fields of columns and order."""
        return [*self.columns, *(key.removeprefix("-") for key in self.sort)]
