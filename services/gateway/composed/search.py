"""`GET /v1/search`: finds across the nouns of all services, each under the caller's permission for it."""

from dataclasses import asdict, dataclass
from typing import Any

import orjson
from crm.common.v1 import listing_pb2
from flask import Response, g, request

from services.gateway.composed.kinds import KINDS, Kind
from services.gateway.composed.overview import FRESH, UNAVAILABLE
from services.gateway.composed.ranking import MATCHES, Sought
from services.gateway.composed.round import Begin
from services.gateway.faults import Faults
from services.gateway.gate import Gate
from services.gateway.parameters import given_in
from services.gateway.problems import Problem
from services.gateway.refusals import Invalid, UnexpectedBody

PATH = "/v1/search"
SHORTEST, LONGEST = 2, 200  # characters
PAGE_SIZE, LARGEST_PAGE = 5, 20
LOOKED_AT = 50  # of each noun, the newest that have the words: the best of them are shown

_TYPES = {kind.type: kind for kind in KINDS}


@dataclass(frozen=True)
class Query:
    """What a request asks for."""

    sought: Sought
    kinds: tuple[Kind, ...]
    page_size: int


@dataclass(frozen=True)
class Hit:
    """One record that was found."""

    noun: str
    id: str
    title: str
    subtitle: str
    match: str


class SearchEndpoint:
    """The search as a Flask view."""

    def __init__(self, gate: Gate, begin: Begin) -> None:
        self._gate, self._begin = gate, begin

    def __call__(self) -> Response:
        g.exchange.route = PATH
        caller = self._gate.admit(request)
        query = read(request.environ["QUERY_STRING"])
        if request.content_length:
            raise UnexpectedBody
        with self._begin(caller) as round:
            calls = [(kind, round.ask(kind.rpc, _asking(kind, query))) for kind in query.kinds]
            groups = [_group(kind, asked.answer(), query) for kind, asked in calls]
        groups.sort(key=_best)  # stable: equals stay in the order of the table
        return Response(orjson.dumps({"query": query.sought.text, "groups": groups}), content_type="application/json")


_PARAMETERS = frozenset({"q", "types", "page_size"})


def read(text: str) -> Query:
    """The query of a query string. Refused with Invalid, naming the parameter."""
    faults = Faults()
    given = given_in(text, faults)
    for name in given.keys() - _PARAMETERS:
        faults.parameter(name, faults.unknown(name, sorted(_PARAMETERS), "parameter"))
    query = Query(
        _sought(given.get("q", []), faults),
        _kinds(given.get("types", []), faults),
        _page_size(given.get("page_size", []), faults),
    )
    if faults:
        raise Invalid(faults)
    return query


def _sought(given: list[str], faults: Faults) -> Sought:
    sought = Sought(given[0].strip() if given else "")
    if len(given) > 1:
        faults.parameter("q", "it is given twice")
    elif not SHORTEST <= len(sought.text) <= LONGEST:
        faults.parameter("q", f"{SHORTEST} to {LONGEST} characters are expected")
    elif not sought.words:
        faults.parameter("q", "it holds no word")
    return sought


def _kinds(given: list[str], faults: Faults) -> tuple[Kind, ...]:
    names = [name.strip() for text in given for name in text.split(",") if name.strip()]
    for name in names:
        if name not in _TYPES:
            faults.parameter("types", f"{name[:40]!r} is none of {', '.join(_TYPES)}")
    return tuple(kind for kind in KINDS if not names or kind.type in names)


def _page_size(given: list[str], faults: Faults) -> int:
    text = given[-1] if given else str(PAGE_SIZE)
    if len(given) > 1 or not (text.isascii() and text.isdigit() and 1 <= int(text[:9]) <= LARGEST_PAGE):
        faults.parameter("page_size", f"one number from 1 to {LARGEST_PAGE} is expected")
        return PAGE_SIZE
    return int(text)


def _asking(kind: Kind, query: Query) -> Any:
    return listing_pb2.ListRequest(query=query.sought.text, fields=kind.fields, page_size=LOOKED_AT)


def _group(kind: Kind, answer: Any, query: Query) -> dict[str, Any]:
    if isinstance(answer, Problem):
        return {"type": kind.type, "state": UNAVAILABLE, "problem": answer.document(), "hits": [], "more": False}
    found = [(query.sought.match(kind.title(each), kind.below(each)), each) for each in getattr(answer, kind.type)]
    found.sort(key=lambda ranked: MATCHES.index(ranked[0]))  # stable: equals stay newest first
    hits = [asdict(_hit(kind, record, match, query.sought)) for match, record in found[: query.page_size]]
    more = len(found) > len(hits) or bool(answer.next_page_token)
    return {"type": kind.type, "state": FRESH, "hits": hits, "more": more}


def _hit(kind: Kind, record: Any, match: str, sought: Sought) -> Hit:
    return Hit(kind.noun, record.id, kind.title(record), sought.telling(kind.below(record)), match)


def _best(group: dict[str, Any]) -> int:
    """By the best hit; then what was found nothing of, then what could not be looked at."""
    if group["hits"]:
        return MATCHES.index(group["hits"][0]["match"])
    return len(MATCHES) + (group["state"] != FRESH)
