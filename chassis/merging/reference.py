"""Where a service keeps ids of records that may become one, and a stored value once they did."""

from collections.abc import Callable, Hashable, Iterable, Sequence
from dataclasses import dataclass
from typing import Any

from chassis.principal import principal

Row = dict[str, Any]


@dataclass(frozen=True)
class Reference:
    """A stored field that holds ids: alone, in a list, or under `key` of a dictionary or of the dictionaries of a list.

    Fields `beside` hold the same ids, one each; those of `along` tell of the record referred to and move with it. A projection is
    not `revised`: its revision is that of what it tells of. Of several records that would have one place with the survivor, which
    `once_per` reads of a stored row, the first has it; the others stay, and so does one without a place (None).
    """

    collection: str
    field: str
    key: str = ""
    beside: tuple[str, ...] = ()
    along: tuple[str, ...] = ()
    revised: bool = True
    once_per: Callable[[Row], Hashable] | None = None

    @property
    def path(self) -> str:
        """Where a query finds the ids."""
        return f"{self.field}.{self.key}" if self.key else self.field

    def naming(self, ids: Iterable[str]) -> Row:
        """The query of the records that name one of these."""
        return {"tenant_id": principal().tenant_id, self.path: {"$in": list(ids)}}

    @property
    def pointing(self) -> tuple[str, ...]:
        """The stored fields that hold ids."""
        return (self.field, *self.beside)


def pointed(value: Any, key: str, merged_ids: Sequence[str], survivor_id: str) -> Any:
    """A stored value with the survivor's id in place of those of the merged; in a list nobody stands twice."""
    if isinstance(value, list):
        return _once([pointed(each, key, merged_ids, survivor_id) for each in value], key)
    if isinstance(value, dict):
        return {**value, key: survivor_id} if value.get(key) in merged_ids else value
    return survivor_id if value in merged_ids else value


def _once(entries: list[Any], key: str) -> list[Any]:
    # The first stays: the survivor's own entry stands where it stood, or where the first of the merged stood.
    seen: set[Any] = set()
    kept = []
    for entry in entries:
        name = entry.get(key) if isinstance(entry, dict) else entry
        if name is None or name not in seen:
            kept.append(entry)
        seen.add(name)
    return kept
