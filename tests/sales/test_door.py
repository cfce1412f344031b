"""The door of sales: what clients may ask for, and what they are refused."""

import threading
from collections.abc import Callable
from typing import Any

import grpc
import pytest
from crm.common.v1 import listing_pb2, requests_pb2
from crm.contacts.v1 import events_pb2 as contacts
from crm.sales.v1 import opportunity_pb2, order_pb2, pipeline_pb2, product_pb2, report_pb2

from chassis import Fact, new_id, now, transaction
from chassis.contract import rpc_of
from chassis.principal import Principal, acting_as, sign
from chassis.testing import Caller, details, key_pair, reason, somebody
from services.sales.opportunity import Opportunity
from services.sales.reactions import name_the_account
from services.sales.user import User
from tests.beside import run_beside
from tests.builders.sales import a_pipeline_message, a_product_message, an_opportunity_message, euros
from tests.refused import refusal

Door = Callable[[Principal], Caller]


def opened(sales: Caller, **fields: Any) -> opportunity_pb2.Opportunity:
    asked = opportunity_pb2.CreateOpportunityRequest(opportunity=an_opportunity_message(**fields))
    return sales.CreateOpportunity(asked)


def won(sales: Caller, **fields: Any) -> opportunity_pb2.Opportunity:
    return sales.WinOpportunity(opportunity_pb2.WinOpportunityRequest(id=opened(sales, **fields).id))


def got(sales: Caller, id: str) -> opportunity_pb2.Opportunity:
    return sales.GetOpportunity(requests_pb2.GetRequest(id=id))


def test_an_opportunity_opens_in_the_first_stage_of_the_standard_pipeline(sales: Caller) -> None:
    opportunity = opened(sales, amount=euros(4821))
    assert (opportunity.stage, opportunity.status, opportunity.probability) == ("prospecting", 1, 10)
    assert opportunity.owner_id == sales.whom.user_id
    assert got(sales, opportunity.id) == opportunity
    [pipeline] = sales.ListPipelines(listing_pb2.ListRequest()).pipelines
    assert pipeline.default
    assert pipeline.id == opportunity.pipeline_id


