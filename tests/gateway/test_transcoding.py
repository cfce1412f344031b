"""REST into rpcs: which path reaches which rpc, with which request message, and how its answer comes back."""

import orjson
import pytest
from crm.campaigns.v1 import consent_pb2
from crm.common.v1 import listing_pb2
from crm.contacts.v1 import contact_pb2, interaction_pb2, list_pb2
from crm.sales.v1 import opportunity_pb2, report_pb2
from google.protobuf import struct_pb2

from services.gateway import contract, transcoding
from services.gateway.parameters import Parameters
from tests.gateway.standin import RPCS
from tests.openapi import conforms

ROUTES = transcoding.routes(contract.services())

OPP = "opp_01jd9x2m8q4v6n0t3s5w7y9z1b"


def asked(stand_in, name):
    return stand_in.last(name)[0]


def test_a_custom_verb_reaches_its_rpc_with_the_id_of_the_path(gateway, stand_in):
    answer = conforms(gateway.post(f"/v1/opportunities/{OPP}:win", json={"close_date": "2026-11-22"}))
    assert answer.status_code == 200
    assert asked(stand_in, "WinOpportunity") == opportunity_pb2.WinOpportunityRequest(id=OPP, close_date="2026-11-22")


def test_a_search_reaches_the_list_and_not_a_record_named_search(gateway, stand_in):
    conforms(gateway.post("/v1/opportunities:search", json={"query": "engine", "page_size": 3}))
    assert asked(stand_in, "ListOpportunities") == listing_pb2.ListRequest(query="engine", page_size=3)


def test_a_verb_that_the_noun_does_not_know_is_not_found(gateway):
    answer = conforms(gateway.post(f"/v1/opportunities/{OPP}:fly", json={}))
    assert (answer.status_code, answer.json["type"]) == (404, "/problems/route-unknown")


def test_an_external_id_may_hold_slashes_and_colons(gateway, stand_in):
    conforms(gateway.put("/v1/contacts/by-external-id/erp/a%2Fb:c", json={"given_name": "Ada"}))
    upsert = asked(stand_in, "UpsertContact")
    assert (upsert.system, upsert.external_id, upsert.contact.given_name) == ("erp", "a/b:c", "Ada")


def test_a_create_answers_201_with_location_and_etag(gateway, stand_in):
    stand_in.says["CreateContact"] = lambda request: contact_pb2.Contact(id="con_1", etag="1")
    answer = conforms(gateway.post("/v1/contacts", json={"given_name": "Ada"}))
    assert (answer.status_code, answer.headers["Location"]) == (201, "/v1/contacts/con_1")
    assert answer.headers["ETag"] == '"1"'


def test_a_change_takes_the_keys_of_its_body_as_mask(gateway, stand_in):
    gateway.patch("/v1/contacts/con_1", json={"id": "con_1", "etag": "2", "given_name": "Ada", "job_title": None})
    update = asked(stand_in, "UpdateContact")
    assert update.contact.id == "con_1"
    assert list(update.update_mask.paths) == ["given_name", "job_title"]


def test_a_change_takes_the_mask_of_its_parameter_first(gateway, stand_in):
    gateway.patch("/v1/contacts/con_1?update_mask=job_title,familyName", json={"given_name": "Ada"})
    assert list(asked(stand_in, "UpdateContact").update_mask.paths) == ["job_title", "family_name"]


def test_a_change_whose_body_names_another_record_is_refused(gateway):
    answer = conforms(gateway.patch("/v1/contacts/con_1", json={"id": "con_2"}))
    assert answer.json["errors"] == [{"pointer": "/id", "detail": "the path says con_1"}]


def test_each_item_of_a_batch_takes_its_own_keys_as_mask(gateway, stand_in):
    items = [{"contact": {"id": "con_1", "given_name": "Ada"}}, {"contact": {"id": "con_2", "job_title": ""}}]
    gateway.post("/v1/contacts:batchUpdate", json={"items": items})
    masks = [list(item.update_mask.paths) for item in asked(stand_in, "BatchUpdateContacts").items]
    assert masks == [["given_name"], ["job_title"]]


