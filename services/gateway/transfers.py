"""Routes whose rpcs stream: files in and out, in pieces, never whole in memory.

An upload's body is the file itself, of any type; what else its rpc asks for are query parameters. A download says its name and
size in the head of the rpc's answer, and is never shown by a browser as a page of ours.
"""

import threading
from collections.abc import Iterator
from typing import Any
from urllib.parse import quote

import grpc
import orjson
from flask import Response, g, request

from chassis.contract import RpcContract
from services.gateway import problems
from services.gateway.channels import Channels
from services.gateway.codec import printer
from services.gateway.endpoint import conditions, seen
from services.gateway.faults import Faults
from services.gateway.gate import Gate, metadata
from services.gateway.observation import Exchange
from services.gateway.parameters import Parameters
from services.gateway.places import Places
from services.gateway.refusals import BodyTooLarge, Invalid, Overloaded
from services.gateway.transcoding import Route

PIECE = 256 * 1024
NAME, SIZE, HASH = "kith-file-name-bin", "kith-file-size", "kith-file-sha256"  # in the head of a download's answer


class Room:
    """How many transfers a worker has at a time, so that slow ones leave threads for everybody else."""

    def __init__(self, threads: int) -> None:
        self._free = threading.Semaphore(max(1, threads // 2))

    def enter(self) -> None:
        """Refused with Overloaded when there are as many as there may be."""
        if not self._free.acquire(blocking=False):
            raise Overloaded(seconds=5)

    def leave(self) -> None:
        """Make room for the next one."""
        self._free.release()


class Upload:
    """A route whose rpc takes a stream in, as a Flask view."""

    def __init__(self, route: Route, gate: Gate, channels: Channels, room: Room, limit: int) -> None:
        self.route = route
        self._gate, self._channels, self._room, self._limit = gate, channels, room, limit
        self._parameters = Parameters(route)
        self._print = printer(route.method.output_type)

    def __call__(self) -> Response:
        exchange: Exchange = g.exchange
        exchange.route, rpc = self.route.path, self.route.rpc
        caller = self._gate.admit(request)
        caller.demand(rpc.permission)
        if (request.content_length or 0) > self._limit:
            raise BodyTooLarge(limit_bytes=self._limit)
        first, trail = self._first(), (*metadata(caller), *conditions(request))
        self._room.enter()
        try:
            answer, call = self._channels.call(rpc, self._pieces(first), trail)
        except grpc.RpcError as error:
            raise problems.of_call(error, rpc.service, Places(), conditional=False) from None
        finally:
            self._room.leave()
        if any(key == "idempotency-replayed" for key, _ in call.trailing_metadata() or ()):
            exchange.headers["Idempotency-Replayed"] = "true"
        exchange.headers |= {"ETag": f'"{answer.etag}"', "Location": f"{self.route.path}/{answer.id}"}
        return Response(orjson.dumps(self._print(answer)), 201, content_type="application/json")

    def _first(self) -> Any:
        """The first message: the parameters. Refused with Invalid."""
        message, faults = self.route.rpc.request(), Faults()
        self._parameters.read(message, request.environ["QUERY_STRING"], faults)
        if faults:
            raise Invalid(faults)
        getattr(message, self.route.body).content_type = request.mimetype[:255]
        return message

    def _pieces(self, first: Any) -> Iterator[Any]:
        body, left = request.environ["wsgi.input"], self._limit
        yield first
        if request.content_length is None and "HTTP_TRANSFER_ENCODING" not in request.environ:
            return
        while piece := body.read(PIECE):
            left -= len(piece)
            message = self.route.rpc.request()
            getattr(message, self.route.body).data = piece
            yield message
            if left < 0:  # one piece too much has gone: the service has a limit of its own
                return


class Download:
    """A route whose rpc streams out, as a Flask view."""

    def __init__(self, route: Route, gate: Gate, channels: Channels, room: Room) -> None:
        self.route = route
        self._gate, self._channels, self._room = gate, channels, room

    def __call__(self, **path: str) -> Response:
        exchange: Exchange = g.exchange
        exchange.route, rpc = self.route.path, self.route.rpc
        caller = self._gate.admit(request)
        caller.demand(rpc.permission)
        asked = rpc.request()
        for variable in self.route.variables:
            setattr(asked, variable.path[-1], path[variable.name])
        return streamed(self._channels, rpc, asked, metadata(caller), self._room)


def streamed(channels: Channels, rpc: RpcContract, asked: Any, trail: Any, room: Room) -> Response:
    """The answer that streams what an rpc streams, or 304 for whoever has it already. Refused as the rpc is."""
    room.enter()
    try:
        call = channels.stream(rpc, asked, trail)
        head = dict(call.initial_metadata())
        tag = f'"{head[HASH]}"' if HASH in head else ""
        if tag and request.method == "GET" and seen(request, tag):
            call.cancel()
            room.leave()
            return Response(status=304, headers={"ETag": tag})
        first = next(call, None)
    except grpc.RpcError as error:
        room.leave()
        raise problems.of_call(error, rpc.service, Places(), conditional=False) from None
    kind = (first.content_type if first else "") or "application/octet-stream"
    response = Response(_bytes(call, first), content_type=kind)
    response.call_on_close(call.cancel)
    response.call_on_close(room.leave)
    name, size = head.get(NAME, b"file").decode(), head.get(SIZE, "")
    response.headers["Content-Disposition"] = f"attachment; filename*=UTF-8''{quote(name, safe='')}"
    if size:
        response.headers["Content-Length"] = size
    if tag:
        response.headers["ETag"] = tag
    return response


def _bytes(call: Any, first: Any) -> Iterator[bytes]:
    if first is None:
        return
    yield first.data
    for piece in call:  # a service that fails now breaks the connection, so that nobody takes half a file for whole
        yield piece.data
