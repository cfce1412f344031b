"""Tickets: customers' requests for help, from the question to the solution."""

from datetime import datetime, timedelta
from typing import Any

from crm.support.v1 import events_pb2, ticket_pb2

from chassis import (
    CustomFields,
    DateTimeField,
    IntField,
    Invalid,
    ListField,
    Parts,
    Scope,
    StringField,
    Violation,
    next_number,
    now,
    principal,
    refer,
)
from services.support.contact import Contact, mailbox_of
from services.support.mailbox import Mailbox
from services.support.refusals import (
    SpamSettled,
    TicketAlreadyClosed,
    TicketAlreadySolved,
    TicketNotSolved,
    TicketNotUnwanted,
    TicketNotWaiting,
    TicketUnwanted,
)
from services.support.requested import Requested

NEW, OPEN, PENDING, ON_HOLD, SOLVED, CLOSED, SPAM = "NEW", "OPEN", "PENDING", "ON_HOLD", "SOLVED", "CLOSED", "SPAM"
STATUSES = (NEW, OPEN, PENDING, ON_HOLD, SOLVED, CLOSED, SPAM)
SPAM_UNDO = timedelta(hours=24)
MOST_PARTICIPANTS = 50
OF_CLOSED = {"tags", "external_ids"}  # what still changes on a closed ticket