def test_a_batch_with_a_failure_answers_207_and_problems_with_pointers(gateway, stand_in):
    from google.rpc import error_details_pb2, status_pb2

    def fail(_):
        status = status_pb2.Status(code=3, message="The request does not fit its contract.")
        status.details.add().Pack(error_details_pb2.ErrorInfo(reason="INVALID", domain="contacts.crm"))
        fields = [{"field": "contact.emails[1].address", "description": "no mailbox"}]
        status.details.add().Pack(error_details_pb2.BadRequest(field_violations=fields))
        result = contact_pb2.BatchContactsResponse.Result(index=2, error=status)
        return contact_pb2.BatchContactsResponse(results=[result], failed_count=1)

    stand_in.says["BatchCreateContacts"] = fail
    answer = conforms(gateway.post("/v1/contacts:batchCreate", json={"items": [{"contact": {}}]}))
    assert answer.status_code == 207
    error = answer.json["results"][0]["error"]
    assert (error["type"], error["status"]) == ("/problems/invalid", 400)
    assert error["errors"] == [{"pointer": "/items/2/contact/emails/1/address", "detail": "no mailbox"}]


def test_a_list_takes_its_parameters(gateway, stand_in):
    query = "q=ada&page_size=5&order_by=-create_time,name&order_by=id&fields=name&with_total=true&page_token=x"
    gateway.get(f"/v1/contacts?{query}")
    assert asked(stand_in, "ListContacts") == listing_pb2.ListRequest(
        query="ada",
        page_size=5,
        order_by=["-create_time", "name", "id"],
        fields=["name"],
        with_total=True,
        page_token="x",
    )


def test_parameters_of_a_list_become_conditions_of_the_fields_type(gateway, stand_in):
    gateway.get("/v1/opportunities?status=WON&probability=90&tags=a&tags=b&amount.units=5&contacts.role=user")
    conditions = asked(stand_in, "ListOpportunities").filter.all
    value = struct_pb2.Value
    both = struct_pb2.ListValue(values=[value(string_value="a"), value(string_value="b")])
    assert [(each.field, each.op, each.value) for each in conditions] == [
        ("status", "eq", value(string_value="WON")),
        ("probability", "eq", value(number_value=90)),
        ("tags", "in", value(list_value=both)),
        ("amount.units", "eq", value(number_value=5)),
        ("contacts.role", "eq", value(string_value="user")),
    ]


def test_a_filter_of_a_list_stands_beside_the_conditions(gateway, stand_in):
    condition = orjson.dumps({"any": [{"field": "name", "op": "contains", "value": "x"}]}).decode()
    gateway.get("/v1/opportunities", query_string={"filter": condition, "stage": "won"})
    both = asked(stand_in, "ListOpportunities").filter.all
    assert (both[0].field, both[1].any[0].op) == ("stage", "contains")


def test_a_question_about_consent_takes_its_parameters(gateway, stand_in):
    said = consent_pb2.CheckConsentsResponse(allowed=True, reason="OPTED_IN", lawful_basis="CONSENT")
    stand_in.says["CheckConsents"] = lambda _: said
    answer = conforms(gateway.get("/v1/consents:check?topic=news&channel=SMS&phone_number=%2B4915123456789"))
    assert (answer.json["allowed"], answer.json["reason"]) == (True, "OPTED_IN")
    whom = asked(stand_in, "CheckConsents")
    assert (whom.topic, whom.channel, whom.phone_number) == ("news", consent_pb2.Consent.SMS, "+4915123456789")


def test_a_report_takes_conditions_on_the_noun_that_its_permission_names(gateway, stand_in):
    stand_in.says["ReportPipeline"] = lambda _: report_pb2.PipelineReport()
    conforms(gateway.get("/v1/reports/pipeline?group_by=stage,owner&owner_id=usr_1"))
    report = asked(stand_in, "ReportPipeline")
    assert list(report.group_by) == ["stage", "owner"]
    assert report.filter.all[0].field == "owner_id"


