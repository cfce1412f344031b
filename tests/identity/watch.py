"""Watches what the process asks its database, for queries that name no tenant."""

from collections.abc import Iterator, Mapping
from typing import Any

from pymongo import monitoring

Query = tuple[str, tuple[str, ...]]  # a collection, and the fields that a query on it names


class Watch(monitoring.CommandListener):
    """Collects the queries without a tenant, while it is asked to."""

    def __init__(self) -> None:
        self.without_tenant: set[Query] = set()

    def started(self, event: monitoring.CommandStartedEvent) -> None:
        """Look at a command before it is sent."""
        collection = str(event.command.get(event.command_name))
        for query in _queries(event.command):
            if not _names(query) & {"tenant_id"}:
                self.without_tenant.add((collection, tuple(sorted(_names(query)))))

    def succeeded(self, event: monitoring.CommandSucceededEvent) -> None:
        """Nothing to see."""

    def failed(self, event: monitoring.CommandFailedEvent) -> None:
        """Nothing to see."""


def _queries(command: Mapping[str, Any]) -> Iterator[Mapping[str, Any]]:
    if "filter" in command:
        yield command["filter"]
    for write in (*command.get("updates", ()), *command.get("deletes", ())):
        yield write["q"]
    for stage in command.get("pipeline", ()):
        if isinstance(stage, Mapping) and "$match" in stage:
            yield stage["$match"]


def _names(query: Mapping[str, Any]) -> set[str]:
    both = {name for each in query.get("$and", ()) for name in _names(each)}
    return {name for name in query if not name.startswith("$")} | both


watch = Watch()
