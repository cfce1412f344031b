"""What the processes of a suite asked MongoDB to write, and for how much certainty: taken from mongod's own log.

Nothing stands between the processes and the server: for a while mongod logs every command as if it were slow.
"""

import json
from collections import Counter
from collections.abc import Iterator
from contextlib import contextmanager
from typing import Any

from pymongo import MongoClient

from tests.suite import Suite

VERBS = ("insert", "update", "delete", "findAndModify", "commitTransaction")
EVERYTHING, AS_BEFORE = -1, 100  # milliseconds from which on a command counts as slow


class WriteLog:
    """The writes of a suite by what they waited for. A write in a transaction waits when that commits, and counts there."""

    def __init__(self, suite: Suite) -> None:
        self._url, self._log = suite.mongo_admin_url(), suite.state / "logs" / "mongod.log"
        self.weak: list[str] = []
        self._strong: Counter[str] = Counter()

    @property
    def majority(self) -> int:
        """How many writes waited for a majority."""
        return sum(self._strong.values())

    def tally(self) -> dict[str, int]:
        """How many waited for a majority because they said so, how many by the server's default, and how many for less."""
        return {**self._strong, "weaker": len(self.weak)}

    @contextmanager
    def kept(self) -> Iterator[None]:
        """Log for the length of the block, then read."""
        with MongoClient(self._url) as client, self._log.open("rb") as log:
            log.seek(0, 2)
            client.admin.command("profile", 0, slowms=EVERYTHING)
            try:
                yield
            finally:
                client.admin.command("profile", 0, slowms=AS_BEFORE)
                for line in log:
                    self._read(json.loads(line))

    def _read(self, entry: dict[str, Any]) -> None:
        if entry.get("msg") != "Slow query" or entry["attr"].get("type") != "command":
            return
        command = entry["attr"].get("command", {})
        verb = next((name for name in VERBS if name in command), None)
        within = command.get("autocommit") is False and verb != "commitTransaction"
        if verb is None or within or not command.get("$db", "").startswith(("kith_", "admin")):
            return
        asked = command.get("writeConcern")
        if asked is None:
            self._strong["majority_by_default"] += 1
        elif asked.get("w") == "majority" and asked.get("j") is not False:
            self._strong["majority"] += 1
        else:
            self.weak.append(f"{verb} {command[verb]} {asked}")
