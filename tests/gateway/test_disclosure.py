"""The bundle of all that is known of a person: whole or not at all."""

import io
import json
import zipfile
from typing import Any

import grpc
import pytest
from crm.common.v1 import disclosure_pb2
from flask.testing import FlaskClient

from chassis.refusals import Forbidden, NotFound
from services.gateway.composed.disclosure import TOLD_BY
from tests.gateway.standin import StandIn, refuse
from tests.openapi import conforms

PATH = "/v1/disclosures/dsc_1/content"
ADA = disclosure_pb2.Subject(contact_ids=["con_1"], emails=["ada@rose.example"])


def told(collection: str, *records: dict[str, Any]) -> disclosure_pb2.Disclosed:
    lines = b"".join(json.dumps(each).encode() + b"\n" for each in records)
    return disclosure_pb2.Disclosed(collection=collection, lines=lines)


@pytest.fixture
def person(stand_in: StandIn) -> StandIn:
    """A service that knows a person, and says of it what a service would."""
    stand_in.says["DescribeSubject"] = lambda _: ADA
    stand_in.says["DiscloseContacts"] = lambda _: [
        told("contacts", {"id": "con_1"}), told("leads", {"id": "lead_1"}, {"id": "lead_2"}), told("leads", {"id": "lead_3"}),
    ]  # fmt: skip
    stand_in.says["DiscloseSales"] = lambda _: [told("orders", {"id": "ord_1", "description": "Ämter"})]
    stand_in.says["DiscloseSupport"] = stand_in.says["DiscloseCampaigns"] = lambda _: []
    return stand_in


def test_the_bundle_holds_what_every_service_told_and_says_how_much_it_is(
    gateway: FlaskClient, person: StandIn
) -> None:
    answer = gateway.get(PATH)
    assert (answer.status_code, answer.content_type) == (200, "application/zip")
    assert answer.headers["Cache-Control"] == "no-store"
    with zipfile.ZipFile(io.BytesIO(answer.data)) as bundle:
        assert bundle.testzip() is None
        assert bundle.namelist() == [
            "contacts/contacts.ndjson", "contacts/leads.ndjson", "sales/orders.ndjson", "manifest.json",
        ]  # fmt: skip
        leads = [json.loads(each) for each in bundle.read("contacts/leads.ndjson").splitlines()]
        manifest = json.loads(bundle.read("manifest.json"))
    assert [each["id"] for each in leads] == ["lead_1", "lead_2", "lead_3"]
    assert manifest == {
        "disclosure": "dsc_1", "services": ["contacts", "sales", "support", "campaigns"],
        "records": {"contacts/contacts.ndjson": 1, "contacts/leads.ndjson": 3, "sales/orders.ndjson": 1},
    }  # fmt: skip
    for name in TOLD_BY:
        assert person.last(name)[0] == ADA


@pytest.mark.parametrize(
    ("rpc", "refusal", "status"),
    [
        ("DescribeSubject", NotFound(noun="disclosure", id="dsc_1"), 404),
        ("DiscloseCampaigns", Forbidden(permission="campaigns.disclosure.write for everybody"), 403),
    ],
)
def test_one_service_that_refuses_refuses_the_whole(
    gateway: FlaskClient, person: StandIn, rpc: str, refusal: Exception, status: int
) -> None:
    person.says[rpc] = refuse(refusal)
    assert conforms(gateway.get(PATH)).status_code == status


def test_a_service_that_breaks_off_leaves_no_bundle(gateway: FlaskClient, person: StandIn) -> None:
    def break_off(_: Any) -> Any:
        class Breaking(list):  # type: ignore[type-arg]
            def __iter__(self) -> Any:
                yield told("tickets", {"id": "tkt_1"})
                raise RuntimeError("the database went away")

        return Breaking()

    person.says["DiscloseSupport"] = break_off
    with pytest.raises(grpc.RpcError):
        _ = gateway.get(PATH).data
