"""Who our customers are, and what happened between us."""

from typing import Any

from crm.contacts.v1 import service_pb2_grpc

from chassis import standard
from services.contacts.account import Account
from services.contacts.contact import Contact
from services.contacts.conversion import convert
from services.contacts.interaction import Interaction
from services.contacts.lead import Lead


class ContactsDoor(
    standard(Account, Contact, Lead, Interaction),  # type: ignore[misc]
    service_pb2_grpc.ContactsServiceServicer,
):
    """Answers ContactsService."""

    def WorkLead(self, request: Any, context: Any) -> Any:
        """Somebody is in touch."""
        with Lead.change(request) as lead:
            lead.work()
        return lead.message()

    def QualifyLead(self, request: Any, context: Any) -> Any:
        """Fit for a sale."""
        with Lead.change(request) as lead:
            lead.qualify()
        return lead.message()

    def DisqualifyLead(self, request: Any, context: Any) -> Any:
        """Not fit for a sale."""
        with Lead.change(request) as lead:
            lead.disqualify(request.reason)
        return lead.message()

    def ReopenLead(self, request: Any, context: Any) -> Any:
        """Taken up again."""
        with Lead.change(request) as lead:
            lead.reopen()
        return lead.message()

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
