"""Deletes files that no record names, and bytes that no file names, a day after the last one did.

Found by looking, not by counting: rows also go away by themselves, when their time is up, and a count would miss that.
"""

from collections.abc import Callable, Sequence
from functools import partial
from typing import Any

from chassis import transaction
from chassis.clock import now
from chassis.document import Noun
from chassis.events import Lease
from chassis.files.content import UNNAMED_FOR, _rows
from chassis.files.file import File
from chassis.principal import acting_as, of_service
from chassis.sweeper import Sweeper

LINK = tuple[type[Noun], str]  # a noun, and its field that holds ids of files

_BATCH = 200
_SECONDS = 60.0


def purging(noun: type[File], *links: LINK) -> Callable[[Any], Sweeper]:
    """The companion that purges: `run(…, companions=(purging(File, (Attachment, "file_id"), (Import, "file_id")),))`.

    `links` are all places where the service's records name files; each field needs an index of its own (`indexed`).
    """

    def make(settings: Any) -> Sweeper:  # noqa: ARG001  a companion is made with the settings
        lease: list[Lease] = []

        def due() -> Sequence[Any]:
            if not lease:
                lease.append(Lease(transaction.database(), f"files/{noun.about().noun}", seconds=60.0))
            return stale() if lease[0].hold() else []

        return Sweeper("files", due, partial(purge, noun, links), seconds=_SECONDS)

    return make


def stale() -> Sequence[dict[str, Any]]:
    """Contents that have not been known to be named for a day."""
    return list(_rows().find({"use_time": {"$lt": now() - UNNAMED_FOR}}).limit(_BATCH))


def purge(noun: type[File], links: Sequence[LINK], row: dict[str, Any]) -> None:
    """Let go of one content what nobody names: its files, and without files itself."""
    with acting_as(of_service(noun.about().service, row["tenant_id"])):
        if transaction.run(lambda: _unnamed(noun, links, row)):
            File._contents.forget(row["_id"])


def _unnamed(noun: type[File], links: Sequence[LINK], row: dict[str, Any]) -> bool:
    """Whether the content is named no more; if so nobody finds it any more."""
    held = {"_id": row["_id"], "use_time": row["use_time"]}
    named = [file for file in _files(noun, row) if not _let_go(noun, links, file)]
    # Both write the row: a file that is claimed at this moment and this purge exclude each other.
    change: Any = {"$set": {"use_time": now()}} if named else {"$unset": {"sha256": ""}}
    return bool(_rows().update_one(held, change).matched_count) and not named


def _files(noun: type[File], row: dict[str, Any]) -> list[dict[str, Any]]:
    if "sha256" not in row:
        return []
    return list(noun._get_collection().find({"tenant_id": row["tenant_id"], "sha256": row["sha256"]}))


def _let_go(noun: type[File], links: Sequence[LINK], file: dict[str, Any]) -> bool:
    """Delete a file that no record names, for good; False when one does."""
    query = {"tenant_id": file["tenant_id"]}
    if any(other._get_collection().find_one({**query, field: file["_id"]}, {"_id": 1}) for other, field in links):
        return False
    gone = noun._loaded(file)
    gone.remove()
    gone.keep()
    noun._get_collection().delete_one({"_id": gone.id, **query})
    return True
