"""Reads the mails that came: each becomes a message of a ticket, or is set aside with a verdict, or goes to quarantine.

Mails are read in transactions, so each is read wholly or not at all, and by one process. Those that pile up share one; when it
breaks, each is read by itself, and the one that breaks its reading is kept in quarantine and never blocks the next.
"""

from collections.abc import Iterable
from datetime import datetime

from chassis import Sweeper, acting_as, of_service, transaction
from services.support import mail as mails
from services.support import thread
from services.support.letter import Letter, Person
from services.support.mail import Mail
from services.support.mailbox import Mailbox
from services.support.message import INTERNAL, Message
from services.support.report import Report
from services.support.returned import mark_returned
from services.support.settings import SupportSettings
from services.support.thread import Place
from services.support.ticket import CLOSED, SPAM, Ticket
from services.support.verdict import BOUNCE, COMPLAINT, LOOP, MACHINES, NONE, classify

Batch = tuple[str, tuple[str, ...]]  # a tenant and some of its mails


class Intake:
    """Turns mails into messages and tickets."""

    def __init__(self, settings: SupportSettings) -> None:
        self._settings, self._keys = settings, settings.mail_keys
        self.sweeper = Sweeper("intake", mails.waiting, self.read, spoilt=self.set_apart)

    def read(self, batch: Batch) -> None:
        """Read mails that nobody has read yet. Raises whatever one of them can break."""
        tenant_id, ids = batch
        with acting_as(of_service("support", tenant_id)):
            most = self._settings.attachments
            letters = {id: Letter(raw, most) for id, raw in mails.raws(tenant_id, ids).items()}
            transaction.run(lambda: self._take_all(ids, letters))

    def set_apart(self, batch: Batch, fault: Exception) -> None:
        """Put a mail that cannot be read into quarantine; of several, find out which one it is."""
        tenant_id, ids = batch
        if len(ids) > 1:
            for id in ids:
                self.sweeper.take((tenant_id, (id,)))
            return
        [mail_id] = ids

        def quarantine() -> None:
            mail = Mail.find(mail_id, "write")
            mail.quarantine(f"{type(fault).__name__}: {fault}")
            mail.keep()

        with acting_as(of_service("support", tenant_id)):
            transaction.run(quarantine)

    def _take_all(self, ids: tuple[str, ...], letters: dict[str, Letter]) -> None:
        ours = Mailbox.of_tenant()
        for mail in Mail.unread(ids):
            self._take(mail, letters[mail.id], ours)

    def _take(self, mail: Mail, letter: Letter, mailboxes: dict[str, Mailbox]) -> None:
        ours = thread.said_in(letter.message_id, self._keys, mail.tenant_id) is not None
        verdict, reports = classify(letter, mail.envelope_from or "", ours)
        mail.be_read(letter, verdict, reports)
        known = Message.place_of(mail.mailbox_id, letter.message_id)
        if verdict == LOOP:
            mail.be_set_aside()
        elif known:
            mail.be_duplicate(known)
        elif mail.by_person:
            self._speak(mail, letter, NONE, mailboxes)
        elif verdict in MACHINES:
            self._report(mail, letter, verdict, reports, mailboxes[mail.mailbox_id])
            if verdict in (BOUNCE, COMPLAINT):
                mail.come_back()
        else:
            self._speak(mail, letter, verdict, mailboxes)
        mail.keep()

    def _speak(self, mail: Mail, letter: Letter, verdict: str, ours: dict[str, Mailbox]) -> None:
        """Somebody says something: on the ticket where it belongs, or on a new one."""
        mailbox, at = ours[mail.mailbox_id], mail.receive_time
        place = self._place(mail, letter, mailbox)
        message = Message.read(letter, at, mailbox_id=mailbox.id, mail_id=mail.id, auto_class=verdict)
        ticket = self._standing(place, at)
        if ticket:
            ticket = Ticket.find(ticket.id, "write")
            ticket.hear(at) if verdict == NONE else ticket.note(at)
            _let_take_part(ticket, letter, ours)
            message.receive(ticket)
            ticket.keep()
        else:
            ticket = _opened(letter, mailbox, at, place, ours)
            message.receive(ticket)
        message.keep()
        mail.be_taken(ticket.id, place.way if ticket.id == getattr(place.ticket, "id", None) else "")

    def _report(self, mail: Mail, letter: Letter, verdict: str, reports: list[Report], mailbox: Mailbox) -> None:
        """A machine says something: noted on the ticket that it is about, where there is one; it moves nothing."""
        place = self._place(mail, letter, mailbox)
        returned = verdict in (BOUNCE, COMPLAINT)
        about = (
            mark_returned(letter, reports, place, self._keys) if returned else place.ticket if place.admitted else None
        )
        if about is None or about.status in (CLOSED, SPAM):
            mail.be_set_aside(about.id if about else "")
            return
        ticket = Ticket.find(about.id, "write")
        message = Message.read(letter, mail.receive_time, mailbox_id=mailbox.id, mail_id=mail.id, auto_class=verdict)
        if returned:
            message.visibility, message.author = INTERNAL, {"kind": "SYSTEM"}
        ticket.note(mail.receive_time)
        message.receive(ticket)
        ticket.keep()
        message.keep()
        mail.be_taken(ticket.id, place.way)

    def _place(self, mail: Mail, letter: Letter, mailbox: Mailbox) -> Place:
        window = self._settings.join_window
        return thread.find(letter, mailbox, mail.envelope_to or "", self._keys, mail.receive_time, window)

    def _standing(self, place: Place, at: datetime) -> Ticket | None:
        """The ticket that a mail joins: its sender may speak there, and it is not over."""
        ticket = place.ticket if place.admitted else None
        if ticket and (ticket.unsolved or ticket.reopenable(at, self._settings.reopen_window)):
            return ticket
        return None


def _opened(letter: Letter, mailbox: Mailbox, at: datetime, place: Place, ours: dict[str, Mailbox]) -> Ticket:
    """A new ticket: it follows one that is over, and only names one in which its sender takes no part."""
    found = place.ticket.id if place.ticket else None
    follows = place.admitted and place.ticket is not None and place.ticket.status != SPAM
    ticket = Ticket.fresh(
        subject=letter.subject or "(no subject)", channel="EMAIL", team_id=mailbox.team_id,
        mailbox_id=None if mailbox.deleted_time else mailbox.id,  # it took the mail while it was there
        queue=mailbox.queue, requester_email=letter.sender.email or None, requester_name=letter.sender.name or None,
        open_time=at, oldest_unanswered_time=at, last_message_time=at,
        follow_up_of=found if follows else None, related_to=None if follows else found,
    )  # fmt: skip
    _let_take_part(ticket, letter, ours)
    return ticket.enter()


def _let_take_part(ticket: Ticket, letter: Letter, ours: dict[str, Mailbox]) -> None:
    addresses = {mailbox.address for mailbox in ours.values()}
    for person in _others(letter.people("to", "cc"), addresses):
        ticket.join(person.email, person.name)


def _others(people: Iterable[Person], ours: set[str]) -> Iterable[Person]:
    for person in people:
        local, at, domain = person.email.rpartition("@")
        if f"{local.partition('+')[0]}{at}{domain}" not in ours:
            yield person
