"""What tests of territories and reassignments need: two owners, a rule, and the places that a refusal names."""

from typing import Any

from crm.common.v1.listing_pb2 import Filter
from crm.contacts.v1 import territory_pb2 as pb

from chassis import new_id
from chassis.testing import Caller

NORTH, SOUTH = new_id("usr"), new_id("usr")


def where(field: str, value: Any, op: str = "eq") -> Filter:
    kind = "number_value" if isinstance(value, int) else "string_value"
    return Filter(field=field, op=op, value={kind: value})


def a_territory(caller: Caller, name: str = "North", **fields: Any) -> pb.Territory:
    given = {
        "name": name,
        "noun": "account",
        "assign_owner_id": NORTH,
        "filter": where("region", name.lower()),
    } | fields
    return caller.CreateTerritory(pb.CreateTerritoryRequest(territory=pb.Territory(**given)))
