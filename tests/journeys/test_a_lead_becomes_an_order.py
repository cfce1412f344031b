"""A sales rep takes a lead from its first form to an order, over the public API only."""

import pytest

from tests.journeys.waiting import eventually, refused


def euros(units):
    return {"currency_code": "EUR", "units": str(units), "nanos": 0}


@pytest.fixture(scope="module")
def team(company):
    return company.administrator.post("/v1/teams", {"name": "Harbour"}).body


@pytest.fixture(scope="module")
def rep(company, team):
    return company.hire("Runa Falk", "sales_rep", team_ids=[team["id"]])


@pytest.fixture(scope="module")
def beacon(company):
    return company.administrator.post(
        "/v1/products", {"name": "Beacon", "code": "BEA-1", "list_price": euros(1900)}
    ).body


@pytest.fixture
def lead(rep, request):
    """A fresh lead of a company and a person of its own."""
    word = request.node.name.removeprefix("test_").replace("_", "")[:40]
    body = {
        "given_name": "Oren", "family_name": "Castellan", "company_name": f"{word} Glass",
        "email": f"oren@{word}.example.com", "source": "web_form", "estimated_value": euros(6500),
    }  # fmt: skip
    return rep.post("/v1/leads", body).body


def converted(rep, lead):
    """What the lead became, once sales has opened the opportunity."""
    became = rep.post(f"/v1/leads/{lead['id']}:convert")["conversion"]
    eventually(lambda: rep.get(f"/v1/opportunities/{became['opportunity_id']}").body)
    return became


def titles(rep, path):
    return [(each["kind"], each["record_id"]) for each in rep.get(f"{path}/timeline").body.get("interactions", [])]


def test_a_lead_becomes_a_customer_with_an_order(rep, lead, beacon):
    assert lead["status"] == "NEW"
    assert rep.post(f"/v1/leads/{lead['id']}:work")["status"] == "WORKING"
    assert rep.post(f"/v1/leads/{lead['id']}:qualify")["status"] == "QUALIFIED"
    became = converted(rep, lead)
    id, account, contact = became["opportunity_id"], became["account_id"], became["contact_id"]

    opportunity = rep.get(f"/v1/opportunities/{id}").body
    assert (opportunity["status"], opportunity["lead_id"], opportunity["amount"]) == ("OPEN", lead["id"], euros(6500))
    assert (opportunity["account_id"], opportunity["account_name"]) == (account, lead["company_name"])
    assert [each["contact_id"] for each in opportunity["contacts"]] == [contact]
    assert (opportunity["owner_id"], opportunity["team_id"]) == (rep.user_id, lead["team_id"])

    rep.patch(f"/v1/opportunities/{id}", {"lines": [{"product_id": beacon["id"], "quantity": 3}]})
    assert rep.post(f"/v1/opportunities/{id}:move", {"stage": "negotiation"})["stage"] == "negotiation"
    won = rep.post(f"/v1/opportunities/{id}:win", {"amount": euros(5400)}).body
    assert (won["status"], won["days_to_close"]) == ("WON", 0)
    assert [stay["stage"] for stay in won["stage_history"]] == ["prospecting", "negotiation", "won"]

    order = rep.post(f"/v1/opportunities/{id}:placeOrder").body
    assert (order["status"], order["total"], order["account_id"]) == ("PLACED", euros(5400), account)
    assert order["lines"] == [
        {"product_id": beacon["id"], "product_name": "Beacon", "quantity": 3, "unit_price": euros(1900)}
    ]
    assert rep.get(f"/v1/opportunities/{id}")["order_id"] == order["id"]

    story = [("ORDER", order["id"]), *[("OPPORTUNITY", id)] * 3, ("LEAD", lead["id"])]
    for path in (f"/v1/accounts/{account}", f"/v1/contacts/{contact}"):
        eventually(lambda path=path: len(titles(rep, path)) >= len(story))
        assert sorted(titles(rep, path)) == sorted(story)
    row = rep.get("/v1/reports/pipeline", account_id=account)["total"]
    assert (row["won_count"], row["won_amount"], row["win_rate"]) == (1, [euros(5400)], 1.0)


def test_converting_twice_makes_nothing_twice(rep, lead):
    became = converted(rep, lead)
    assert rep.post(f"/v1/leads/{lead['id']}:convert")["conversion"] == became
    listed = rep.get("/v1/opportunities", account_id=became["account_id"], with_total=True).body
    assert listed["total"] == {"value": 1, "relation": "eq"}


def test_two_leads_of_one_company_meet_at_one_account(rep, lead):
    first = converted(rep, lead)
    other = rep.post("/v1/leads", {"given_name": "Ilse", "company_name": lead["company_name"]}).body
    second = converted(rep, other)
    assert second["account_id"] == first["account_id"]
    assert second["contact_id"] != first["contact_id"]


def test_a_lead_that_is_not_fit_is_not_converted_until_reopened(rep, lead):
    rep.post(f"/v1/leads/{lead['id']}:disqualify", {"reason": "wanted a lamp for the garden"})
    with refused(409, "lead-unqualified"):
        rep.post(f"/v1/leads/{lead['id']}:convert")
    rep.post(f"/v1/leads/{lead['id']}:reopen")
    assert converted(rep, lead)["account_id"]


def test_a_closed_opportunity_stays_closed_until_reopened(rep, lead):
    path = f"/v1/opportunities/{converted(rep, lead)['opportunity_id']}"
    rep.post(f"{path}:lose", {"reason": "no budget"})
    for verb, body in (("win", {}), ("lose", {}), ("move", {"stage": "proposal"})):
        with refused(409, "opportunity-already-closed"):
            rep.post(f"{path}:{verb}", body)
    with refused(409, "opportunity-not-won"):
        rep.post(f"{path}:placeOrder")
    reopened = rep.post(f"{path}:reopen").body
    assert (reopened["status"], reopened["stage"]) == ("OPEN", "prospecting")
    assert not reopened["loss_reason"]


def test_an_opportunity_is_ordered_once(rep, lead):
    path = f"/v1/opportunities/{converted(rep, lead)['opportunity_id']}"
    rep.post(f"{path}:win")
    order = rep.post(f"{path}:placeOrder").body
    with refused(409, "opportunity-already-ordered"):
        rep.post(f"{path}:placeOrder")
    with refused(409, "opportunity-already-ordered"):
        rep.post(f"{path}:reopen")
    assert rep.post(f"/v1/orders/{order['id']}:cancel", {"reason": "sank"})["status"] == "CANCELLED"
    with refused(409, "order-already-cancelled"):
        rep.post(f"/v1/orders/{order['id']}:cancel", {"reason": "sank again"})
