"""What time does to tickets: a hold ends, and a solved ticket is closed when its reopen window has passed."""

from typing import Any

from chassis import Sweeper, acting_as, now, of_service, transaction
from services.support.settings import SupportSettings
from services.support.ticket import ON_HOLD, SOLVED, Ticket

Item = tuple[str, str]  # tenant and ticket


class Timer:
    """Wakes and closes tickets whose time has come."""

    def __init__(self, settings: SupportSettings) -> None:
        self._window = settings.reopen_window
        self.sweeper = Sweeper("ticket times", self.due, self.move, seconds=15.0)

    def due(self, most: int = 200) -> list[Item]:
        """Tenant and id of the tickets whose time has come, of every tenant."""
        at = now()
        over: dict[str, Any] = {"status": SOLVED, "solved_time": {"$lte": at - self._window}, "deleted_time": None}
        awake: dict[str, Any] = {"status": ON_HOLD, "wake_time": {"$lte": at}, "deleted_time": None}
        tickets = Ticket._get_collection()
        return [
            (row["tenant_id"], row["_id"])
            for each in (over, awake)
            for row in tickets.find(each, {"tenant_id": 1}).limit(most)
        ]

    def move(self, item: Item) -> None:
        """Close or wake one ticket; nothing when somebody moved it meanwhile."""
        tenant_id, ticket_id = item
        with acting_as(of_service("support", tenant_id)):
            transaction.run(lambda: self._move(Ticket.find(ticket_id, "write")))

    def _move(self, ticket: Ticket) -> None:
        at = now()
        if ticket.status == SOLVED and not ticket.reopenable(at, self._window):
            ticket.close(at)
        elif ticket.status == ON_HOLD and ticket.wake_time and ticket.wake_time <= at:
            ticket.resume()
        else:
            return
        ticket.keep()


def prepare() -> None:
    """Make the indexes by which times come."""
    tickets = Ticket._get_collection()
    for name, status in (("solved_time", SOLVED), ("wake_time", ON_HOLD)):
        tickets.create_index(name, name=f"due_{name}", partialFilterExpression={"status": status})