def test_a_list_of_what_is_no_noun_takes_conditions_too():
    [route] = [each for each in ROUTES if (each.verb, each.path) == ("GET", "/v1/audience-members")]
    assert {"id", "tags", "suppressed"} <= Parameters(route).conditions.keys()


def test_unknown_and_unfit_parameters_are_all_named(gateway):
    answer = conforms(gateway.get("/v1/opportunities?colour=red&probability=much&page_size=x&status=GONE&with_total=1"))
    faulty = [each["parameter"] for each in answer.json["errors"]]
    assert faulty == ["colour", "probability", "page_size", "status", "with_total"]


def test_a_timeline_takes_no_conditions(gateway, stand_in):
    stand_in.says["ListContactTimeline"] = lambda _: interaction_pb2.ListInteractionsResponse()
    conforms(gateway.get("/v1/contacts/con_1/timeline?kinds=CALL,EMAIL&page_size=2"))
    request = asked(stand_in, "ListContactTimeline")
    assert (request.id, list(request.kinds), request.page_size) == ("con_1", [1, 2], 2)
    assert conforms(gateway.get("/v1/contacts/con_1/timeline?name=x")).status_code == 400


def test_a_timeline_is_narrowed_to_a_time(gateway, stand_in):
    stand_in.says["ListContactTimeline"] = lambda _: interaction_pb2.ListInteractionsResponse()
    conforms(
        gateway.get(
            "/v1/contacts/con_1/timeline?start_time=2026-01-02T00:00:00Z&end_time=2026-02-01T01:00:00.5%2B01:00"
        )
    )
    request = asked(stand_in, "ListContactTimeline")
    assert (request.start_time.ToJsonString(), request.end_time.ToJsonString()) == (
        "2026-01-02T00:00:00Z",
        "2026-02-01T00:00:00.500Z",
    )


@pytest.mark.parametrize("query", ["start_time=2026-01-02", "end_time=", "start_time={0}&start_time={0}"])
def test_a_time_that_is_none_is_named(gateway, query):
    answer = conforms(gateway.get(f"/v1/contacts/con_1/timeline?{query.format('2026-01-02T00:00:00Z')}"))
    assert (answer.status_code, answer.json["errors"][0]["parameter"]) == (400, query.split("=")[0])


def test_a_projection_leaves_out_what_was_not_read(gateway, stand_in):
    page = contact_pb2.ListContactsResponse(contacts=[contact_pb2.Contact(id="con_1", etag="1", given_name="Ada")])
    stand_in.says["ListContacts"] = lambda _: page
    answer = conforms(gateway.get("/v1/contacts?fields=given_name"))
    assert answer.json["contacts"] == [{"id": "con_1", "etag": "1", "given_name": "Ada"}]


def test_members_of_a_list_are_asked_for_as_their_own_noun_is(gateway, stand_in):
    page = list_pb2.SearchListMembersResponse(contacts=[contact_pb2.Contact(id="con_1", etag="1", given_name="Ada")])
    stand_in.says["SearchListMembers"] = lambda _: page
    answer = conforms(gateway.get("/v1/lists/list_1/members?fields=given_name&given_name=Ada&custom_fields.tier=gold"))
    assert answer.json["contacts"] == [{"id": "con_1", "etag": "1", "given_name": "Ada"}]
    assert [each.field for each in asked(stand_in, "SearchListMembers").filter.all] == [
        "given_name",
        "custom_fields.tier",
    ]


def test_no_condition_is_offered_that_no_service_takes():
    offered = {name for route in ROUTES for name in Parameters(route).conditions}
    assert {"emails.address", "labels.key", "etag"} & offered == {"emails.address"}


def test_a_record_that_was_seen_is_not_sent_again(gateway, stand_in):
    stand_in.says["GetContact"] = lambda _: contact_pb2.Contact(id="con_1", etag="3")
    for tag in ('"3"', 'W/"3"', '"1", "3"', "*"):
        answer = conforms(gateway.get("/v1/contacts/con_1", headers={"If-None-Match": tag}))
        assert (answer.status_code, answer.headers["ETag"]) == (304, '"3"')
    assert conforms(gateway.get("/v1/contacts/con_1", headers={"If-None-Match": '"2"'})).status_code == 200


