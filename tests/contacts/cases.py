"""What the standard methods need to be asked of every noun alike."""

from collections.abc import Callable
from dataclasses import dataclass
from typing import Any

import pytest
from crm.contacts.v1 import account_pb2, contact_pb2, lead_pb2

from chassis.testing import Caller
from tests.builders.contacts import a_contact_message, a_lead_message, an_account_message


@dataclass(frozen=True)
class Case:
    """A noun with the messages of its methods."""

    name: str
    plural: str
    build: Callable[..., Any]
    messages: Any

    @property
    def field(self) -> str:
        """Its field in requests."""
        return self.name.lower()

    def create(self, caller: Caller, **fields: Any) -> Any:
        """Make one."""
        request = getattr(self.messages, f"Create{self.name}Request")
        return getattr(caller, f"Create{self.name}")(request(**{self.field: self.build(**fields)}))

    def update(self, caller: Caller, id: str, *, mask: tuple[str, ...] = (), **fields: Any) -> Any:
        """Change the given fields of one, or those of `mask`."""
        noun = getattr(self.messages, self.name)(id=id, **fields)
        request = getattr(self.messages, f"Update{self.name}Request")
        return getattr(caller, f"Update{self.name}")(
            request(**{self.field: noun}, update_mask={"paths": mask or list(fields)})
        )

    def upsert(self, caller: Caller, system: str, external_id: str, **fields: Any) -> Any:
        """Create or change one by its name in another system."""
        request = getattr(self.messages, f"Upsert{self.name}Request")
        given = {self.field: self.build(**fields)}
        return getattr(caller, f"Upsert{self.name}")(request(system=system, external_id=external_id, **given))

    def batch(self, caller: Caller, kind: str, items: list[dict[str, Any]], atomic: bool = False) -> Any:
        """Write several: `kind` is Create, Update or Upsert."""
        request = getattr(self.messages, f"Batch{self.plural}Request")
        return getattr(caller, f"Batch{kind}{self.plural}")(request(items=items, atomic=atomic))

    def call(self, caller: Caller, method: str, request: Any) -> Any:
        """Call a method whose request is common to all nouns: Get, List, Delete, Restore, BatchGet, BatchDelete."""
        plural = method.startswith("Batch") or method == "List"
        return getattr(caller, f"{method}{self.plural if plural else self.name}")(request)

    def ids(self, caller: Caller, request: Any) -> list[str]:
        """The ids that a list answers."""
        return [each.id for each in getattr(self.call(caller, "List", request), self.plural.lower())]


ACCOUNT = Case("Account", "Accounts", an_account_message, account_pb2)
CONTACT = Case("Contact", "Contacts", a_contact_message, contact_pb2)
LEAD = Case("Lead", "Leads", a_lead_message, lead_pb2)

every_noun = pytest.mark.parametrize("case", [ACCOUNT, CONTACT, LEAD], ids=lambda case: case.name)
