"""What no single service can answer: overviews of a customer, the search across nouns, and all that is known of a person.

All services are asked at once, as the caller and under one deadline; what one of them cannot or will not say leaves a hole that
says so, and the rest is answered.
"""

from concurrent.futures import ThreadPoolExecutor
from functools import partial

from flask import Blueprint

from services.gateway.channels import Channels
from services.gateway.composed.blocks import OVERVIEWS
from services.gateway.composed.disclosure import PATH as DISCLOSURE
from services.gateway.composed.disclosure import DisclosureEndpoint
from services.gateway.composed.memory import Memory
from services.gateway.composed.overview import OverviewEndpoint
from services.gateway.composed.round import MOST_CALLS, Round
from services.gateway.composed.search import PATH, SearchEndpoint
from services.gateway.gate import Gate
from services.gateway.settings import GatewaySettings
from services.gateway.transfers import Room


def composed(settings: GatewaySettings, gate: Gate, channels: Channels, room: Room) -> Blueprint:
    """`/v1/contacts/{id}/overview`, `/v1/accounts/{id}/overview`, `/v1/search` and `/v1/disclosures/{id}/content`."""
    blueprint = Blueprint("composed", __name__)
    pool = ThreadPoolExecutor(MOST_CALLS, "composed")
    begin = partial(Round, channels, pool, seconds=settings.composed_milliseconds / 1000)
    memory = Memory(settings.remembered_seconds)
    for overview in OVERVIEWS:
        view = OverviewEndpoint(overview, gate, begin, memory)
        blueprint.add_url_rule(overview.path.replace("{id}", "<segment:id>"), overview.name, view, methods=["GET"])
    blueprint.add_url_rule(PATH, "Search", SearchEndpoint(gate, begin), methods=["GET"])
    told = DisclosureEndpoint(gate, channels, room)
    blueprint.add_url_rule(DISCLOSURE.replace("{id}", "<segment:id>"), "Disclosure", told, methods=["GET"])
    return blueprint
