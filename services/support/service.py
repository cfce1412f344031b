"""The door of support: load, one verb, answer."""

from datetime import UTC
from typing import Any

from crm.support.v1 import mail_pb2, service_pb2_grpc

from chassis import disclosure_rpc, now, page_of, principal, standard, verbs
from services.support.answer import answer, note
from services.support.delivery import Delivery
from services.support.disclosing import known
from services.support.mail import Mail
from services.support.mailbox import Mailbox
from services.support.mailroom import Mailroom
from services.support.message import Message
from services.support.settings import SupportSettings
from services.support.ticket import Ticket


class Support(
    standard(Ticket, Message, Mailbox, Mail, Delivery),  # type: ignore[misc]
    verbs(Ticket, "wait", "resume", "reopen"),  # type: ignore[misc]
    verbs(Mail, "retry"),  # type: ignore[misc]
    disclosure_rpc("Support", known),  # type: ignore[misc]
    service_pb2_grpc.SupportServiceServicer,
):
    """Helps customers: their tickets, what is said on them, and the mail that carries it."""

    settings: SupportSettings

    def mailroom(self, settings: SupportSettings) -> Mailroom:
        """What works beside the door; made before the door opens, so the door knows the settings, too."""
        self.settings = settings
        return Mailroom(settings)

    # ---------------------------------------------------------------- tickets

    def AssignTicket(self, request: Any, context: Any) -> Any:
        """To an agent, a team or a queue; to the caller where none is named."""
        with Ticket.change(request) as ticket:
            named = request.owner_id or request.team_id or request.queue
            ticket.assign(request.owner_id if named else principal().user_id, request.team_id, request.queue)
        return ticket.message()

    def HoldTicket(self, request: Any, context: Any) -> Any:
        """A third party's turn."""
        with Ticket.change(request) as ticket:
            ticket.hold(request.wake_time.ToDatetime(tzinfo=UTC) if request.HasField("wake_time") else None)
        return ticket.message()

    def SolveTicket(self, request: Any, context: Any) -> Any:
        """Solved."""
        with Ticket.change(request) as ticket:
            ticket.solve(now(), request.resolution)
        return ticket.message()

    def CloseTicket(self, request: Any, context: Any) -> Any:
        """Done for good."""
        with Ticket.change(request) as ticket:
            ticket.close(now())
        return ticket.message()

    def MarkTicketSpam(self, request: Any, context: Any) -> Any:
        """Put away."""
        with Ticket.change(request) as ticket:
            ticket.mark_spam(now())
        return ticket.message()

    def UnmarkTicketSpam(self, request: Any, context: Any) -> Any:
        """Taken back."""
        with Ticket.change(request) as ticket:
            ticket.unmark_spam(now())
        return ticket.message()

    # ---------------------------------------------------------------- what is said

    def ReplyToTicket(self, request: Any, context: Any) -> Any:
        """Answered in public."""
        with Ticket.change(request) as ticket:
            message = answer(ticket, request, self.settings.mail_keys)
        return message.message()

    def AddNote(self, request: Any, context: Any) -> Any:
        """Noted among ourselves."""
        with Ticket.change(request) as ticket:
            message = note(ticket, request.body_text)
        return message.message()

    def ListTicketMessages(self, request: Any, context: Any) -> Any:
        """Who may see a ticket may read what was said on it."""
        return page_of(Message, request, order="id", ticket_id=Ticket.find(request.id).id)

    # ---------------------------------------------------------------- mails

    def GetRawMail(self, request: Any, context: Any) -> Any:
        """As it came."""
        return mail_pb2.RawMail(content=Mail.find(request.id).raw())

    def ResendDelivery(self, request: Any, context: Any) -> Any:
        """Sent again because somebody says so."""
        with Delivery.change(request) as delivery:
            delivery.resend(now())
        return delivery.message()
