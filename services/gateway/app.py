"""The Flask application: routes from the contract, the gateway's own pages, and what holds for every answer."""

import logging
from collections.abc import Callable
from functools import cache
from typing import Any

import orjson
from flask import Flask, Response, g, request
from google.protobuf.descriptor import ServiceDescriptor

from chassis import config
from chassis.contract import rpc_of
from services.gateway import contract, observation, openapi, problems, transcoding
from services.gateway.callers import Callers
from services.gateway.channels import Channels
from services.gateway.composed import composed
from services.gateway.edge import Edge
from services.gateway.endpoint import Endpoint
from services.gateway.gate import Gate
from services.gateway.limits import WINDOW
from services.gateway.links import Links
from services.gateway.openapi.page import POLICY
from services.gateway.problem_pages import problem_pages
from services.gateway.public import visitors
from services.gateway.sessions import sessions
from services.gateway.settings import GatewaySettings
from services.gateway.transcoding import Route
from services.gateway.transfers import Download, Room, Upload
from services.gateway.turnstile import Turnstile

_log = logging.getLogger("kith.gateway")
_PROBES = ("/healthz", "/readyz")
_WORTH_READING = 1024 * 1024  # bytes of a refused request's body


class Gateway(Flask):
    """Flask, knowing that none of its functions is a coroutine: asking each time costs 5 µs per request."""

    def ensure_sync(self, func: Callable[..., Any]) -> Callable[..., Any]:
        """The function itself."""
        return func


def create(settings: GatewaySettings | None = None) -> Flask:
    """The application. Called in each worker after its fork, since channels do not survive one.

    Raises ConfigFault for the environment, ContractFault for the contract.
    """
    settings = settings or config.load(GatewaySettings)
    services = list(contract.services())
    routes = transcoding.routes(services)
    channels = Channels(settings, services)
    rpcs = {method.name: rpc_of(method) for service in services for method in service.methods}
    gate = Gate(settings, Callers(channels, rpcs["Authenticate"], settings.principal_private_key))
    app = Gateway("kith", static_folder=None)
    app.config["PROVIDE_AUTOMATIC_OPTIONS"] = False
    app.url_map.merge_slashes = False
    app.url_map.converters |= {"segment": transcoding.Segment, "rest": transcoding.Rest}
    app.extensions["channels"] = channels
    app.wsgi_app = Edge(app.wsgi_app, settings)  # type: ignore[method-assign]
    room = Room(settings.threads)
    for route in routes:
        app.add_url_rule(
            route.rule, f"{route.verb} {route.path}", _view(route, gate, channels, room, settings), methods=[route.verb]
        )
    app.register_blueprint(sessions(settings, gate, channels, rpcs))
    app.register_blueprint(composed(settings, gate, channels, room))
    app.register_blueprint(problem_pages(services))
    app.register_blueprint(Links(settings, gate, channels, room, routes).blueprint())
    app.register_blueprint(visitors(settings, gate, channels, rpcs, room))
    _add_pages(app)
    _add_state(app, settings, gate, channels, services)
    _hold_for_every_answer(app, settings)
    return app


def _view(
    route: Route, gate: Gate, channels: Channels, room: Room, settings: GatewaySettings
) -> Callable[..., Response]:
    if route.rpc.streams_in:
        return Upload(route, gate, channels, room, settings.upload_limit)
    if route.rpc.streams_out:
        return Download(route, gate, channels, room)
    return Endpoint(route, gate, channels, settings.body_limit)


def _add_pages(app: Flask) -> None:
    @app.get("/openapi.json")
    def openapi_document() -> Response:
        return Response(_manual()[0], content_type="application/json")

    @app.get("/docs")
    def docs() -> Response:
        g.exchange.headers["Content-Security-Policy"] = POLICY
        return Response(_manual()[1], content_type="text/html; charset=utf-8")


@cache
def _manual() -> tuple[bytes, bytes]:
    """The OpenAPI document and its page, made when they are first asked for: most workers never are."""
    document = openapi.document(transcoding.routes(contract.services()))
    return orjson.dumps(document), openapi.page(document).encode()


def _add_state(
    app: Flask, settings: GatewaySettings, gate: Gate, channels: Channels, services: list[ServiceDescriptor]
) -> None:
    @app.get("/healthz")
    def alive() -> Response:
        return _json({"status": "alive"})

    @app.get("/readyz")
    def ready() -> Response:
        # Ready with any subset: what is down answers 503 for itself and must not take the others away.
        names = [service.full_name.split(".")[1] for service in services]
        names = [name for name in names if name != contract.EVERYWHERE]
        return _json({"status": "ready", "services": {name: channels.health(name) for name in names}})

    @app.get("/v1/limits")
    def limits() -> Response:
        gate.admit(request)
        levels = [
            {"policy": level.policy, "quota": level.quota, "window_seconds": WINDOW, "remaining": level.remaining,
             "reset_seconds": level.reset}
            for level in g.exchange.levels if level.quota
        ]  # fmt: skip
        return _json({"limits": levels, "body_bytes": settings.body_limit, "page_size": 200, "batch_items": 200})


def _json(value: object) -> Response:
    return Response(orjson.dumps(value), content_type="application/json")


def _hold_for_every_answer(app: Flask, settings: GatewaySettings) -> None:
    turnstile = Turnstile(settings.threads, settings.max_waiting)

    @app.before_request
    def begin() -> None:
        observation.begin(request)
        if request.path not in _PROBES:
            turnstile.enter()
            g.entered = True

    @app.after_request
    def finish(response: Response) -> Response:
        observation.finish(request, response)
        return response

    @app.teardown_request
    def leave(_: BaseException | None) -> None:
        if g.pop("entered", False):
            turnstile.leave()
        observation.leave()

    app.register_error_handler(Exception, _answer_with_problem)


def _answer_with_problem(error: Exception) -> Response:
    problem, exchange = problems.of_exception(error), g.exchange
    if problem.status == 500:
        _log.error("unexpected", exc_info=error, extra={"request_id": exchange.request_id})
    if (request.content_length or 0) <= _WORTH_READING:
        # What is left of a body breaks the connection, and with it the client's next request.
        request.environ["wsgi.input"].read(_WORTH_READING)
    return problem.response(exchange.trace_id)
