"""What customers bought, want and like."""

from typing import Any

from crm.contacts.v1 import service_pb2_grpc

from chassis import page_of, standard
from services.contacts.account import Account
from services.contacts.contact import Contact
from services.contacts.finding import Need, Preference
from services.contacts.purchase import Purchase


class CustomersDoor(
    standard(Purchase, Need, Preference),  # type: ignore[misc]
    service_pb2_grpc.CustomersServiceServicer,
):
    """Answers CustomersService."""

    def ListAccountPurchases(self, request: Any, context: Any) -> Any:
        """What an account that the caller may see has bought."""
        return page_of(Purchase, request, order="-order_date", account_id=Account.find(request.id).id)

    def ListContactPurchases(self, request: Any, context: Any) -> Any:
        """What a contact that the caller may see has bought."""
        return page_of(Purchase, request, order="-order_date", contact_ids=Contact.find(request.id).id)
