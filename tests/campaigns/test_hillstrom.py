"""A real experiment: 64,000 customers, two mails and a hold-out (Kevin Hillstrom, 2008), and the report that is known of it.

Here its results come in at the door, from a process that knows the contacts already; `python -m tests.journeys.hillstrom` brings
contacts and results into a running suite.
"""

import pytest
from crm.campaigns.v1 import campaign_pb2
from google.protobuf import json_format

from chassis import new_id
from services.campaigns.audience import AudienceMember
from tests.campaigns.conftest import Marketing
from tests.journeys.hillstrom.figures import published, reported
from tests.journeys.hillstrom.files import DATA, people
from tests.journeys.hillstrom.records import CAMPAIGN, result
from tests.journeys.imports import agrees


@pytest.mark.whole
@pytest.mark.skipif(not DATA.exists(), reason=f"the experiment is not in {DATA}")
def test_the_report_of_the_hillstrom_experiment_is_the_known_one(marketing: Marketing) -> None:
    given = json_format.ParseDict(CAMPAIGN, campaign_pb2.Campaign())
    campaign = marketing.caller.CreateCampaign(campaign_pb2.CreateCampaignRequest(campaign=given))
    tenant, rows = marketing.caller.whom.tenant_id, list(people(DATA))
    ids = [new_id("con") for _ in rows]
    known = [{"_id": id, "tenant_id": tenant, "present": True, "revision": 1} for id in ids]
    AudienceMember.rows().insert_many(known)
    for at in range(0, len(rows), 200):
        items = [
            result(row) | {"contact_id": id} for row, id in zip(rows[at : at + 200], ids[at : at + 200], strict=True)
        ]
        asked = json_format.ParseDict({"id": campaign.id, "items": items}, campaign_pb2.ImportResultsRequest())
        assert marketing.caller.ImportResults(asked).failed_count == 0
    report = json_format.MessageToDict(marketing.report(campaign), preserving_proto_field_name=True)
    figures = reported(report)
    answers = published(DATA.parent / "README.md")
    assert {
        name: (shown, figures.get(name)) for name, shown in answers.items() if not agrees(shown, figures.get(name))
    } == {}
