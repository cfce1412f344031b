"""Whether a label's limits leave room for the associations of records that become one.

What is over by today counts no more, somebody who stands there twice counts once, and what was too many before is no news.
"""

from collections.abc import Iterable, Sequence
from typing import Any

from chassis import principal, take_turns, today, transaction
from services.contacts.association_label import AssociationLabel
from services.contacts.periods import Period
from services.contacts.refusals import AssociationLimitReached

Row = dict[str, Any]
Other = tuple[str, Period]  # who stands at the other end, and when

_FROM, _TO = "from_id", "to_id"


def demand_room(survivor_id: str, merged_ids: Sequence[str]) -> None:
    """Refused with AssociationLimitReached where the survivor would have more of a label at a time than it can have."""
    ids = {survivor_id, *merged_ids}
    take_turns(*(f"associations/{id}" for id in ids))
    named = {"tenant_id": principal().tenant_id, "record_ids": {"$in": sorted(ids)}, "deleted_time": None}
    rows = list(transaction.database()["associations"].find(named))
    for key in sorted({row["label"] for row in rows}):
        if label := AssociationLabel.named(key):
            _demand_room(label, [row for row in rows if row["label"] == key], survivor_id, ids)


def most_others(others: Iterable[Other], day: str) -> int:
    """How many there are on the day, from `day` on, on which most are there."""
    others = [(other, period) for other, period in others if not period.until or period.until > day]
    days = {max(period.since, day) for _, period in others}
    return max((len({other for other, period in others if period.holds(each)}) for each in days), default=0)


def _demand_room(label: AssociationLabel, rows: list[Row], survivor_id: str, ids: set[str]) -> None:
    day = today()
    for ends, limit in _limits(label):
        alone = max(most_others(_others(rows, {id}, ends), day) for id in ids)
        together = most_others(_others(rows, ids, ends), day)
        if together > limit and together > alone:
            raise AssociationLimitReached(record=survivor_id, label=label.key, limit=limit)


def _limits(label: AssociationLabel) -> list[tuple[tuple[str, ...], int]]:
    """The ends at which a record stands, with how many others it may have so; those without a limit left out."""
    limits: list[tuple[tuple[str, ...], int]] = [((_FROM,), label.from_limit), ((_TO,), label.to_limit)]
    if label.without_direction:
        limits = [((_FROM, _TO), label.from_limit)]
    return [(ends, limit) for ends, limit in limits if limit]


def _others(rows: list[Row], ids: set[str], ends: tuple[str, ...]) -> list[Other]:
    found = []
    for row in rows:
        for end in ends:
            other = row[_TO if end == _FROM else _FROM]
            if row[end] in ids and other not in ids:
                found.append((other, Period.of(row.get("since_date"), row.get("until_date"))))
    return found