@pytest.mark.parametrize(("given", "sent"), [('"3"', "3"), ("3", "3"), (' "3" ', "3"), ("*", None)])
def test_if_match_reaches_the_service_as_one_etag(gateway, stand_in, given, sent):
    gateway.post(f"/v1/opportunities/{OPP}:win", headers={"If-Match": given})
    assert stand_in.last("WinOpportunity")[1].get("if-match") == sent


@pytest.mark.parametrize("given", ['W/"3"', '"1", "2"', "", '"'])
def test_an_if_match_that_proves_nothing_is_refused(gateway, given):
    answer = conforms(gateway.post(f"/v1/opportunities/{OPP}:win", headers={"If-Match": given}))
    assert (answer.status_code, answer.json["errors"][0]["header"]) == (400, "If-Match")


def test_an_idempotency_key_reaches_the_service_and_a_replay_is_marked(gateway, stand_in):
    stand_in.trailing = (("idempotency-replayed", "true"),)
    answer = conforms(gateway.post("/v1/contacts", json={}, headers={"Idempotency-Key": "order-1"}))
    assert stand_in.last("CreateContact")[1]["idempotency-key"] == "order-1"
    assert answer.headers["Idempotency-Replayed"] == "true"


@pytest.mark.parametrize("key", ["", "a b", "k" * 256, "schlüssel"])
def test_an_idempotency_key_that_is_none_is_refused(gateway, key):
    answer = conforms(gateway.post("/v1/contacts", json={}, headers={"Idempotency-Key": key}))
    assert (answer.status_code, answer.json["errors"][0]["header"]) == (400, "Idempotency-Key")


def test_every_rpc_with_a_path_answers_as_described(gateway, stand_in):
    for rule in list(gateway.application.url_map.iter_rules()):
        view = gateway.application.view_functions[rule.endpoint]
        if not hasattr(view, "route"):
            continue
        route = view.route
        path = route.path.replace("{id}", "x_1").replace("{system}", "erp").replace("{external_id}", "4711")
        path = path.replace("{noun}", "contact")
        body = {"json": {}} if route.body else {}
        assert conforms(gateway.open(path, method=route.verb, **body)).status_code in (200, 201), path
        assert stand_in.last(route.rpc.name)
    for_visitors = {rpc.name for rpc in RPCS.values() if rpc.permission.endswith(".visitor.resolve")}
    for_bundles = {"DescribeSubject"} | {
        rpc.name for rpc in RPCS.values() if rpc.permission.endswith(".disclosure.write")
    }
    own = {"SignIn", "SignOut"} | for_visitors | for_bundles  # asked by the gateway's own pages
    assert {name for name, _, _ in stand_in.asked} >= {rpc.name for rpc in RPCS.values()} - own


def test_a_write_answers_when_it_was_and_a_read_that_names_it_tells_the_service(gateway, stand_in):
    stand_in.trailing = (("kith-moment", "1763800000-3"),)
    answer = conforms(gateway.post("/v1/contacts", json={}))
    assert answer.headers["Consistency-Token"] == "contacts-1763800000-3"
    conforms(gateway.get("/v1/contacts?query=ada", headers={"Consistency-Token": "contacts-1763800000-3"}))
    assert stand_in.last("ListContacts")[1]["kith-moment"] == "1763800000-3"


@pytest.mark.parametrize("given", ["sales-1763800000-3", "1763800000-3", "contacts-", "", "contacts-1763800000-3-4"])
def test_a_consistency_token_of_nothing_here_is_refused(gateway, given):
    answer = conforms(gateway.get("/v1/contacts", headers={"Consistency-Token": given}))
    assert (answer.status_code, answer.json["errors"][0]["header"]) == (400, "Consistency-Token")
