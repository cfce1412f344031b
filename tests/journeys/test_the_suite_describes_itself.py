"""What a stranger finds who has only the address: the description for machines, the manual, and the state of the parts."""

import json

from deploy.local.table import SERVICES
from tests import openapi
from tests.journeys.waiting import refused


def test_the_served_description_is_the_one_that_answers_are_held_to(operator, suite):
    with suite.client() as stranger:
        stranger.check = None  # the description does not describe itself
        assert stranger.get("/openapi.json").body == json.loads(json.dumps(openapi.document()))


def test_the_manual_names_every_path(suite):
    with suite.client() as stranger:
        stranger.check = None
        manual = stranger.get("/docs").content.decode()
    assert [path for path in openapi.document()["paths"] if path not in manual] == []


def test_every_service_is_ready(suite):
    with suite.client() as stranger:
        stranger.check = None
        assert set(stranger.get("/readyz")["services"]) == {program.name for program in SERVICES}
        assert set(stranger.get("/readyz")["services"].values()) == {"ready"}


def test_the_limits_are_told(operator):
    told = operator.get("/v1/limits")
    assert (told["page_size"], told["batch_items"]) == (200, 200)
    assert {"ratelimit", "ratelimit-policy"} <= told.headers.keys()


def test_a_path_that_is_not_there_is_a_problem(operator):
    with refused(404, "route-unknown"):
        operator.get("/v1/nothing")