class Ticket(Requested):
    """A customer's request for help."""

    contract = ticket_pb2.Ticket
    meta = {"collection": "tickets"}
    searched = ("number", "subject", "requester_name", "requester_email")
    unique = ("number",)
    indexed = (
        ("status", "open_time"), ("requester_id", "open_time"), ("requester_email", "open_time"), ("account_id", "open_time"),
        ("queue", "status"), ("mailbox_id",), ("asset_id",), ("follow_up_of",), ("participants.email",),
        ("participants.contact_id",), ("requester_id", "status"), ("account_id", "status"),
    )  # fmt: skip

    number = StringField()
    subject = StringField()
    status = StringField()
    priority = StringField()
    type = StringField()
    channel = StringField()
    queue = StringField()
    participants = Parts(ticket_pb2.Ticket.Participant)
    mailbox_id = StringField()
    description = StringField()
    tags = ListField(StringField())
    custom_fields = CustomFields()
    follow_up_of = StringField()
    related_to = StringField()
    first_public_reply_time = DateTimeField()
    oldest_unanswered_time = DateTimeField()
    last_message_time = DateTimeField()
    wake_time = DateTimeField()
    solved_time = DateTimeField()
    closed_time = DateTimeField()
    reopen_count = IntField(default=0)
    resolution = StringField()
    spam_time = DateTimeField()
    former_status = StringField()

    @property
    def closed(self) -> bool:
        """Done for good."""
        return bool(self.status == CLOSED)

    @property
    def unsolved(self) -> bool:
        """Still somebody's turn."""
        return not self.solved

    @property
    def solved(self) -> bool:
        """Nobody's turn any more: solved, closed or put away."""
        return self.status in (SOLVED, CLOSED, SPAM)

    def reopenable(self, at: datetime, window: timedelta) -> bool:
        """Whether the customer's answer opens it again: solved, and no longer ago than `window`."""
        return bool(self.status == SOLVED and at - self.solved_time <= window)

    # ---------------------------------------------------------------- verbs of agents

    def assign(self, owner_id: str, team_id: str, queue: str) -> None:
        """Go to an agent, a team or a queue; what is empty stays, but a team alone takes it from the agent."""
        self._demand_standing()
        if owner_id or team_id:
            self.owner_id = owner_id or None
        self.team_id, self.queue = team_id or self.team_id, queue or self.queue
        self._touch()
        self.stay_in_scope()
        self.record(events_pb2.TicketAssigned(ticket=self.message()))

    def hold(self, until: datetime | None = None) -> None:
        """Be a third party's turn, until somebody or `until` ends it."""
        self._demand_unsolved()
        self.status, self.wake_time = ON_HOLD, until
        self.record(events_pb2.TicketHeld(ticket=self.message()))

    def wait(self) -> None:
        """Be the customer's turn."""
        self._demand_unsolved()
        self._stand(PENDING)
        self.record(events_pb2.TicketAwaited(ticket=self.message()))

    def resume(self) -> None:
        """Be our turn again."""
        if self.status not in (PENDING, ON_HOLD):
            raise TicketNotWaiting(number=self.number)
        self._stand(OPEN)
        self.record(events_pb2.TicketResumed(ticket=self.message()))

    def solve(self, at: datetime, resolution: str = "") -> None:
        """Be solved; a solved one is solved once."""
        self._demand_unsolved()
        self._stand(SOLVED)
        self.solved_time, self.resolution = at, resolution or self.resolution
        self.record(events_pb2.TicketSolved(ticket=self.message()))

    def reopen(self) -> None:
        """Be open again after all; a closed one stays closed."""
        self._demand_standing()
        if self.status != SOLVED:
            raise TicketNotSolved(number=self.number)
        self._stand(OPEN)
        self.solved_time, self.reopen_count = None, self.reopen_count + 1
        self.record(events_pb2.TicketReopened(ticket=self.message()))

    def close(self, at: datetime) -> None:
        """Be done for good."""
        self._demand_standing()
        if self.status != SOLVED:
            raise TicketNotSolved(number=self.number)
        self.status, self.closed_time = CLOSED, at
        self.record(events_pb2.TicketClosed(ticket=self.message()))

    def mark_spam(self, at: datetime) -> None:
        """Be put away as unwanted."""
        self._demand_standing()
        self.former_status, self.spam_time = self.status, at
        self.status = SPAM
        self.record(events_pb2.TicketRejected(ticket=self.message()))

    def unmark_spam(self, at: datetime) -> None:
        """Be taken back to where it stood; after 24 hours it stays put away."""
        if self.status != SPAM:
            raise TicketNotUnwanted(number=self.number)
        if at - self.spam_time > SPAM_UNDO:
            raise SpamSettled(number=self.number)
        self.status, self.former_status, self.spam_time = self.former_status, None, None
        self.record(events_pb2.TicketReclaimed(ticket=self.message()))

    # ---------------------------------------------------------------- what is said on it

    def answer(self, at: datetime) -> None:
        """Have an agent's public answer: nothing of the customer's is unanswered any more."""
        self._demand_standing()
        self.first_public_reply_time = self.first_public_reply_time or at
        self.oldest_unanswered_time, self.last_message_time = None, at
        self._touch()

    def note(self, at: datetime) -> None:
        """Have something noted among ourselves; that moves nothing."""
        if self.closed:
            raise TicketAlreadyClosed(number=self.number)
        self.last_message_time = at

    def hear(self, at: datetime) -> None:
        """Have a person's message from outside: it is our turn again, also of a solved one."""
        self.last_message_time, self.oldest_unanswered_time = at, self.oldest_unanswered_time or at
        if self.status == PENDING:
            self.resume()
        elif self.status == SOLVED:
            self.reopen()

    def join(self, email: str, name: str, role: str = "cc") -> None:
        """Have somebody take part from now on; everybody takes part once, and at most 50 do."""
        if len(self.participants) < MOST_PARTICIPANTS and not self.has_part(email):
            part = {"email": mailbox_of(email), "role": role} | ({"name": name} if name else {})
            self.participants = [*self.participants, part]

    def has_part(self, email: str) -> bool:
        """Whether the mailbox is the requester's or a participant's."""
        mailbox = mailbox_of(email)
        return mailbox == self.requester_email or any(mailbox == each["email"] for each in self.participants)

    # ---------------------------------------------------------------- what a new one has, what follows

    def arrive(self) -> None:
        """A new ticket has a number and belongs to nobody but the caller's team, unless told otherwise."""
        whom = principal()
        if whom.via != "service" and not self.owner_id:
            self.team_id = self.team_id or (whom.team_ids[0] if whom.team_ids else None)
            if whom.scope(self.about().permission("write")) is Scope.OWN:
                self.owner_id = whom.user_id
        self.number = next_number("SUP")
        self.status = self.status or (OPEN if self.owner_id else NEW)
        self.priority, self.channel = self.priority or "NORMAL", self.channel or "API"
        self.open_time = self.open_time or now()
        self._arrive_from_history()

    def arrived(self) -> None:
        """Tell of the opening, and of how it ended when it comes from history."""
        self.record(events_pb2.TicketOpened(ticket=self.message()))
        if self.status in (SOLVED, CLOSED):
            self.record(events_pb2.TicketSolved(ticket=self.message()))
        if self.status == CLOSED:
            self.record(events_pb2.TicketClosed(ticket=self.message()))

    def settle(self) -> None:
        """Addresses and tags in one form, whose request it is, and nothing named that is not there."""
        self.tags = list(dict.fromkeys(self.tags))
        if self.requester_email:
            self.requester_email = mailbox_of(self.requester_email)
        if contact := Contact.asking(self.requester_id, self.requester_email):
            self.requester_id = contact.id
            self.tell_of(contact)
        self.participants = list({each["email"]: each for each in map(_participant, self.participants)}.values())
        refer(self, "mailbox_id", Mailbox)
        refer(self, "follow_up_of", Ticket)
        self.find_entitlement()

    def amend(self, message: Any, paths: list[str]) -> bool:
        """Change fields; of a closed ticket only tags and external ids. Refused with TicketAlreadyClosed."""
        before = self.to_mongo().to_dict()
        changed = super().amend(message, paths)
        if self.closed and changed:
            after = self.to_mongo().to_dict()
            if {name for name in before.keys() | after.keys() if before.get(name) != after.get(name)} - OF_CLOSED:
                raise TicketAlreadyClosed(number=self.number)
        return changed

    def _arrive_from_history(self) -> None:
        faults = []
        if self.status == SPAM:
            faults.append(Violation("ticket.status", "a new ticket is not put away as spam; a verb does that"))
        if self.solved_time and self.status not in (SOLVED, CLOSED):
            faults.append(Violation("ticket.solved_time", "is only for tickets that are solved"))
        if self.closed_time and self.status != CLOSED:
            faults.append(Violation("ticket.closed_time", "is only for tickets that are closed"))
        if faults:
            raise Invalid(faults)
        if self.status == CLOSED:
            self.closed_time = self.closed_time or now()
        if self.status in (SOLVED, CLOSED):
            self.solved_time = self.solved_time or self.closed_time or now()

    def _touch(self) -> None:
        if self.status == NEW:
            self.status = OPEN

    def _stand(self, status: str) -> None:
        self.status, self.wake_time = status, None

    def _demand_standing(self) -> None:
        if self.closed:
            raise TicketAlreadyClosed(number=self.number)
        if self.status == SPAM:
            raise TicketUnwanted(number=self.number)

    def _demand_unsolved(self) -> None:
        self._demand_standing()
        if self.status == SOLVED:
            raise TicketAlreadySolved(number=self.number)


def _participant(entry: dict[str, Any]) -> dict[str, Any]:
    return {**entry, "email": mailbox_of(entry["email"])}
