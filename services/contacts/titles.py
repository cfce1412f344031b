"""What timelines call a fact, in plain words: `Opportunity won: 200 rose bushes, 4,821.00 EUR`."""

from crm.campaigns.v1 import consent_pb2
from crm.common.v1 import money_pb2
from crm.contacts.v1 import attachment_pb2, document_pb2, lead_pb2
from crm.sales.v1 import opportunity_pb2, order_pb2
from crm.support.v1 import ticket_pb2

# ISO 4217: currencies whose amounts are not written with two decimals.
_WHOLE = {
    "BIF",
    "CLP",
    "DJF",
    "GNF",
    "ISK",
    "JPY",
    "KMF",
    "KRW",
    "PYG",
    "RWF",
    "UGX",
    "UYI",
    "VND",
    "VUV",
    "XAF",
    "XOF",
    "XPF",
}
_THOUSANDTHS = {"BHD", "IQD", "JOD", "KWD", "LYD", "OMR", "TND"}
_LONGEST = 255
_WAYS = {
    consent_pb2.Consent.EMAIL: "e-mail",
    consent_pb2.Consent.PHONE: "telephone",
    consent_pb2.Consent.SMS: "text message",
    consent_pb2.Consent.POST: "letter",
}


def of_opportunity(happened: str, opportunity: opportunity_pb2.Opportunity) -> str:
    """`Opportunity won: 200 rose bushes, 4,821.00 EUR`"""
    amount = opportunity.amount if opportunity.HasField("amount") else None
    return _said(f"Opportunity {happened}", opportunity.name, amount)


def of_order(happened: str, order: order_pb2.Order) -> str:
    """`Order placed: ORD-2026-000123, 4,821.00 EUR`"""
    return _said(f"Order {happened}", order.number, order.total if order.HasField("total") else None)


def of_ticket(happened: str, ticket: ticket_pb2.Ticket) -> str:
    """`Ticket opened: SUP-2026-000123, The roses arrived dry`"""
    return _said(f"Ticket {happened}", f"{ticket.number}, {ticket.subject}", None)


def of_conversion(lead: lead_pb2.Lead) -> str:
    """`Lead converted: Ada Thorn, Rose & Thorn Nurseries`"""
    called = dict.fromkeys(filter(None, (lead.display_name, lead.company_name)))
    return f"Lead converted: {', '.join(called)}"[:_LONGEST]


def of_mail(happened: str, campaign_name: str) -> str:
    """`Campaign mail sent: Spring 2026`"""
    return _said(f"Campaign mail {happened}", campaign_name, None)


def of_consent(consent: consent_pb2.Consent) -> str:
    """`Said yes to news by e-mail`"""
    word = "yes" if consent.state == consent_pb2.Consent.OPTED_IN else "no"
    return f"Said {word} to {consent.topic} by {_WAYS[consent.channel]}"


def of_lapse(consent: consent_pb2.Consent) -> str:
    """`Yes to news by e-mail expired`"""
    return f"Yes to {consent.topic} by {_WAYS[consent.channel]} expired"


def of_file(attachment: attachment_pb2.Attachment) -> str:
    """`File attached: Offer for 200 rose bushes.pdf`"""
    return _said("File attached", attachment.name, None)


def of_document(happened: str, document: document_pb2.Document) -> str:
    """`Document signed: Offer for 200 rose bushes`"""
    return _said(f"Document {happened}", document.name, None)


def spoken(money: money_pb2.Money) -> str:
    """An amount as people read it: `4,821.00 EUR`; more decimals than the currency has only where they are not zero."""
    nanos = f"{abs(money.nanos):09d}"
    least = 0 if money.currency_code in _WHOLE else 3 if money.currency_code in _THOUSANDTHS else 2
    decimals = nanos.rstrip("0").ljust(least, "0")
    sign = "-" if money.units < 0 or money.nanos < 0 else ""
    return f"{sign}{abs(money.units):,}{'.' if decimals else ''}{decimals} {money.currency_code}"


def _said(happened: str, what: str, amount: money_pb2.Money | None) -> str:
    # A long name gives way to the amount.
    ending = f", {spoken(amount)}" if amount else ""
    room = _LONGEST - len(happened) - len(ending) - 2
    what = what if len(what) <= room else f"{what[: room - 1]}…"
    return f"{happened}: {what}{ending}"
