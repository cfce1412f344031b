"""Purges what was deleted and can be restored no longer: with an event for each record, so that others can let go of it, too."""

from collections.abc import Callable, Sequence
from typing import Any

from crm.common.v1 import requests_pb2

from chassis import transaction
from chassis.clock import now
from chassis.document import Noun
from chassis.events import Lease
from chassis.indexes import RESTORABLE
from chassis.principal import acting_as, of_service
from chassis.sweeper import Sweeper

Due = tuple[type[Noun], dict[str, Any]]

_BATCH = 200
_SECONDS = 60.0


def keeping(*nouns: type[Noun]) -> Callable[[Any], Sweeper]:
    """The companion that keeps deleted records for as long as they can be restored, and those whose purge is announced no longer.

    One process of all that run the service does it at a time.
    """
    announced = [noun for noun in nouns if noun.about().event("Purged")]

    def make(settings: Any) -> Sweeper:  # noqa: ARG001  a companion is made with the settings
        lease: list[Lease] = []  # once the database is known

        def over() -> Sequence[Due]:
            if announced and not lease:
                lease.append(Lease(transaction.database(), "retention", seconds=2 * _SECONDS))
            return due(announced) if lease and lease[0].hold() else []

        return Sweeper("retention", over, purge, seconds=_SECONDS)

    return make


def due(nouns: Sequence[type[Noun]]) -> list[Due]:
    """Some of the records of every tenant whose time is up; of each noun those first that wait longest."""
    over = {"deleted_time": {"$lt": now() - RESTORABLE}}
    return [
        (noun, row)
        for noun in nouns
        for row in noun._get_collection().find(over, {"tenant_id": 1}).sort("deleted_time", 1).limit(_BATCH)
    ]


def purge(item: Due) -> None:
    """Purge one of them. Raises StaleRevision when somebody was faster."""
    noun, row = item
    with acting_as(of_service(noun.about().service, row["tenant_id"])):
        transaction.run(lambda: noun.purge(requests_pb2.PurgeRequest(id=row["_id"])))
