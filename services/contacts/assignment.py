"""Records given to whom the rules of the territories say, one by one, and which rule it is that says so."""

from collections.abc import Callable
from typing import Any

from crm.common.v1 import requests_pb2
from crm.contacts.v1 import territory_pb2

from chassis import NotFound
from services.contacts.account import Account
from services.contacts.contact import Contact
from services.contacts.lead import Lead
from services.contacts.routed import Routed
from services.contacts.territory import Territory, first_that_fits

NOUNS: dict[str, type[Routed]] = {"account": Account, "contact": Contact, "lead": Lead}

Whose = dict[str, Any]  # owner, team and territory, or those of them that are said
Answer = Callable[[dict[str, Any]], Whose | None]  # whose a stored row becomes; None where nobody says


def assign(item: Any, result: Any) -> None:
    """Give a record to whom its territory says, and note in `result` what was done. Refused with NotFound, Forbidden."""
    noun, result.record_id = noun_of(item.record_id), item.record_id
    record = noun.find(item.record_id, "write")
    whose = ruled(noun.about().noun)(record._stored()) or {}
    changed = record.hand_over(**whose)
    record.keep()
    result.territory_id = whose.get("territory_id", "")
    result.outcome = requests_pb2.UPDATED if changed else requests_pb2.UNCHANGED


def explain(record_id: str) -> territory_pb2.ExplainTerritoryResponse:
    """Which territories a record was held against, and which one wins. Refused with NotFound, Forbidden."""
    noun = noun_of(record_id)
    record = noun.find(record_id)
    row, asked = record._stored(), Territory.of(noun.about().noun)
    answer = territory_pb2.ExplainTerritoryResponse(assigned_territory_id=record.territory_id or "")
    for each in asked:
        told = {"territory_id": each.id, "name": each.name, "priority": each.priority, "fault": each.rule.fault}
        answer.steps.add(fits=each.fits(row), **told)
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


def ruled(noun: str) -> Answer:
    """What the rules of the territories say of a noun's records."""
    asked = Territory.of(noun)

    def whose(row: dict[str, Any]) -> Whose | None:
        winner = first_that_fits(row, asked)
        return winner.assigned if winner else None

    return whose
