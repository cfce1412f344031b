"""Finds the records that may be the same as one, by the keys that they share, the likest first."""

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

from crm.contacts.v1 import duplicate_pb2

from chassis import Invalid
from services.contacts.blocking import EXACT, exact_keys, keys
from services.contacts.likeness import LIKELY, Likeness, compare
from services.contacts.portrait import Portrait

PER_KEY = 100  # records with one key that are compared; a key that more share tells nobody apart
_LIMIT = 10

Row = dict[str, Any]


@dataclass(frozen=True)
class Candidate:
    """A record that may be the same, with the exact keys that it has in common."""

    row: Row
    likeness: Likeness
    common_keys: tuple[str, ...]

    @property
    def id(self) -> str:
        """The record's id."""
        return str(self.row["_id"])

    @property
    def percent(self) -> int:
        """How certain it is, in whole percent, rounded down."""
        return int(self.likeness.score * 100)


def candidates(noun: Any, portrait: Portrait, keys: Sequence[str], among: Row, but: str = "") -> list[Candidate]:
    """The records of `noun` within the query `among` that share one of `keys`, without the one with the id `but`."""
    rows: dict[str, Row] = {}
    for key in keys:
        found = noun._get_collection().find({**among, "duplicate_keys": key, "deleted_time": None}).limit(PER_KEY)
        rows |= {row["_id"]: row for row in found if row["_id"] != but}
    mine = set(exact_keys(portrait))
    compared = [_candidate(noun, portrait, mine, row) for row in rows.values()]
    return sorted(compared, key=lambda each: (not each.common_keys, -each.likeness.weight, each.id))


def find(noun: Any, request: Any) -> duplicate_pb2.FindDuplicatesResponse:
    """The answer to a Find…DuplicatesRequest of `noun`. Refused with Invalid, NotFound."""
    field = noun.about().noun
    if bool(request.id) == request.HasField(field):
        raise Invalid.field(field, f"is required where there is no id, and only there; give either {field} or id")
    record = noun.find(request.id) if request.id else noun.draft(getattr(request, field))
    least = request.minimum_percent / 100 if request.HasField("minimum_percent") else LIKELY
    portrait = record.portrait()
    found = candidates(noun, portrait, keys(portrait), noun.visible(), but=record.id)
    likely = [each for each in found if each.common_keys or each.likeness.score >= least]
    return duplicate_pb2.FindDuplicatesResponse(
        candidates=[_told(noun, each) for each in likely[: request.limit or _LIMIT]]
    )


def _candidate(noun: Any, portrait: Portrait, mine: set[str], row: Row) -> Candidate:
    theirs = noun.portrayed(row)
    common = tuple(key for key in exact_keys(theirs) if key in mine)
    return Candidate(row, compare(portrait, theirs), common)


def _told(noun: Any, candidate: Candidate) -> duplicate_pb2.FindDuplicatesResponse.Candidate:
    return duplicate_pb2.FindDuplicatesResponse.Candidate(
        id=candidate.id, title=noun.called(candidate.row), score=candidate.likeness.score,
        common_keys=candidate.common_keys, reasons=candidate.likeness.reasons,
    )  # fmt: skip


def of_kinds(keys: Sequence[str], kinds: Sequence[str]) -> list[str]:
    """Those of the exact keys that are of one of these kinds."""
    return [key for key in keys if key.partition(":")[0] in kinds and key.partition(":")[0] in EXACT]
