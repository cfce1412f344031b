"""What no single service can answer: overviews of a customer, and the search across nouns.

All services are asked at once, as the caller and under one deadline; what one of them cannot or will not say leaves a hole that
says so, and the rest is answered.
"""

from concurrent.futures import ThreadPoolExecutor
from functools import partial

from flask import Blueprint

from services.gateway.channels import Channels
from services.gateway.composed.blocks import OVERVIEWS
from services.gateway.composed.memory import Memory
from services.gateway.composed.overview import OverviewEndpoint
from services.gateway.composed.round import MOST_CALLS, Round
from services.gateway.composed.search import PATH, SearchEndpoint
from services.gateway.gate import Gate
from services.gateway.settings import GatewaySettings


def composed(settings: GatewaySettings, gate: Gate, channels: Channels) -> Blueprint:
    """`/v1/contacts/{id}/overview`, `/v1/accounts/{id}/overview` and `/v1/search`."""
    blueprint = Blueprint("composed", __name__)
    pool = ThreadPoolExecutor(MOST_CALLS, "composed")
    begin = partial(Round, channels, pool, seconds=settings.composed_milliseconds / 1000)
    memory = Memory(settings.remembered_seconds)
    for overview in OVERVIEWS:
        view = OverviewEndpoint(overview, gate, begin, memory)
        blueprint.add_url_rule(overview.path.replace("{id}", "<segment:id>"), overview.name, view, methods=["GET"])
    blueprint.add_url_rule(PATH, "Search", SearchEndpoint(gate, begin), methods=["GET"])
    return blueprint
