"""A duty that one process of many has at a time, kept as a document that the holder renews."""

import time
import uuid

from pymongo import ReturnDocument
from pymongo.database import Database
from pymongo.errors import DuplicateKeyError

_LEASES = "leases"


class Lease:
    """The claim of this process to one duty. Instants are those of the database, so clocks that differ do no harm."""

    def __init__(self, database: Database, duty: str, seconds: float = 10.0) -> None:
        self._leases, self._duty, self._seconds = database[_LEASES], duty, seconds
        self._holder = uuid.uuid4().hex
        self._sure_until = self._renew_at = 0.0

    @property
    def held(self) -> bool:
        """Whether this process can be sure, without asking, that no other has the duty."""
        return time.monotonic() < self._sure_until

    def hold(self) -> bool:
        """Take the duty, or keep it; asks the database only when a third of the time is over. False when another has it."""
        now = time.monotonic()
        if now < self._renew_at:
            return self.held
        if self._claim():
            self._sure_until, self._renew_at = now + self._seconds, now + self._seconds / 3
        else:
            self._sure_until = 0.0
            self._renew_at = now + min(1.0, self._seconds / 3)
        return self.held

    def release(self) -> None:
        """Give the duty up, so that another need not wait for its end."""
        self._sure_until = self._renew_at = 0.0
        self._leases.delete_one({"_id": self._duty, "holder": self._holder})

    def _claim(self) -> bool:
        # A lease that is not there has no `until`, and nothing sorts before every instant.
        free = {"$or": [{"$eq": ["$holder", self._holder]}, {"$lt": ["$until", "$$NOW"]}]}
        until = {"$add": ["$$NOW", int(self._seconds * 1000)]}
        taken = {"holder": _if(free, self._holder, "$holder"), "until": _if(free, until, "$until")}
        try:
            kept = self._leases.find_one_and_update(
                {"_id": self._duty}, [{"$set": taken}], upsert=True, return_document=ReturnDocument.AFTER
            )
        except DuplicateKeyError:  # another made it at the same moment
            return False
        return kept is not None and kept["holder"] == self._holder


def _if(condition: object, then: object, otherwise: object) -> dict[str, list[object]]:
    return {"$cond": [condition, then, otherwise]}
