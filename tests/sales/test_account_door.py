"""The names of accounts as sales shows them: it has them from contacts, in whatever order they are told."""

from collections.abc import Callable

from crm.common.v1 import listing_pb2
from crm.contacts.v1 import events_pb2 as contacts

from chassis import new_id
from chassis.principal import Principal, acting_as
from chassis.testing import Caller, somebody
from services.sales.opportunity import Opportunity
from services.sales.reactions import name_the_account
from tests.beside import run_beside
from tests.builders.sales import an_opportunity_message
from tests.hearing import a_fact, hear
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


def test_a_name_that_changes_while_a_record_is_made_reaches_it(sales: Caller) -> None:
    account = new_id("acc")
    asked = an_opportunity_message(account_id=account)
    opened(sales)  # the tenant has its pipeline
    the_account_is_named(sales, account, "Rose & Thorn", 1)
    with acting_as(sales.whom):
        id = run_beside(
            lambda: Opportunity.create(asked).id, lambda: the_account_is_named(sales, account, "Häagen Nurseries", 2)
        )
    assert got(sales, id).account_name == "Häagen Nurseries"


def test_a_record_that_is_made_while_a_name_changes_has_the_new_one(sales: Caller) -> None:
    account, made = new_id("acc"), []
    opened(sales)
    the_account_is_named(sales, account, "Rose & Thorn", 1)
    event = contacts.AccountUpdated(account={"id": account, "name": "Häagen Nurseries"})
    fact = a_fact(sales, event, account, 2)
    with acting_as(sales.whom):
        run_beside(lambda: name_the_account(event, fact), lambda: made.append(opened(sales, account_id=account).id))
    assert [got(sales, id).account_name for id in made] == ["Häagen Nurseries"]


def test_records_of_one_account_that_are_made_at_once_are_in_nobodys_way(sales: Caller) -> None:
    account, runs = new_id("acc"), []
    asked = an_opportunity_message(account_id=account)
    opened(sales)
    the_account_is_named(sales, account, "Rose & Thorn", 1)
    with acting_as(sales.whom):
        run_beside(lambda: runs.append(Opportunity.create(asked).id), lambda: opened(sales, account_id=account))
    assert len(runs) == 1


def test_an_account_of_another_tenant_has_no_name_here(door: Door, sales: Caller) -> None:
    account = new_id("acc")
    the_account_is_named(door(somebody()), account, "Rose & Thorn", 1)
    assert opened(sales, account_id=account).account_name == ""
