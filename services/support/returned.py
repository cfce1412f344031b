"""Which of our mails a bounce is about: only what carries our proof counts, for anybody can write a bounce."""

import re

from chassis import principal
from services.support.delivery import ACCEPTED, BOUNCED, Delivery
from services.support.letter import Letter
from services.support.message import Message
from services.support.report import Report
from services.support.thread import TOKEN, Place, said_in
from services.support.ticket import Ticket
from services.support.token import Keys

_SIGNED = re.compile(rb"msg_[0-9a-z]{26}\.[a-z0-9]{1,4}\.[a-z2-7]{16}@")
_SEARCHED = 500_000  # bytes of a bounce in which the returned mail's Message-ID is looked for


def mark_returned(letter: Letter, reports: list[Report], place: Place, keys: Keys) -> Ticket | None:
    """Mark the deliveries that a bounce is about as bounced; the ticket that they belong to, None where it proves none."""
    deliveries = _deliveries(letter, place, keys)
    if not deliveries:
        return place.ticket if place.way == TOKEN else None
    failed = {report.recipient: report for report in reports if report.action == "failed"}
    for delivery in deliveries:
        report = failed.get(delivery.recipient) or (failed.get("") if len(deliveries) == 1 else None)
        if report is None and len(deliveries) == 1 and len(failed) == 1:  # the address was rewritten on its way
            [report] = failed.values()
        if report and delivery.state == ACCEPTED:
            _mark(delivery, f"{report.status} {report.diagnostic}".strip() or "returned")
    ticket: Ticket | None = Ticket.objects(id=deliveries[0].ticket_id, deleted_time=None).first()
    return ticket


def _deliveries(letter: Letter, place: Place, keys: Keys) -> list[Delivery]:
    for found in _SIGNED.findall(letter.raw[:_SEARCHED]):
        message_id = said_in(found.decode(), keys, principal().tenant_id)
        if message_id:
            return list(Delivery.objects(message_id=message_id))
    if place.way != TOKEN or place.ticket is None:
        return []
    latest = Delivery.objects(ticket_id=place.ticket.id).order_by("-id").first()
    return list(Delivery.objects(message_id=latest.message_id)) if latest else []


def _mark(delivery: Delivery, answer: str) -> None:
    delivery = Delivery.find(delivery.id, "write")
    delivery.bounce(answer)
    delivery.keep()
    message = Message.find(delivery.message_id, "write")
    states = Delivery.objects(message_id=message.id, id__ne=delivery.id).scalar("state")
    message.travel([BOUNCED, *states], delivery.recipient, answer)
    message.keep()
