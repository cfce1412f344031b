"""What time does in contacts: what holds until a day expires once that day has passed, and an erasure that takes too long raises
the alarm. Each is announced once.
"""

from functools import partial
from typing import Any

import structlog

from chassis import Sweeper, acting_as, now, of_service, today, transaction
from services.contacts.erasure import RUNNING, Erasure
from services.contacts.finding import Need, Preference
from services.contacts.installed import Asset, ServiceContract
from services.contacts.of_customer import OfCustomer

_log = structlog.get_logger(__name__)

EXPIRING: tuple[type[OfCustomer], ...] = (Need, Preference, Asset, ServiceContract)

Item = tuple[type[OfCustomer], str, str]  # the noun, the tenant and the record


class Expiry:
    """A companion of the service's process."""

    def __init__(self, settings: Any) -> None:  # noqa: ARG002  companions are made with the settings
        self._sweepers = (
            Sweeper("last days", due, lapse, seconds=60.0), Sweeper("deadlines", late, delay, seconds=60.0)
        )  # fmt: skip

    def start(self) -> None:
        """Begin."""
        for sweeper in self._sweepers:
            sweeper.start()

    def stop(self) -> None:
        """End after the records at hand."""
        for sweeper in self._sweepers:
            sweeper.stop()


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


def late(most: int = 200) -> list[tuple[str, str]]:
    """Tenant and id of the erasures that some service has not answered in time."""
    query = {"state": RUNNING, "deadline_time": {"$lte": now()}}
    return [
        (row["tenant_id"], row["_id"]) for row in Erasure._get_collection().find(query, {"tenant_id": 1}).limit(most)
    ]


def delay(item: tuple[str, str]) -> None:
    """Raise the alarm about one erasure."""
    tenant_id, id = item
    with acting_as(of_service("contacts", tenant_id)):
        transaction.run(partial(_delay, id))


def prepare() -> None:
    """Make the indexes by which last days come."""
    for noun in EXPIRING:
        noun._get_collection().create_index(noun.last_day, name="last_days", partialFilterExpression={"expired": False})
    Erasure._get_collection().create_index(
        "deadline_time", name="deadlines", partialFilterExpression={"state": RUNNING}
    )


def _lapse(noun: type[OfCustomer], id: str) -> None:
    record = noun.find(id, "write")
    record.lapse()
    record.keep()


def _delay(id: str) -> None:
    erasure = Erasure.find(id, "write")
    erasure.delay(now())
    erasure.keep()
    waited = [step["service"] for step in erasure.steps if not step.get("finish_time")]
    _log.error("an erasure takes too long", erasure=id, services=waited)
