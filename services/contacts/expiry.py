"""Lets what holds until a day expire once that day has passed: each record announces it once."""

from functools import partial
from typing import Any

from chassis import Sweeper, acting_as, of_service, today, transaction
from services.contacts.finding import Need, Preference
from services.contacts.of_customer import OfCustomer

EXPIRING: tuple[type[OfCustomer], ...] = (Need, Preference)

Item = tuple[type[OfCustomer], str, str]  # the noun, the tenant and the record


class Expiry:
    """A companion of the service's process."""

    def __init__(self, settings: Any) -> None:  # noqa: ARG002  companions are made with the settings
        self._sweeper = Sweeper("last days", due, lapse, seconds=60.0)

    def start(self) -> None:
        """Begin."""
        self._sweeper.start()

    def stop(self) -> None:
        """End after the record at hand."""
        self._sweeper.stop()


def due(most: int = 200) -> list[Item]:
    """Records of every tenant whose last day has passed unnoticed."""
    return [
        (noun, row["tenant_id"], row["_id"])
        for noun in EXPIRING
        for row in noun._get_collection()
        .find({noun.last_day: {"$lt": today()}, "expired": False, "deleted_time": None}, {"tenant_id": 1})
        .limit(most)
    ]


def lapse(item: Item) -> None:
    """Let one record expire; nothing when it has a later day meanwhile."""
    noun, tenant_id, id = item
    with acting_as(of_service("contacts", tenant_id)):
        transaction.run(partial(_lapse, noun, id))


def prepare() -> None:
    """Make the indexes by which last days come."""
    for noun in EXPIRING:
        noun._get_collection().create_index(noun.last_day, name="last_days", partialFilterExpression={"expired": False})


def _lapse(noun: type[OfCustomer], id: str) -> None:
    record = noun.find(id, "write")
    record.lapse()
    record.keep()
