"""Many records change hands: what that would be, and bounded steps of it. What is asked is each time asked anew."""

from collections.abc import Callable
from typing import Any

from crm.common.v1 import requests_pb2
from crm.contacts.v1 import territory_pb2

from chassis import Forbidden, Invalid, NotFound, listing, principal, stored
from services.contacts.account import Account
from services.contacts.contact import Contact
from services.contacts.lead import Lead
from services.contacts.routed import Routed
from services.contacts.territory import Territory, condition_of, first_that_fits

NOUNS: dict[str, type[Routed]] = {"account": Account, "contact": Contact, "lead": Lead}

_SAMPLES, _PER_CALL, _COUNTED = 20, 100, 10_000

Whose = dict[str, Any]


def preview(request: Any) -> territory_pb2.PreviewReassignmentResponse:
    """What a ReassignRecordsRequest would do. Refused with Invalid, Forbidden."""
    noun, whose = NOUNS[request.noun], _whose(request)
    rows, query = noun._get_collection(), _asked(noun, request)
    count = rows.count_documents(query, limit=_COUNTED)
    answer = territory_pb2.PreviewReassignmentResponse()
    answer.total.value, answer.total.relation = count, "gte" if count == _COUNTED else "eq"
    for row in rows.find(query).sort("_id", 1).limit(_SAMPLES):
        goes = row | (whose(row) or {})
        answer.samples.add(
            record_id=row["_id"], name=row.get("display_name") or row.get("name") or "",
            from_owner_id=row.get("owner_id"), to_owner_id=goes.get("owner_id"),
            from_team_id=row.get("team_id"), to_team_id=goes.get("team_id"), territory_id=goes.get("territory_id"),
        )  # fmt: skip
    return answer


def reassign(request: Any) -> territory_pb2.ReassignRecordsResponse:
    """A step of it: as many records as the request says, each with its event. Refused with Invalid, Forbidden."""
    noun, whose, size = NOUNS[request.noun], _whose(request), request.page_size or _PER_CALL
    ids = noun._get_collection().find(_asked(noun, request), {"_id": 1}).sort("_id", 1).limit(size + 1)
    found = [row["_id"] for row in ids]
    answer = territory_pb2.ReassignRecordsResponse(next_page_token=found[size - 1] if len(found) > size else "")
    for id in found[:size]:
        if _give(noun.find(id, "write"), whose)[0]:
            answer.reassigned_count += 1
        else:
            answer.unchanged_count += 1
    return answer


def assign(item: Any, result: Any) -> None:
    """Give a record to whom its territory says, and note in `result` what was done. Refused with NotFound, Forbidden."""
    noun, result.record_id = noun_of(item.record_id), item.record_id
    changed, territory_id = _give(noun.find(item.record_id, "write"), _ruled(noun))
    result.territory_id = territory_id or ""
    result.outcome = requests_pb2.UPDATED if changed else requests_pb2.UNCHANGED


def explain(record_id: str) -> territory_pb2.ExplainTerritoryResponse:
    """Which territories a record was held against, and which one wins. Refused with NotFound, Forbidden."""
    noun = noun_of(record_id)
    record = noun.find(record_id)
    row, asked = record._stored(), Territory.of(noun.about().noun)
    answer = territory_pb2.ExplainTerritoryResponse(assigned_territory_id=record.territory_id or "")
    for each in asked:
        answer.steps.add(territory_id=each.id, name=each.name, priority=each.priority, fits=each.fits(row))
    winner = first_that_fits(row, asked)
    answer.territory_id = winner.id if winner else ""
    return answer


def noun_of(record_id: str) -> type[Routed]:
    """The noun of an id. Refused with NotFound for what territories know nothing of."""
    prefix = record_id.partition("_")[0]
    for noun in NOUNS.values():
        if noun.about().prefix == prefix:
            return noun
    raise NotFound(noun="record", id=record_id)


def _give(record: Routed, whose: Callable[[dict[str, Any]], Whose | None]) -> tuple[bool, str | None]:
    goes = whose(record._stored())
    changed = goes is not None and record.hand_over(**goes)
    record.keep()
    return changed, (goes or {}).get("territory_id")


def _whose(request: Any) -> Callable[[dict[str, Any]], Whose | None]:
    named = {name: value for name in ("owner_id", "team_id") if (value := getattr(request, name))}
    if bool(named) == request.by_territories:
        raise Invalid.field("owner_id", "and team_id, or by_territories, must be given, and not both")
    if request.by_territories:
        return _ruled(NOUNS[request.noun])
    return lambda _: {**named, "territory_id": None}


def _ruled(noun: type[Routed]) -> Callable[[dict[str, Any]], Whose | None]:
    asked = Territory.of(noun.about().noun)

    def whose(row: dict[str, Any]) -> Whose | None:
        winner = first_that_fits(row, asked)
        return winner.assigned if winner else None

    return whose


def _asked(noun: type[Routed], request: Any) -> dict[str, Any]:
    whom = principal()
    if whom.scope(noun.about().permission("write")) is None:
        raise Forbidden(permission=noun.about().permission("write"))
    parts: list[dict[str, Any]] = [{**noun.visible("write"), "deleted_time": None}]
    if request.page_token:
        parts.append({"_id": {"$gt": request.page_token}})
    if request.HasField("filter"):
        parts.append(listing.query(condition_of(noun.about().noun, stored(request.filter))))
    return {"$and": parts}