def test_many_first_opportunities_at_once_share_one_standard_pipeline(door: Door) -> None:
    sales = door(somebody())
    threads = [threading.Thread(target=opened, args=(sales,)) for _ in range(6)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert len(sales.ListPipelines(listing_pb2.ListRequest()).pipelines) == 1
    assert len(sales.ListOpportunities(listing_pb2.ListRequest()).opportunities) == 6


def test_history_comes_in_closed_with_its_dates(sales: Caller) -> None:
    opportunity = opened(sales, stage="won", open_date="2016-10-20", close_date="2017-03-01", amount=euros(1054))
    assert (opportunity.status, opportunity.days_to_close) == (2, 132)
    assert [entry.stage for entry in opportunity.stage_history] == ["won"]


@pytest.mark.parametrize(
    ("fields", "field"),
    [
        ({"stage": "nowhere"}, "opportunity.stage"),
        ({"close_date": "2026-03-01"}, "opportunity.close_date"),
        ({"pipeline_id": new_id("pipe")}, "opportunity.pipeline_id"),
        ({"open_date": "2026-13-01"}, "opportunity.open_date"),
        ({"lines": [{"product_id": new_id("prod")}]}, "opportunity.lines[0].product_id"),
        ({"name": ""}, "opportunity.name"),
        ({"account_id": "opp_x"}, "opportunity.account_id"),
        ({"status": "WON"}, "opportunity.status"),
        ({"amount": {"currency_code": "EURO", "units": 1}}, "opportunity.amount.currency_code"),
    ],
)
def test_bad_fields_are_refused_by_name(sales: Caller, fields: dict[str, Any], field: str) -> None:
    with pytest.raises(grpc.RpcError) as error:
        opened(sales, **fields)
    assert error.value.code() is grpc.StatusCode.INVALID_ARGUMENT
    assert field in details(error.value)["violations"]


def test_stages_move_by_verbs_only(sales: Caller) -> None:
    opportunity = opened(sales)
    asked = opportunity_pb2.UpdateOpportunityRequest(opportunity={"id": opportunity.id, "stage": "won"})
    asked.update_mask.paths.append("stage")
    with pytest.raises(grpc.RpcError) as error:
        sales.UpdateOpportunity(asked)
    assert list(details(error.value)["violations"]) == ["opportunity.stage"]
    moved = sales.MoveOpportunity(opportunity_pb2.MoveOpportunityRequest(id=opportunity.id, stage="negotiation"))
    assert [entry.stage for entry in moved.stage_history] == ["prospecting", "negotiation"]


def test_a_record_that_was_read_can_be_sent_back_whole(sales: Caller) -> None:
    opportunity = won(sales, amount=euros(7), contacts=[{"contact_id": new_id("con"), "role": "user"}])
    asked = opportunity_pb2.UpdateOpportunityRequest(opportunity=opportunity)
    asked.update_mask.paths.extend(field.name for field, _ in opportunity.ListFields())
    assert sales.UpdateOpportunity(asked) == opportunity


def test_a_closed_opportunity_is_closed_once_and_can_be_reopened(sales: Caller) -> None:
    opportunity = won(sales)
    again = opportunity_pb2.WinOpportunityRequest(id=opportunity.id)
    assert refusal(lambda: sales.WinOpportunity(again)) == "OPPORTUNITY_ALREADY_CLOSED"
    reopened = sales.ReopenOpportunity(opportunity_pb2.ReopenOpportunityRequest(id=opportunity.id))
    assert (reopened.stage, reopened.close_date) == ("prospecting", "")
    lost = sales.LoseOpportunity(opportunity_pb2.LoseOpportunityRequest(id=opportunity.id, reason="too dear"))
    assert (lost.status, lost.loss_reason) == (3, "too dear")


def test_a_won_opportunity_is_ordered_once_at_the_prices_agreed(sales: Caller) -> None:
    product = sales.CreateProduct(product_pb2.CreateProductRequest(product=a_product_message()))
    opportunity = won(sales, lines=[{"product_id": product.id, "quantity": 200}])
    order = sales.PlaceOrder(order_pb2.PlaceOrderRequest(id=opportunity.id))
    assert order.number.startswith("ORD-")
    assert (order.total.units, order.lines[0].product_name) == (4800, "Rose bush")
    assert got(sales, opportunity.id).order_id == order.id
    again = order_pb2.PlaceOrderRequest(id=opportunity.id)
    assert refusal(lambda: sales.PlaceOrder(again)) == "OPPORTUNITY_ALREADY_ORDERED"
    cancel = order_pb2.CancelOrderRequest(id=order.id, reason="changed their mind")
    assert sales.CancelOrder(cancel).status == order_pb2.Order.CANCELLED
    assert refusal(lambda: sales.CancelOrder(cancel)) == "ORDER_ALREADY_CANCELLED"


def test_order_numbers_have_no_gaps_even_when_an_order_is_refused(sales: Caller) -> None:
    first = sales.PlaceOrder(order_pb2.PlaceOrderRequest(id=won(sales).id))
    refusal(lambda: sales.PlaceOrder(order_pb2.PlaceOrderRequest(id=opened(sales).id)))
    second = sales.PlaceOrder(order_pb2.PlaceOrderRequest(id=won(sales).id))
    assert int(second.number[-6:]) == int(first.number[-6:]) + 1


def test_a_product_that_is_no_longer_sold_stays_where_it_was(sales: Caller) -> None:
    product = sales.CreateProduct(product_pb2.CreateProductRequest(product=a_product_message()))
    opportunity = opened(sales, lines=[{"product_id": product.id}])
    sales.UpdateProduct(
        product_pb2.UpdateProductRequest(
            product={"id": product.id, "discontinued": True}, update_mask={"paths": ["discontinued"]}
        )
    )
    with pytest.raises(grpc.RpcError):
        opened(sales, lines=[{"product_id": product.id}])
    kept = opportunity_pb2.UpdateOpportunityRequest(
        opportunity={"id": opportunity.id, "lines": [{"product_id": product.id, "quantity": 3}]},
        update_mask={"paths": ["lines"]},
    )
    assert sales.UpdateOpportunity(kept).lines[0].quantity == 3


def test_a_stage_that_holds_opportunities_cannot_go(sales: Caller) -> None:
    pipeline = sales.CreatePipeline(pipeline_pb2.CreatePipelineRequest(pipeline=a_pipeline_message()))
    opened(sales, pipeline_id=pipeline.id)
    renamed = a_pipeline_message(id=pipeline.id)
    renamed.stages[0].key = "fresh"
    assert refusal(lambda: sales.UpdatePipeline(pipeline_pb2.UpdatePipelineRequest(pipeline=renamed))) == "STAGE_IN_USE"
    assert refusal(lambda: sales.DeletePipeline(requests_pb2.DeleteRequest(id=pipeline.id))) == "STAGE_IN_USE"


def test_the_default_moves_and_stays_with_exactly_one_pipeline(sales: Caller) -> None:
    opened(sales)
    pipeline = sales.CreatePipeline(pipeline_pb2.CreatePipelineRequest(pipeline=a_pipeline_message()))
    sales.MakePipelineDefault(pipeline_pb2.MakePipelineDefaultRequest(id=pipeline.id))
    defaults = [each.id for each in sales.ListPipelines(listing_pb2.ListRequest()).pipelines if each.default]
    assert defaults == [pipeline.id]
    assert refusal(lambda: sales.DeletePipeline(requests_pb2.DeleteRequest(id=pipeline.id))) == "PIPELINE_IS_DEFAULT"
    assert opened(sales).pipeline_id == pipeline.id


def test_nobody_sees_another_tenant(door: Door, sales: Caller) -> None:
    opportunity, stranger = opened(sales), door(somebody())
    assert refusal(lambda: got(stranger, opportunity.id)) == "NOT_FOUND"
    assert not stranger.ListOpportunities(listing_pb2.ListRequest()).opportunities
    assert stranger.ReportPipeline(report_pb2.PipelineReportRequest()).total.count == 0
    with pytest.raises(grpc.RpcError) as error:
        opened(stranger, pipeline_id=opportunity.pipeline_id)
    assert "opportunity.pipeline_id" in details(error.value)["violations"]


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


def test_a_rep_hands_an_opportunity_over_and_out_of_reach(door: Door) -> None:
    tenant, colleague = new_id("ten"), new_id("usr")
    mine = door(somebody(tenant, grants={"sales.*.*": "own"}))
    with acting_as(mine.whom):
        User.remember(colleague, 1, name="Bo Birch", team_id=None)
    opportunity = opened(mine)
    assign = opportunity_pb2.AssignOpportunityRequest(id=opportunity.id, owner_id=colleague)
    assert mine.AssignOpportunity(assign).owner_id == colleague
    assert refusal(lambda: got(mine, opportunity.id)) == "NOT_FOUND"
    nobody = opportunity_pb2.AssignOpportunityRequest(id=opened(mine).id, owner_id=new_id("usr"))
    assert refusal(lambda: mine.AssignOpportunity(nobody)) == "INVALID"


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
    with pytest.raises(grpc.RpcError) as error:
        sales.BatchCreateOpportunities(batch)
    assert "items[1].opportunity.stage" in details(error.value)["violations"]
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


def the_account_is_named(sales: Caller, id: str, name: str, revision: int) -> None:
    event = contacts.AccountUpdated(account={"id": id, "name": name})
    fact = Fact(
        new_id("evt"), sales.whom.tenant_id, "contacts", "crm.contacts.v1.AccountUpdated", "account.updated", id,
        revision, now(), "usr_1", "session", "", "", "", "",
    )  # fmt: skip
    with acting_as(sales.whom):
        transaction.run(lambda: name_the_account(event, fact))


def test_what_belongs_to_an_account_is_found_by_the_name_that_it_has_now(sales: Caller) -> None:
    account, seen = new_id("acc"), []
    the_account_is_named(sales, account, "Rose & Thorn", 1)
    first, etag = opened(sales, account_id=account), opened(sales, account_id=account).etag
    the_account_is_named(sales, account, "Häagen Nurseries", 2)
    for query in ("rose thorn", "haagen", "200 haagen"):
        found = sales.ListOpportunities(listing_pb2.ListRequest(query=query)).opportunities
        seen.append((len(found), {each.account_name for each in found}, {each.etag for each in found}))
    assert seen == [(0, set(), set()), (2, {"Häagen Nurseries"}, {etag}), (2, {"Häagen Nurseries"}, {etag})]
    assert got(sales, first.id).account_name == "Häagen Nurseries"


def test_a_name_that_comes_while_a_record_is_made_reaches_it(sales: Caller) -> None:
    account = new_id("acc")
    asked = an_opportunity_message(account_id=account)
    opened(sales)  # the tenant has its pipeline
    with acting_as(sales.whom):
        id = run_beside(
            lambda: Opportunity.create(asked).id, lambda: the_account_is_named(sales, account, "Rose & Thorn", 1)
        )
    assert got(sales, id).account_name == "Rose & Thorn"


def test_an_account_of_another_tenant_has_no_name_here(door: Door, sales: Caller) -> None:
    account = new_id("acc")
    the_account_is_named(door(somebody()), account, "Rose & Thorn", 1)
    assert opened(sales, account_id=account).account_name == ""


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
