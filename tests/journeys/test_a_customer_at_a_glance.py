"""One customer over all services: the overview and the search, as each role sees them."""

import pytest

from tests.journeys.waiting import eventually, refused


def euros(units):
    return {"currency_code": "EUR", "units": str(units), "nanos": 0}


@pytest.fixture(scope="module")
def pier(company):
    """A customer with something in every service, by the names of its blocks."""
    admin = company.administrator
    account = admin.post("/v1/accounts", {"name": "Pier Nine", "domain": "pier-nine.example"})["id"]
    email = {"address": "ines@pier-nine.example", "primary": True}
    person = {"given_name": "Ines", "family_name": "Pierson", "account_id": account, "emails": [email]}
    contact = admin.post("/v1/contacts", person)["id"]
    parts = {"account_id": account, "contacts": [{"contact_id": contact}]}
    deal = admin.post("/v1/opportunities", {"name": "Pier ropes", "amount": euros(77), **parts})["id"]
    eventually(
        lambda: admin.get(f"/v1/opportunities/{deal}")["account_name"]
    )  # an order is found by the name it began with
    won = admin.post("/v1/opportunities", {"name": "Pier lamps", "amount": euros(700), **parts})["id"]
    admin.post(f"/v1/opportunities/{won}:win")
    order = admin.post(f"/v1/opportunities/{won}:placeOrder")["id"]
    asked = {"subject": "Pier lamp is dark", "requester_id": contact, "account_id": account}
    ticket = admin.post("/v1/tickets", asked)["id"]
    solved = admin.post("/v1/tickets", {**asked, "subject": "Pier lamp is loud"})["id"]
    admin.post(f"/v1/tickets/{solved}:solve")
    known = {"field": "id", "op": "eq", "value": contact}
    eventually(lambda: admin.post("/v1/audience-members:search", {"filter": known})["audience_members"])
    admin.post("/v1/consents", {"contact_id": contact, "topic": "news", "state": "OPTED_IN"})
    condition = {"field": "account_id", "op": "eq", "value": account}
    segment = admin.post("/v1/segments", {"name": "Pier people", "filter": condition})["id"]
    campaign = admin.post("/v1/campaigns", {"name": "Pier news", "topic": "news", "from_address": "us@kith.example"})[
        "id"
    ]
    return {
        "account": account, "contact": contact, "orders": order, "opportunities": deal, "tickets": ticket,
        "segments": segment, "campaigns": campaign,
    }  # fmt: skip


def test_a_contact_is_seen_whole(company, pier):
    look = lambda: company.administrator.get(f"/v1/contacts/{pier['contact']}/overview").body  # noqa: E731
    seen = eventually(lambda: (found := look())["segments"]["answer"]["segments"] and found)
    assert {block["state"] for block in seen.values()} == {"FRESH"}
    assert seen["contact"]["answer"]["display_name"] == "Ines Pierson"
    assert seen["account"]["answer"]["name"] == "Pier Nine"
    assert [each["id"] for each in seen["open_opportunities"]["answer"]["opportunities"]] == [pier["opportunities"]]
    total = seen["pipeline"]["answer"]["total"]
    assert (total["open_amount"], total["won_amount"]) == ([euros(77)], [euros(700)])
    assert [each["id"] for each in seen["orders"]["answer"]["orders"]] == [pier["orders"]]
    assert len(seen["tickets"]["answer"]["tickets"]) == 2
    assert seen["open_tickets"]["answer"]["total"] == {"value": 1, "relation": "eq"}
    [member] = seen["audience"]["answer"]["audience_members"]
    assert member["opted_in"] == ["news"]
    assert [each["name"] for each in seen["segments"]["answer"]["segments"]] == ["Pier people"]
    kinds = eventually(lambda: ({each["kind"] for each in look()["timeline"]["answer"]["interactions"]}))
    assert kinds <= {"OPPORTUNITY", "ORDER", "TICKET", "CONSENT"}
    [said] = seen["consents"]["answer"]["consents"]
    assert (said["topic"], said["channel"], said["state"]) == ("news", "EMAIL", "OPTED_IN")


def test_an_account_is_seen_whole(company, pier):
    seen = company.administrator.get(f"/v1/accounts/{pier['account']}/overview").body
    assert {block["state"] for block in seen.values()} == {"FRESH"}
    assert [each["id"] for each in seen["contacts"]["answer"]["contacts"]] == [pier["contact"]]
    assert seen["pipeline"]["answer"]["total"]["won_count"] == 1


def test_each_role_sees_its_part(company, pier):
    agent = company.hire("Ola Field", "support_agent")
    seen = agent.get(f"/v1/contacts/{pier['contact']}/overview").body
    forbidden = {name for name, block in seen.items() if block["state"] != "FRESH"}
    assert forbidden == {"open_opportunities", "pipeline", "audience", "mails", "consents", "segments"}
    assert {seen[name]["problem"]["type"] for name in forbidden} == {"/problems/forbidden"}
    rep = company.hire("Rik Sand", "sales_rep")
    seen = rep.get(f"/v1/contacts/{pier['contact']}/overview").body
    assert seen["open_opportunities"]["answer"]["opportunities"] == []  # another's, and no team of the rep's
    assert seen["pipeline"]["answer"]["total"]["count"] == 0
    assert len(seen["tickets"]["answer"]["tickets"]) == 2


def test_a_customer_of_another_company_is_not_there(a_company, pier):
    stranger = a_company().administrator
    for path in (f"/v1/contacts/{pier['contact']}/overview", f"/v1/accounts/{pier['account']}/overview"):
        with refused(404, "not-found"):
            stranger.get(path)
    found = stranger.get("/v1/search", q="Pier").body
    assert not any(group["hits"] for group in found["groups"])


def test_a_word_finds_records_of_all_services(company, pier):
    answer = company.administrator.get("/v1/search", q="pier n").body
    first = answer["groups"][0]
    assert (first["type"], first["hits"][0]["title"], first["hits"][0]["match"]) == ("accounts", "Pier Nine", "PREFIX")
    groups = company.administrator.get("/v1/search", q="pier", page_size=20)["groups"]
    found = {group["type"]: {hit["id"] for hit in group["hits"]} for group in groups}
    for type in ("opportunities", "orders", "tickets", "segments", "campaigns"):
        assert pier[type] in found[type], type
    assert found["contacts"] == {pier["contact"]}


def test_what_is_not_searchable_is_refused_by_name(company):
    with refused(400, "invalid"):
        company.administrator.get("/v1/search", q="x")
