"""What is kept with an account or a contact: who sees and changes it, and the day until which it holds."""

from typing import Any, ClassVar

from chassis import BooleanField, Forbidden, Invalid, Noun, Scope, StringField, principal, refer, today
from services.contacts.account import Account
from services.contacts.contact import Contact
from services.contacts.sight import may_write, of_customers


class OfCustomer(Noun):
    """A record about an account, a contact or both: who may see one of them sees it, who may change one of them changes it."""

    meta = {"abstract": True}
    last_day: ClassVar[str] = "valid_until"  # the field that says until when it holds

    account_id = StringField()
    contact_id = StringField()
    expired = BooleanField()

    @classmethod
    def visible(cls, action: str = "read") -> dict[str, Any]:
        """Below the scope all, what is about accounts and contacts that the caller may see, or may change."""
        query = super().visible(action)
        if principal().scope(cls.about().permission(action)) is Scope.ALL:
            return query
        return {**query, "$or": of_customers("account_id", "contact_id", "read" if action == "read" else "write")}

    def settle(self) -> None:
        """It is about somebody who is there, and has expired when its last day has passed."""
        if not (self.account_id or self.contact_id):
            raise Invalid.field(f"{self.about().noun}.contact_id", "is required where there is no account_id")
        refer(self, "account_id", Account)
        refer(self, "contact_id", Contact)
        self.expired = bool(self._last_day and self._last_day < today())

    def stay_in_scope(self) -> None:
        """Refuse with Forbidden to write about those whom the caller may not change."""
        permission = self.about().permission("write")
        if principal().scope(permission) is Scope.ALL:
            return
        if not (may_write(Account, self.account_id) or may_write(Contact, self.contact_id)):
            raise Forbidden(permission=f"{permission} for other owners")

    def lapse(self) -> None:
        """Have expired, for its last day has passed; nothing where it has none, or a later one by now."""
        if not self.expired and self._last_day and self._last_day < today():
            self.expired = True
            self.record_standard("Expired")

    @property
    def _last_day(self) -> str:
        day: str = getattr(self, self.last_day) or ""
        return day
