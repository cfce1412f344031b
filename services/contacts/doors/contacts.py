"""Who our customers are, and what happened between us."""

from typing import Any

from crm.contacts.v1 import service_pb2_grpc

from chassis import standard, verbs
from services.contacts.account import Account
from services.contacts.contact import Contact
from services.contacts.conversion import convert
from services.contacts.interaction import Interaction
from services.contacts.lead import Lead


class ContactsDoor(
    standard(Account, Contact, Lead, Interaction),  # type: ignore[misc]
    verbs(Lead, "work", "qualify", "disqualify", "reopen"),  # type: ignore[misc]
    service_pb2_grpc.ContactsServiceServicer,
):
    """Answers ContactsService."""

    def ConvertLead(self, request: Any, context: Any) -> Any:
        """Become an account, a contact and an opportunity; what has become so stays so."""
        with Lead.change(request) as lead:
            if not lead.converted:
                convert(lead, request)
        return lead.message()

    def ListAccountTimeline(self, request: Any, context: Any) -> Any:
        """What happened with an account that the caller may see."""
        Account.demand(request.id)
        return Interaction.timeline("account_ids", request)

    def ListContactTimeline(self, request: Any, context: Any) -> Any:
        """What happened with a contact that the caller may see."""
        Contact.demand(request.id)
        return Interaction.timeline("contact_ids", request)
