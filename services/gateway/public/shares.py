"""Share links: a page that says what there is, and the file itself by a button.

The file comes by POST: programs that follow links of mails do not fetch it, and a password stands in no address.
"""

from collections.abc import Callable
from typing import Any

from crm.contacts.v1 import share_link_pb2
from flask import Blueprint, Response, g, request

from services.gateway.problems import Problem
from services.gateway.public.pages import form, page, password, said

_LONGEST = 200

Call = Callable[[str, Any], Any]


def add_shares(
    blueprint: Blueprint, call: Call, stream: Callable[[str, Any], Response], visit: Callable[[], dict[str, str]]
) -> None:
    """`/s/<token>`."""

    @blueprint.get("/s/<token>")
    def show_share(token: str) -> Response:
        g.exchange.route = "/s/{token}"
        found = call("OpenShare", share_link_pb2.OpenShareRequest(token=token[:_LONGEST], visit=visit()))
        if found.has_password:
            return _ask(token)
        size = f"{found.file_name}, {_spoken(found.size_bytes)}"
        return page(found.name, size, [form(f"/s/{token}", [], "Download")])

    @blueprint.post("/s/<token>")
    def fetch_share(token: str) -> Response:
        g.exchange.route = "/s/{token}"
        given = request.form.get("password", "")[:_LONGEST]
        asked = share_link_pb2.FetchShareRequest(token=token[:_LONGEST], password=given, visit=visit())
        try:
            return stream("FetchShare", asked)
        except Problem as problem:
            if problem.reason != "SHARE_PASSWORD_WRONG":
                raise
            return _ask(token, problem)


def _ask(token: str, problem: Problem | None = None) -> Response:
    parts = [password("password", "Password"), *([said(problem.detail)] if problem else [])]
    status = problem.status if problem else 200
    return page(
        "A document for you", "It opens with a password.", [form(f"/s/{token}", parts, "Download")], status=status
    )


def _spoken(size: int) -> str:
    """A size as people read it: `1.4 MB`."""
    units = ("bytes", "kB", "MB", "GB")
    power = next((power for power in range(len(units)) if size < 1000 ** (power + 1)), len(units) - 1)
    return f"{size / 1000**power:.{1 if power else 0}f} {units[power]}"
