"""What works beside the door of support: mail comes in, is read, answers go out, and time moves tickets."""

from services.support import claims
from services.support.intake import Intake
from services.support.listener import Listener
from services.support.post import Post
from services.support.settings import SupportSettings
from services.support.timer import Timer


class Mailroom:
    """The listener and the sweepers of one process."""

    def __init__(self, settings: SupportSettings) -> None:
        intake, post = Intake(settings), Post(settings)
        # Mails are let in last and shut out first, so that all that takes them is there.
        self._parts = (
            post,
            *post.sweepers,
            Timer(settings).sweeper,
            claims.finding(),
            intake.sweeper,
            Listener(settings, intake.sweeper.wake),
        )

    def start(self) -> None:
        """Open. Raises OSError when the listener's port is taken."""
        for part in self._parts:
            part.start()

    def stop(self) -> None:
        """Finish what is under way, and close."""
        for part in reversed(self._parts):
            part.stop()
