"""Records of which there may be two: found, ruled about, made one and parted."""

from typing import Any

from crm.contacts.v1 import service_pb2_grpc

from chassis import standard
from services.contacts import duplicate
from services.contacts.account import Account
from services.contacts.contact import Contact
from services.contacts.duplicate_rule import DuplicateRule
from services.contacts.lead import Lead
from services.contacts.merge import Merge


class DuplicatesDoor(
    standard(DuplicateRule, Merge),  # type: ignore[misc]
    service_pb2_grpc.DuplicatesServiceServicer,
):
    """Answers DuplicatesService."""

    def FindAccountDuplicates(self, request: Any, context: Any) -> Any:
        """Accounts that may be the same."""
        return duplicate.find(Account, request)

    def FindContactDuplicates(self, request: Any, context: Any) -> Any:
        """Contacts that may be the same."""
        return duplicate.find(Contact, request)

    def FindLeadDuplicates(self, request: Any, context: Any) -> Any:
        """Leads that may be the same."""
        return duplicate.find(Lead, request)

    def MergeAccounts(self, request: Any, context: Any) -> Any:
        """Become one."""
        return Account.merge(request).message()

    def UnmergeAccounts(self, request: Any, context: Any) -> Any:
        """Parted again."""
        return Account.unmerge(request).message()

    def MergeContacts(self, request: Any, context: Any) -> Any:
        """Become one."""
        return Contact.merge(request).message()

    def UnmergeContacts(self, request: Any, context: Any) -> Any:
        """Parted again."""
        return Contact.unmerge(request).message()

    def MergeLeads(self, request: Any, context: Any) -> Any:
        """Become one."""
        return Lead.merge(request).message()

    def UnmergeLeads(self, request: Any, context: Any) -> Any:
        """Parted again."""
        return Lead.unmerge(request).message()
