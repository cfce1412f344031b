"""What every rpc of sales keeps: tenants, scopes, keys, revisions, batches, what is deleted, how fresh a search is."""

import threading
from collections.abc import Callable

import grpc
import pytest
from crm.common.v1 import listing_pb2, requests_pb2
from crm.sales.v1 import opportunity_pb2, report_pb2

from chassis import new_id
from chassis.contract import rpc_of
from chassis.principal import Principal, sign
from chassis.testing import Caller, key_pair, reason, somebody
from tests.builders.sales import an_opportunity_message, euros
from tests.refused import refusal, violations
from tests.sales.opportunities import got, opened

Door = Callable[[Principal], Caller]


def test_nobody_sees_another_tenant(door: Door, sales: Caller) -> None:
    opportunity, stranger = opened(sales), door(somebody())
    assert refusal(lambda: got(stranger, opportunity.id)) == "NOT_FOUND"
    assert not stranger.ListOpportunities(listing_pb2.ListRequest()).opportunities
    assert stranger.ReportPipeline(report_pb2.PipelineReportRequest()).total.count == 0
    assert "opportunity.pipeline_id" in violations(opened, stranger, pipeline_id=opportunity.pipeline_id)


def test_scopes_narrow_reading_writing_and_reporting(door: Door) -> None:
    tenant, team = new_id("ten"), new_id("team")
    rep = {"sales.*.read": "team", "sales.*.write": "own"}
    mine = door(somebody(tenant, grants=rep, team_ids=(team,)))
    colleague = door(somebody(tenant, grants=rep, team_ids=(team,)))
    elsewhere = door(somebody(tenant, grants=rep, team_ids=(new_id("team"),)))
    opportunity = opened(mine, amount=euros(10))
    assert got(colleague, opportunity.id).team_id == team
    win = opportunity_pb2.WinOpportunityRequest(id=opportunity.id)
    assert refusal(lambda: colleague.WinOpportunity(win)) == "FORBIDDEN"
    assert refusal(lambda: elsewhere.WinOpportunity(win)) == "NOT_FOUND"
    counts = [each.ReportPipeline(report_pb2.PipelineReportRequest()).total.count for each in (mine, elsewhere)]
    assert counts == [1, 0]
    assert refusal(lambda: opened(mine, owner_id=new_id("usr"))) == "FORBIDDEN"


def test_no_permission_means_no_answer(door: Door, sales: Caller) -> None:
    nobody = door(somebody(sales.whom.tenant_id, grants={"contacts.*.*": "all"}))
    assert refusal(lambda: got(nobody, opened(sales).id)) == "FORBIDDEN"


def test_a_repeated_key_gets_the_first_answer_and_another_body_is_refused(sales: Caller) -> None:
    keyed = sales.saying(idempotency_key="k-1")
    first, again = opened(keyed), opened(keyed)
    assert again == first
    assert refusal(lambda: opened(keyed, name="something else")) == "IDEMPOTENCY_KEY_REUSED"
    assert len(sales.ListOpportunities(listing_pb2.ListRequest()).opportunities) == 1


def test_if_match_guards_what_was_seen(sales: Caller) -> None:
    opportunity = opened(sales)
    move = opportunity_pb2.MoveOpportunityRequest(id=opportunity.id, stage="negotiation")
    moved = sales.saying(if_match=opportunity.etag).MoveOpportunity(move)
    assert moved.etag != opportunity.etag
    win = opportunity_pb2.WinOpportunityRequest(id=opportunity.id)
    assert refusal(lambda: sales.saying(if_match=opportunity.etag).WinOpportunity(win)) == "STALE_REVISION"


