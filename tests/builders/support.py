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


def a_bounce(original: str, recipient: str, status: str = "5.1.1", **fields: str) -> bytes:
    """A delivery report (RFC 3464) on the mail with this Message-ID; `fields` are its action, diagnostic and own Message-ID."""
    told = {"action": "failed", "diagnostic": "550 5.1.1 no such user", "message_id": f"bounce-of-{original}"} | fields
    return f"""From: Mail Delivery System <MAILER-DAEMON@mx.example>
Subject: Undelivered Mail Returned to Sender
Message-ID: <{told["message_id"]}>
Auto-Submitted: auto-replied
MIME-Version: 1.0
Content-Type: multipart/report; report-type=delivery-status; boundary="b"

--b
Content-Type: text/plain; charset=us-ascii

Your message could not be delivered to <{recipient}>: {told["diagnostic"]}

--b
Content-Type: message/delivery-status

Reporting-MTA: dns; mx.example

Final-Recipient: rfc822; {recipient}
Action: {told["action"]}
Status: {status}
Diagnostic-Code: smtp; {told["diagnostic"]}

--b
Content-Type: text/rfc822-headers

Message-ID: <{original}>

--b--
""".replace("\n", "\r\n").encode()
