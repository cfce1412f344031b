"""What must be there before the door opens: the indexes beside the standing ones."""

from services.support import delivery, mail, mailbox, message, timer
from services.support.settings import SupportSettings


def prepare(settings: SupportSettings) -> None:  # noqa: ARG001  what is there does not depend on them
    """Make the indexes of mails, what is said by them, and times that come."""
    for each in (mailbox, message, mail, delivery, timer):
        each.prepare()