def test_a_batch_tells_of_each_item(sales: Caller) -> None:
    batch = opportunity_pb2.BatchOpportunitiesRequest(
        items=[
            {"client_ref": "a", "opportunity": an_opportunity_message()},
            {"client_ref": "b", "opportunity": an_opportunity_message(stage="nowhere")},
            {"client_ref": "c", "opportunity": an_opportunity_message(name="")},
        ]
    )
    response = sales.BatchCreateOpportunities(batch)
    assert response.failed_count == 2
    assert [result.client_ref for result in response.results if not result.HasField("error")] == ["a"]
    assert len(sales.ListOpportunities(listing_pb2.ListRequest()).opportunities) == 1
    batch.atomic = True
    assert "items[1].opportunity.stage" in violations(sales.BatchCreateOpportunities, batch)
    assert len(sales.ListOpportunities(listing_pb2.ListRequest()).opportunities) == 1


def test_an_upsert_makes_one_record_and_then_changes_nothing(sales: Caller) -> None:
    item = {"opportunity": an_opportunity_message(external_ids=[{"system": "erp", "id": "7"}])}
    batch = opportunity_pb2.BatchOpportunitiesRequest(items=[item])
    outcomes = [sales.BatchUpsertOpportunities(batch).results[0] for _ in range(2)]
    assert [result.outcome for result in outcomes] == [requests_pb2.CREATED, requests_pb2.UNCHANGED]
    assert outcomes[0].opportunity == outcomes[1].opportunity


def test_racing_upserts_leave_one_record(sales: Caller) -> None:
    asked = opportunity_pb2.UpsertOpportunityRequest(
        system="erp", external_id="7", opportunity=an_opportunity_message()
    )
    threads = [threading.Thread(target=sales.UpsertOpportunity, args=(asked,)) for _ in range(6)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert len(sales.ListOpportunities(listing_pb2.ListRequest()).opportunities) == 1


def test_deleted_ones_leave_lists_and_come_back(sales: Caller) -> None:
    opportunity = opened(sales)
    sales.DeleteOpportunity(requests_pb2.DeleteRequest(id=opportunity.id))
    assert not sales.ListOpportunities(listing_pb2.ListRequest()).opportunities
    assert len(sales.ListOpportunities(listing_pb2.ListRequest(with_deleted=True)).opportunities) == 1
    restored = sales.RestoreOpportunity(requests_pb2.RestoreRequest(id=opportunity.id))
    assert not restored.HasField("deleted_time")
    assert refusal(lambda: sales.RestoreOpportunity(requests_pb2.RestoreRequest(id=opportunity.id))) == "NOT_DELETED"


def test_several_are_read_at_once_in_the_order_asked_for(sales: Caller) -> None:
    first, second = opened(sales), opened(sales)
    asked = requests_pb2.BatchGetRequest(ids=[second.id, new_id("opp"), first.id], fields=["name"])
    results = sales.BatchGetOpportunities(asked).results
    assert [result.opportunity.id for result in results] == [second.id, "", first.id]
    assert [result.HasField("error") for result in results] == [False, True, False]
    assert results[0].opportunity.name == second.name


def test_a_search_that_names_a_write_finds_what_it_wrote(sales: Caller) -> None:
    asked = opportunity_pb2.CreateOpportunityRequest(opportunity=an_opportunity_message(name="Trellis"))
    rpc = rpc_of(sales.contracts[0].methods_by_name["CreateOpportunity"])
    create = sales.channel.unary_unary(rpc.path, rpc.request.SerializeToString, rpc.response.FromString)
    _, call = create.with_call(asked, metadata=(("kith-principal", sign(sales.whom, key_pair()[0])),))
    at = dict(call.trailing_metadata())["kith-moment"]
    found = sales.saying(kith_moment=at).ListOpportunities(listing_pb2.ListRequest(query="trel"))
    assert [each.name for each in found.opportunities] == ["Trellis"]
    later = f"{int(at.partition('-')[0]) + 1_000_000}-1"
    with pytest.raises(grpc.RpcError) as behind:
        sales.saying(kith_moment=later).ListOpportunities(listing_pb2.ListRequest(query="trel"))
    assert (behind.value.code(), reason(behind.value)) == (grpc.StatusCode.UNAVAILABLE, "BEHIND")
