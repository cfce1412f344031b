"""Builders of support nouns and mails. Cast: Ada Thorn of Rose & Thorn Nurseries asks, Ben Oak helps."""

from datetime import UTC, datetime
from email.message import EmailMessage
from email.policy import SMTP
from typing import Any

from crm.support.v1 import ticket_pb2

from services.support.ticket import Ticket

MORNING = datetime(2026, 3, 2, 9, 0, tzinfo=UTC)
ADA, EVE = "ada@rose-thorn.example", "eve@elsewhere.example"


def a_ticket(**fields: Any) -> Ticket:
    """A ticket that never met a database."""
    given = {
        "number": "SUP-2026-000123", "subject": "The roses arrived dry", "status": "NEW", "open_time": MORNING,
        "requester_email": ADA,
    } | fields  # fmt: skip
    return Ticket(id="tkt_01m80nk41xeqr8nx3htck6pmz2", tenant_id="ten_1", create_time=MORNING, **given)


def a_ticket_message(**fields: Any) -> ticket_pb2.Ticket:
    """What a client sends to open a ticket."""
    return ticket_pb2.Ticket(**({"subject": "The roses arrived dry", "requester_email": ADA} | fields))


def a_mail(text: str = "The roses arrived dry.\n", *, to: str, sender: str = ADA, **headers: str) -> bytes:
    """A mail that a customer writes; headers by name, with `_` for `-`."""
    mail = EmailMessage(SMTP)
    given = {"From": sender, "To": to, "Subject": "Dry roses"}
    given |= {name.replace("_", "-"): value for name, value in headers.items()}
    for name, value in given.items():
        if value:
            mail[name] = value
    mail.set_content(text)
    return mail.as_bytes()
