"""The names of accounts as sales shows them: it has them from contacts, in whatever order they are told."""

from collections.abc import Callable

from crm.common.v1 import listing_pb2
from crm.contacts.v1 import events_pb2 as contacts

from chassis import new_id
from chassis.principal import Principal, acting_as
from chassis.testing import Caller, somebody
from services.sales.opportunity import Opportunity
from tests.beside import run_beside
from tests.builders.sales import an_opportunity_message
from tests.hearing import hear
from tests.sales.opportunities import got, opened

Door = Callable[[Principal], Caller]


def the_account_is_named(sales: Caller, id: str, name: str, revision: int) -> None:
    event = contacts.AccountUpdated(account={"id": id, "name": name})
    hear(sales, event, id, revision, by="sales")


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
