"""Links to files in the OpenAPI document: for every download the way to one, and the address that it is."""

from collections.abc import Iterable
from typing import Any

from services.gateway.links import LONGEST_SECONDS, USUAL_SECONDS
from services.gateway.openapi.operations import BYTES, JSON, READ_PROBLEMS, WRITE_PROBLEMS, problem
from services.gateway.openapi.schemas import Schema
from services.gateway.transcoding import Route

_SAYS = """Makes an address that leads to the file without a sign-in, until it expires: for browsers, players and whoever is to
have it once. It stands for the permission of whoever makes it. Refused as the download is, and with Invalid."""
_SECONDS: Schema = {
    "type": "integer", "minimum": 1, "maximum": LONGEST_SECONDS, "default": USUAL_SECONDS,
    "description": "How long it is good.",
}  # fmt: skip
_ASKED: Schema = {"type": "object", "additionalProperties": False, "properties": {"seconds": _SECONDS}}
_LINK: Schema = {
    "type": "object",
    "required": ["url", "expire_time"],
    "properties": {
        "url": {"type": "string", "format": "uri", "description": "The address."},
        "expire_time": {"type": "string", "format": "date-time", "description": "Until when it is good."},
    },
}


def add_links(paths: dict[str, Any], routes: Iterable[Route]) -> None:
    """Describe `POST <download>:link` for every download, and where it leads."""
    for route in routes:
        if route.rpc.streams_out:
            paths[f"{route.path}:link"] = {"post": _making(route)}
    token = {"name": "token", "in": "path", "required": True, "schema": {"type": "string", "minLength": 1}}
    file = {"description": "The file.", "content": {BYTES: {"schema": {}}}}
    paths["/d/{token}"] = {
        "get": {
            "operationId": "FollowLink", "tags": ["gateway"], "summary": "Gives the file that a link leads to",
            "description": "Refused with NotFound when the link is forged or expired, or the file is gone.",
            "security": [], "parameters": [token], "responses": {"200": file, "default": problem()},
        }
    }  # fmt: skip


def _making(route: Route) -> Schema:
    path = [
        {"name": each.name, "in": "path", "required": True, "schema": {"type": "string", "minLength": 1}}
        for each in route.variables
    ]
    made = {"description": "The link.", "content": {JSON: {"schema": _LINK}}}
    refused = {code: problem() for code in sorted(READ_PROBLEMS + WRITE_PROBLEMS)}
    return {
        "operationId": f"Link{route.method.name}", "tags": [route.path.split("/")[2]],
        "summary": "Makes a link to the file that needs no sign-in",
        "description": f"{_SAYS}\n\nNeeds the permission `{route.rpc.permission}`.",
        "x-permission": route.rpc.permission, "parameters": path,
        "requestBody": {"required": False, "content": {JSON: {"schema": _ASKED, "example": {"seconds": 60}}}},
        "responses": {"201": made} | refused,
    }  # fmt: skip
