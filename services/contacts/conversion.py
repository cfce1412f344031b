"""What a lead becomes: the account and the contact that are there already, or new ones, and the id of an opportunity.

Only what the caller may see is found, and only who may write accounts and contacts can make them. What is found stays as
it is. Everything happens in the transaction of the request, so a lead is converted wholly or not at all.
"""

from typing import Any

from crm.contacts.v1 import account_pb2, contact_pb2

from chassis import Invalid, NotFound, Noun, fold, new_id, now
from services.contacts.account import Account
from services.contacts.channels import company_domain
from services.contacts.contact import Contact
from services.contacts.lead import Lead
from services.contacts.names import PARTS


def convert(lead: Lead, request: Any) -> None:
    """Turn `lead` into what a ConvertLeadRequest asks for. Refused with LeadUnqualified, Invalid, Forbidden."""
    lead.demand_convertible()  # before anything is made
    contact = _given(Contact, request, "contact_id") or contact_of(lead)
    account = _given(Account, request, "account_id") or account_of(lead, contact) or _new_account(lead)
    contact = contact or _new_contact(lead, account)
    became = {"account_id": account.id if account else "", "contact_id": contact.id if contact else ""}
    names = {"account_name": account.name if account else ""}
    if not request.without_opportunity:
        became["opportunity_id"] = new_id("opp")
        names["opportunity_name"] = request.opportunity_name or lead.title
    lead.convert(became, at=now(), **names)


def contact_of(lead: Lead) -> Contact | None:
    """The first contact with the lead's e-mail address among those that the caller may see."""
    if not lead.email:
        return None
    alike = Contact.holding(lead.email)
    return next((each for each in alike if each.reached_at(lead.email)), None)


def account_of(lead: Lead, contact: Contact | None) -> Account | None:
    """The first account with the company's domain, else with its name, else the contact's own."""
    if domain := company_domain(lead.email or ""):
        named = Account.objects(__raw__={"domain": domain, "deleted_time": None, **Account.visible()})
        if account := named.order_by("id").first():
            return account
    if lead.company_name:
        alike = Account.holding(lead.company_name)
        if account := next((each for each in alike if same_name(each.name, lead.company_name)), None):
            return account
    if contact and contact.account_id:
        return Account.objects(__raw__={"_id": contact.account_id, "deleted_time": None, **Account.visible()}).first()
    return None


def same_name(one: str, other: str) -> bool:
    """Whether two names are written alike but for case, accents and how much space there is."""
    return fold(" ".join(one.split())) == fold(" ".join(other.split()))


def _given(noun: type[Noun], request: Any, field: str) -> Any:
    if not (id := getattr(request, field)):
        return None
    try:
        return noun.find(id)
    except NotFound as unknown:
        raise Invalid.field(field, unknown.detail) from None


def _new_account(lead: Lead) -> Account | None:
    """None for a person without a company: there is nothing to call the account."""
    domain = company_domain(lead.email or "")
    if not (lead.company_name or domain):
        return None
    return Account.create(
        account_pb2.Account(
            name=lead.company_name or domain,
            domain=domain,
            **_of_lead(lead, "owner_id", "team_id", "website", "industry", "employee_count", "region"),
            addresses=[lead.address] if lead.address else [],
        )
    )


def _new_contact(lead: Lead, account: Account | None) -> Contact | None:
    """None for a company of which nobody is known."""
    if not (lead.person or lead.email):
        return None
    return Contact.create(
        contact_pb2.Contact(
            **_of_lead(lead, *PARTS, "language_code", "time_zone", "job_title", "owner_id", "team_id", "description"),
            emails=[{"address": lead.email}] if lead.email else [],
            phones=[{"number": lead.phone}] if lead.phone else [],
            addresses=[lead.address] if lead.address else [],
            account_id=account.id if account else "",
            tags=lead.tags,
        )
    )


def _of_lead(lead: Lead, *names: str) -> dict[str, Any]:
    return {name: value for name in names if (value := getattr(lead, name)) is not None}
