"""`python -m services.gateway.routes`: every verb, path, rpc and permission, one screen per service, and one for what the gateway
composes of several.

What belongs together and needs one permission shares a line: `/v1/leads:batch{Create,Update}` and `Batch…Leads` stand for
`:batchCreate` of BatchCreateLeads and `:batchUpdate` of BatchUpdateLeads, `/v1/leads/{id}:{work,qualify}` and `…Lead` for
`:work` of WorkLead and `:qualify` of QualifyLead. So do the ways to one rpc: `GET /v1/leads, POST :search`.
"""

import sys
from collections.abc import Iterable, Iterator, Sequence
from itertools import groupby

from google.protobuf.descriptor import ServiceDescriptor

from chassis.contract import rpc_of
from services.gateway import contract, transcoding
from services.gateway.composed import disclosure
from services.gateway.composed.blocks import OVERVIEWS
from services.gateway.composed.kinds import KINDS
from services.gateway.composed.search import PATH
from services.gateway.transcoding import Route

Line = tuple[str, str, str, str]


def screens() -> Iterator[str]:
    """One screen per service, at most 64 lines of 120 columns."""
    services = list(contract.services())
    routes = transcoding.routes(services)
    for service in services:
        own = [route for route in routes if route.method.containing_service is service]
        lines = _lines(service, own)
        head = f"{service.full_name}: {len(service.methods)} rpcs, {len(own)} routes"
        yield _screen(head, lines)
    yield _screen("composed of several services", _composed())


def _screen(head: str, lines: Iterable[Line]) -> str:
    # A long path takes the place of what stands behind the rpc's name.
    return "\n".join([head, *(f"  {verb:6} {f'{path:53} {rpc}':77} {access}" for verb, path, rpc, access in lines)])


def _composed() -> Iterator[Line]:
    for overview in OVERVIEWS:
        for block in overview.blocks:
            place = overview.path if block is overview.record else f"    {block.name}"
            yield "GET" if block is overview.record else "", place, block.rpc_name, block.rpc.permission
    yield "GET", PATH, "", "any; a group each:"
    for kind in KINDS:
        yield "", f"    {kind.type}", kind.rpc_name, kind.rpc.permission
    yield "GET", disclosure.PATH, disclosure.WHOM, disclosure.rpc(disclosure.WHOM).permission
    for name in disclosure.TOLD_BY:
        yield "", f"    {disclosure.rpc(name).service}", name, disclosure.rpc(name).permission


def _lines(service: ServiceDescriptor, routes: Sequence[Route]) -> Iterator[Line]:
    for _, group in groupby(routes, key=_fold):
        folded = list(group)
        yield _FOLDS[_kind(folded[0])](folded) if len(folded) > 1 else _ways(folded)
    for method in service.methods:
        if all(route.method.full_name != method.full_name for route in routes):
            yield "-", "for the gateway itself", method.name, rpc_of(method).permission


def _fold(route: Route) -> str:
    kind = _kind(route)
    return route.rpc.name if kind == "ways" else f"{kind} {route.path.split(':')[0]} {route.rpc.permission}"


def _kind(route: Route) -> str:
    """How a route shares a line with its neighbours."""
    if route.custom.startswith("batch"):
        return "batch"
    # `:win` of WinOpportunity, which the verb and the noun make up.
    noun = route.rpc.name[len(route.custom) :]
    named = route.custom and noun and route.rpc.name == f"{route.custom.capitalize()}{noun}"
    return "verbs" if named and route.variables and route.custom.islower() else "ways"


def _ways(routes: Sequence[Route]) -> Line:
    first, *others = routes
    ways = "".join(f", {other.verb} {other.path.removeprefix(first.path)}" for other in others)
    return first.verb, first.path + ways, first.rpc.name, first.rpc.permission


def _batch(routes: Sequence[Route]) -> Line:
    kinds = [route.custom.removeprefix("batch") for route in routes]
    ending = routes[0].rpc.name.removeprefix(f"Batch{kinds[0]}")
    path = f"{routes[0].path.split(':')[0]}:batch{{{','.join(kinds)}}}"
    return "POST", path, f"Batch…{ending}", routes[0].rpc.permission


def _verbs(routes: Sequence[Route]) -> Line:
    first, verbs = routes[0], ",".join(route.custom for route in routes)
    ending = first.rpc.name[len(first.custom) :]
    return first.verb, f"{first.path.split(':')[0]}:{{{verbs}}}", f"…{ending}", first.rpc.permission


_FOLDS = {"batch": _batch, "verbs": _verbs, "ways": _ways}

if __name__ == "__main__":
    sys.stdout.write("\n\n".join(screens()) + "\n")
