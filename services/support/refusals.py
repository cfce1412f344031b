"""What support will not do."""

from chassis import Refused


class TicketAlreadySolved(Refused):
    """The ticket {number} is already solved; reopen it first."""


class TicketNotSolved(Refused):
    """The ticket {number} is not solved."""


class TicketAlreadyClosed(Refused):
    """The ticket {number} is closed for good; open another one that follows it."""


class TicketNotWaiting(Refused):
    """The ticket {number} neither waits for its customer nor is on hold."""


class TicketUnwanted(Refused):
    """The ticket {number} was put away as spam; take it back first."""


class TicketNotUnwanted(Refused):
    """The ticket {number} was not put away as spam."""


class SpamSettled(Refused):
    """The ticket {number} was put away as spam more than 24 hours ago and stays so."""


class TicketUnreachable(Refused):
    """The ticket {number} cannot be answered by e-mail: there is no {missing}."""


class TicketMovedOn(Refused):
    """The ticket {number} has a newer public message than the one seen, {message}."""


class MailTaken(Refused):
    """The mail {mail} is a message of the ticket {ticket}, or is being read."""


class DeliveryUnderWay(Refused):
    """The delivery {delivery} is {state}, so it is not sent again."""
