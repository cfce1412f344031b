"""All that the suite knows of a person, as one bundle: a ZIP file that is made while it is sent, with a file per collection.

Every service tells what it keeps, under its own permission. Nothing is sent before each of them has begun to answer; one that
fails later breaks the connection, so that nobody takes half of it for the whole: what ends well is whole, and its last entry,
`manifest.json`, says how much it is.
"""

import io
import json
import zipfile
from collections.abc import Iterator
from contextlib import ExitStack, contextmanager
from itertools import chain, groupby
from typing import Any

import grpc
from crm.common.v1 import requests_pb2
from flask import Response, g, request

from chassis.contract import RpcContract, rpc_of
from services.gateway import contract, problems
from services.gateway.channels import Channels
from services.gateway.gate import Gate, metadata
from services.gateway.places import Places
from services.gateway.transfers import Room

PATH = "/v1/disclosures/{id}/content"
WHOM = "DescribeSubject"
TOLD_BY = ("DiscloseContacts", "DiscloseSales", "DiscloseSupport", "DiscloseCampaigns")

Trail = tuple[tuple[str, str], ...]
Told = tuple[str, Iterator[Any]]  # a service, and its pieces


def rpc(name: str) -> RpcContract:
    """An rpc of the contract."""
    return rpc_of(contract.methods()[name])


class DisclosureEndpoint:
    """The bundle, as a Flask view."""

    def __init__(self, gate: Gate, channels: Channels, room: Room) -> None:
        self._gate, self._channels, self._room = gate, channels, room
        self._whom, self._told_by = rpc(WHOM), [rpc(name) for name in TOLD_BY]

    def __call__(self, id: str) -> Response:
        g.exchange.route = PATH
        caller = self._gate.admit(request)
        for each in (self._whom, *self._told_by):
            caller.demand(each.permission)
        with ExitStack() as refused:
            self._room.enter()
            refused.callback(self._room.leave)
            told = self._begin(id, metadata(caller), refused)
            over = refused.pop_all()
        response = Response(_zipped(id, told), content_type="application/zip")
        response.call_on_close(over.close)
        response.headers["Content-Disposition"] = f'attachment; filename="{id}.zip"'
        response.headers["Cache-Control"] = "no-store"
        return response

    def _begin(self, id: str, trail: Trail, end: ExitStack) -> list[Told]:
        """What each service tells, once all have begun to; `end` ends their calls. Refused as their rpcs are."""
        with _refusing(self._whom):
            subject, _ = self._channels.call(self._whom, requests_pb2.GetRequest(id=id), trail)
        calls = [self._channels.stream(each, subject, trail) for each in self._told_by]
        for call in calls:
            end.callback(call.cancel)
        told: list[Told] = []
        for each, call in zip(self._told_by, calls, strict=True):
            with _refusing(each):
                first = next(call, None)
            told.append((each.service, chain([first] if first else [], call)))
        return told


@contextmanager
def _refusing(asked: RpcContract) -> Iterator[None]:
    try:
        yield
    except grpc.RpcError as error:
        raise problems.of_call(error, asked.service, Places(), conditional=False) from None


class _Outgoing(io.RawIOBase):
    """What a ZIP file is written to, and taken from, piece by piece: it is never whole."""

    def __init__(self) -> None:
        self._pieces: list[bytes] = []

    def writable(self) -> bool:
        """Yes; and nothing else."""
        return True

    def write(self, piece: Any) -> int:
        """Take a piece of the file."""
        self._pieces.append(bytes(piece))
        return len(piece)

    def taken(self) -> bytes:
        """What was written since it was last asked."""
        pieces, self._pieces = self._pieces, []
        return b"".join(pieces)


def _zipped(id: str, told: list[Told]) -> Iterator[bytes]:
    out, counts = _Outgoing(), dict[str, int]()
    with zipfile.ZipFile(out, "w", zipfile.ZIP_DEFLATED) as bundle:
        for service, pieces in told:
            for collection, some in groupby(pieces, lambda piece: piece.collection):
                name = f"{service}/{collection}.ndjson"
                with bundle.open(name, "w", force_zip64=True) as file:
                    for piece in some:
                        file.write(piece.lines)
                        counts[name] = counts.get(name, 0) + piece.lines.count(b"\n")
                        yield out.taken()
        manifest = {"disclosure": id, "services": [service for service, _ in told], "records": counts}
        bundle.writestr("manifest.json", json.dumps(manifest, indent=2))
    yield out.taken()
