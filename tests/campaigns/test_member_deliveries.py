"""What campaigns meant to send to one contact, as an overview of the contact asks."""

from collections.abc import Callable
from typing import Any

from crm.campaigns.v1 import campaign_pb2

from chassis import transaction
from chassis.principal import Principal
from chassis.testing import Caller, somebody
from tests.campaigns.conftest import Marketing
from tests.plans import plan
from tests.refused import refusal


def lines(caller: Caller, contact_id: str, **asked: Any) -> Any:
    request = campaign_pb2.ListAudienceMemberDeliveriesRequest(id=contact_id, **asked)
    return caller.ListAudienceMemberDeliveries(request)


def test_a_contact_shows_its_mails_with_the_names_of_their_campaigns(marketing: Marketing) -> None:
    contact, campaign, delivery = marketing.mailed()
    marketing.mailed()  # somebody else's
    [line] = lines(marketing.caller, contact.id).deliveries
    assert (line.id, line.campaign_id, line.campaign_name) == (delivery.id, campaign.id, campaign.name)
    assert delivery.campaign_name == campaign.name


def test_another_tenant_sees_nothing_of_them(marketing: Marketing) -> None:
    contact, _, _ = marketing.mailed()
    assert refusal(lines, marketing.stranger, contact.id) == "NOT_FOUND"


def test_who_sees_only_the_own_campaigns_sees_only_their_mails(
    marketing: Marketing, door: Callable[[Principal], Caller]
) -> None:
    contact, _, _ = marketing.mailed()
    narrow = {"grants": {"campaigns.*.read": "own"}}
    mine = somebody(marketing.caller.whom.tenant_id, user_id=marketing.caller.whom.user_id, **narrow)
    other = somebody(marketing.caller.whom.tenant_id, **narrow)
    assert len(lines(door(mine), contact.id).deliveries) == 1
    assert not lines(door(other), contact.id).deliveries


def test_a_page_goes_on_where_the_last_one_ended(marketing: Marketing) -> None:
    contact, campaign, _ = marketing.mailed()
    again = marketing.campaign(marketing.built(campaign.segment_ids[0]))
    marketing.start(again)
    marketing.completed(again)
    first = lines(marketing.caller, contact.id, page_size=1)
    rest = lines(marketing.caller, contact.id, page_size=1, page_token=first.next_page_token)
    assert [each.campaign_id for each in (*first.deliveries, *rest.deliveries)] == [again.id, campaign.id]
    assert not rest.next_page_token


def test_they_are_found_by_an_index(marketing: Marketing) -> None:
    query = {"tenant_id": marketing.caller.whom.tenant_id, "contact_id": "con_1"}
    stages, indexes = plan(transaction.database()["deliveries"], query)
    assert not {"COLLSCAN", "SORT"} & stages
    assert indexes == {("tenant_id", "contact_id", "_id")}
