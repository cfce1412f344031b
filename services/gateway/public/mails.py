"""Links of mails: the tracked ones, the pixel, and the way out.

A GET never takes anybody out: scanners follow every link of a mail. The page asks, and a POST does it; the one-click POST of
RFC 8058 needs neither cookie nor page, and is not answered with a redirect.
"""

import base64
from collections.abc import Callable
from contextlib import suppress
from typing import Any

from crm.campaigns.v1 import public_pb2
from flask import Blueprint, Response, g, request

from services.gateway.problems import Problem
from services.gateway.public.pages import choice, form, page

_GIF = base64.b64decode("R0lGODlhAQABAIAAAAAAAP///yH5BAEAAAAALAAAAAABAAEAAAIBRAA7")
_LONGEST = 200

Call = Callable[[str, Any], Any]


def add_mails(blueprint: Blueprint, call: Call, visit: Callable[[], dict[str, str]]) -> None:
    """`/t/c/<token>`, `/t/o/<token>` and `/t/u/<token>`."""

    @blueprint.route("/t/c/<token>", methods=["GET", "HEAD"])
    def follow(token: str) -> Response:
        g.exchange.route = "/t/c/{token}"
        found = call("FollowLink", public_pb2.FollowLinkRequest(token=token[:_LONGEST], visit=visit()))
        response = Response(status=302)
        response.headers["Location"] = found.url
        return response

    @blueprint.get("/t/o/<token>")
    def open_mail(token: str) -> Response:
        g.exchange.route = "/t/o/{token}"
        with suppress(Problem):  # the picture is the same, whatever happened
            call("OpenMail", public_pb2.OpenMailRequest(token=token[:_LONGEST], visit=visit()))
        return Response(_GIF, content_type="image/gif")

    @blueprint.get("/t/u/<token>")
    def ask(token: str) -> Response:
        g.exchange.route = "/t/u/{token}"
        found = call("DescribeUnsubscribe", public_pb2.DescribeUnsubscribeRequest(token=token[:_LONGEST]))
        if found.done:
            return page("No more mails", f"{found.masked_address} gets no mails about {found.topic}.")
        parts = [
            choice("choice", "topic", f"No more mails about {found.topic}", chosen=True),
            choice("choice", "all", "No more mails at all"),
        ]
        return page("No more mails?", found.masked_address, [form(f"/t/u/{token}", parts, "Unsubscribe")])

    @blueprint.post("/t/u/<token>")
    def unsubscribe(token: str) -> Response:
        g.exchange.route = "/t/u/{token}"
        everything = request.form.get("choice") == "all"
        asked = public_pb2.UnsubscribeRequest(token=token[:_LONGEST], everything=everything, visit=visit())
        topic = call("Unsubscribe", asked).topic
        return page("No more mails", f"You get no more mails about {topic}." if topic else "You get no more mails.")
