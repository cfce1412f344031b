"""Builders of contacts' nouns and messages, with their cast: Rose & Thorn Nurseries, where Ada Thorn and Ben Okafor work,
and Vale Gardens, of which so far only Mina Vale has asked for something.
"""

from datetime import UTC, datetime
from typing import Any

from crm.contacts.v1 import account_pb2, contact_pb2, interaction_pb2, lead_pb2
from crm.sales.v1 import opportunity_pb2, order_pb2

from services.contacts.account import Account
from services.contacts.contact import Contact
from services.contacts.lead import Lead

MORNING = datetime(2026, 3, 2, 9, 0, tzinfo=UTC)

ROSE_AND_THORN = {"name": "Rose & Thorn Nurseries", "domain": "roseandthorn.example"}
ADA = {"given_name": "Ada", "family_name": "Thorn", "emails": [{"address": "ada@roseandthorn.example"}]}
BEN = {"given_name": "Ben", "family_name": "Okafor", "emails": [{"address": "ben@roseandthorn.example"}]}
MINA = {
    "given_name": "Mina", "family_name": "Vale", "company_name": "Vale Gardens", "email": "mina@valegardens.example",
}  # fmt: skip


# ---------------------------------------------------------------- what a client sends


def an_account_message(**fields: Any) -> account_pb2.Account:
    """An account to make."""
    return account_pb2.Account(**({"name": "Rose & Thorn Nurseries"} | fields))


def a_contact_message(**fields: Any) -> contact_pb2.Contact:
    """A contact to make."""
    return contact_pb2.Contact(**(ADA | fields))


def a_lead_message(**fields: Any) -> lead_pb2.Lead:
    """A lead to make."""
    return lead_pb2.Lead(**(MINA | fields))


def an_interaction_message(**fields: Any) -> interaction_pb2.Interaction:
    """A call to log."""
    return interaction_pb2.Interaction(**({"kind": "CALL", "title": "Asked about the May delivery"} | fields))


# ---------------------------------------------------------------- nouns that never met a database


def an_account(**fields: Any) -> Account:
    """Rose & Thorn Nurseries."""
    return Account(id="acc_01m80nk41xeqr8nx3htck6pmz2", **_standing(ROSE_AND_THORN | fields))


def a_contact(**fields: Any) -> Contact:
    """Ada Thorn."""
    return Contact(id="con_01m80nk41xeqr8nx3htck6pmz2", **_standing(ADA | fields))


def a_lead(status: str = "NEW", **fields: Any) -> Lead:
    """Mina Vale of Vale Gardens."""
    return Lead(id="lead_01m80nk41xeqr8nx3htck6pmz2", status=status, **_standing(MINA | fields))


def _standing(fields: dict[str, Any]) -> dict[str, Any]:
    return {"tenant_id": "ten_1", "create_time": MORNING, "update_time": MORNING} | fields


# ---------------------------------------------------------------- what sales tells of


def a_sold_opportunity(**fields: Any) -> opportunity_pb2.Opportunity:
    """200 rose bushes, as an event of sales carries them."""
    given = {"id": "opp_01m80nk41xeqr8nx3htck6pmz2", "name": "200 rose bushes", "amount": euros(4821), "stage": "won"}
    return opportunity_pb2.Opportunity(**(given | fields))


def a_placed_order(**fields: Any) -> order_pb2.Order:
    """The order of 200 rose bushes, as an event of sales carries it."""
    given = {"id": "ord_01m80nk41xeqr8nx3htck6pmz2", "number": "ORD-2026-000123", "total": euros(4821)}
    return order_pb2.Order(**(given | fields))


def euros(units: int, nanos: int = 0) -> dict[str, Any]:
    """Money in euros."""
    return {"currency_code": "EUR", "units": units, "nanos": nanos}
