"""Tells all that a service keeps about a person, collection by collection, in the shape in which it is stored and sent.

Nothing of it is kept anywhere on the way: records are read as they are asked for, and what is told is only told to whoever asks.
"""

import base64
import json
from collections.abc import Callable, Iterator, Mapping
from datetime import datetime
from itertools import islice
from typing import Any

from crm.common.v1 import disclosure_pb2
from pymongo.database import Database

from chassis import clock, mirror, transaction
from chassis.principal import Scope, principal
from chassis.refusals import Forbidden

_RECORDS = 100  # of a piece
_INNER = mirror.CHASSIS_FIELDS | {"list_ids", "erased"}

Row = dict[str, Any]
Known = Callable[[Any], Mapping[str, Row]]  # the queries by which a person's records are found, by collection


def disclosure_rpc(name: str, known: Known) -> type:
    """A class with the rpc method `Disclose<name>` of a service: a mixin as `standard` is.

    Refused with Forbidden below the scope all. The permission is one to write, for who may read everything may not therefore put
    everything about a person together.
    """

    def disclose(self: Any, request: Any, context: Any) -> Iterator[Any]:  # noqa: ARG001  an rpc's signature
        whom, permission = principal(), f"{name.lower()}.disclosure.write"
        if whom.demand(permission) is not Scope.ALL:
            raise Forbidden(permission=f"{permission} for everybody")
        # Decided now, read later: while the pieces are taken nobody is the caller any more.
        wanted = {collection: {"tenant_id": whom.tenant_id, **query} for collection, query in known(request).items()}
        return _pieces(transaction.database(), wanted)

    return type("Disclosing", (), {f"Disclose{name}": disclose})


def _pieces(database: Database, wanted: Mapping[str, Row]) -> Iterator[disclosure_pb2.Disclosed]:
    for collection, query in wanted.items():
        rows = database[collection].find(query, batch_size=_RECORDS)
        while some := list(islice(rows, _RECORDS)):
            yield disclosure_pb2.Disclosed(collection=collection, lines=b"".join(map(line, some)))


def line(row: Row) -> bytes:
    """A stored record as JSON on a line, without what is only there to find it."""
    return json.dumps(_told(row), ensure_ascii=False, default=_plain).encode() + b"\n"


def _told(value: Any) -> Any:
    # Records stand within records, too: as merges keep them.
    if isinstance(value, list):
        return [_told(each) for each in value]
    if not isinstance(value, dict):
        return value
    id = {"id": value["_id"]} if "_id" in value else {}
    return id | {name: _told(each) for name, each in value.items() if name != "_id" and name not in _INNER}


def _plain(value: Any) -> str:
    if isinstance(value, datetime):
        return clock.told(value)
    return base64.b64encode(value).decode() if isinstance(value, bytes) else str(value)
