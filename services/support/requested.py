"""Who asks for something, and what service that customer was entitled to when it asked."""

from crm.support.v1 import ticket_pb2

from chassis import DateTimeField, Owned, Part, StringField, now, take_turns
from services.support.contact import Contact
from services.support.installed import entitled

_ASKED_BY = ("requester_id", "requester_name", "requester_email", "account_id")
_CLAIMED_BY = ("account_id", "requester_id", "asset_id")  # whose claim it is, and on what


class Requested(Owned):
    """A request of a customer, who may become known later, and so may what it is entitled to."""

    meta = {"abstract": True}

    requester_id = StringField()
    requester_email = StringField()
    requester_name = StringField()
    account_id = StringField()
    asset_id = StringField()
    open_time = DateTimeField()
    entitlement = Part(ticket_pb2.Ticket.Claim)

    @property
    def closed(self) -> bool:
        """Done for good: what becomes known later changes nothing of it."""
        raise NotImplementedError

    def belong(self, contact: Contact) -> bool:
        """Be the request of a contact that became known; False when it is somebody else's, or says it all already."""
        if self.requester_id not in (None, contact.id):
            return False
        before = {name: getattr(self, name) for name in _ASKED_BY}
        self.requester_id = contact.id
        self.tell_of(contact)
        changed = [name for name in _ASKED_BY if getattr(self, name) != before[name]]
        changed += ["entitlement"] if self.find_entitlement() else []
        if changed:
            self.record_standard("Updated", changed_fields=changed)
        return bool(changed)

    def claim_anew(self) -> bool:
        """Show what the customer is now known to have been entitled to; False when that is the same, or all is over."""
        had = self.entitlement
        if not self.closed:
            self._claim()
        if self.entitlement == had:
            return False
        self.record_standard("Updated", changed_fields=["entitlement"])
        return True

    def tell_of(self, contact: Contact) -> None:
        """Say of who asks what is not said yet."""
        self.requester_name = self.requester_name or contact.name
        self.requester_email = self.requester_email or (contact.emails[0] if contact.emails else None)
        self.account_id = self.account_id or contact.account_id

    def find_entitlement(self) -> bool:
        """Show what the customer was entitled to when it asked, where it is not shown yet; whether it is another now."""
        before, had = self._before or {}, self.entitlement
        if self._before is None or any(getattr(self, name) != before.get(name) for name in _CLAIMED_BY):
            self._claim()
        return bool(self.entitlement != had)

    def _claim(self) -> None:
        asked = (self.open_time or now()).date().isoformat()
        self.entitlement = entitled(self.account_id, self.requester_id, self.asset_id, asked)
        if not self.closed:  # what becomes known at this moment reaches it
            take_turns(*(f"claims/{id}" for id in (self.account_id, self.requester_id) if id))
