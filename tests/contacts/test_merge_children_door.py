"""What is kept with merged customers follows the survivor and goes back: associations, purchases, findings, what they have."""

from types import SimpleNamespace
from typing import Any

import pytest
from crm.common.v1.requests_pb2 import DeleteRequest, GetRequest
from crm.contacts.v1.association_pb2 import EndAssociationRequest
from crm.contacts.v1.disclosure_pb2 import CreateDisclosureRequest

from chassis import acting_as, merging, transaction
from chassis.testing import Caller
from services.contacts.account import Account
from services.contacts.association_label import AssociationLabel
from services.contacts.contact import Contact
from services.contacts.lead import Lead
from tests.builders.contacts import euros
from tests.contacts.cases import ACCOUNT, CONTACT, LEAD
from tests.contacts.test_association_door import associate, of
from tests.contacts.test_duplicate_door import details_of
from tests.contacts.test_findings_door import a_need, a_preference
from tests.contacts.test_installed_door import a_contract, an_asset
from tests.contacts.test_merge_door import COLLECTIONS, everything, get, merge, unmerge
from tests.contacts.test_purchases_door import an_order, placed
from tests.plans import demand_indexed

KEPT = (*COLLECTIONS, "associations", "purchases", "needs", "preferences", "assets", "service_contracts", "disclosures")


@pytest.fixture
def cast(caller: Caller) -> SimpleNamespace:
    """A tenant with the standard labels, doubles of a company and of a person, and others whom they know."""
    with acting_as(caller.whom):
        transaction.run(AssociationLabel.lay_standard)
    rose, double, other = (ACCOUNT.create(caller, name=name).id for name in ("Rose", "Rose Ltd", "Vale"))
    ada, twin, ben = (CONTACT.create(caller, given_name=name).id for name in ("Ada", "A.", "Ben"))
    return SimpleNamespace(rose=rose, double=double, other=other, ada=ada, twin=twin, ben=ben)


def test_an_association_follows_with_both_its_ends(caller: Caller, cast: Any) -> None:
    associate(caller, "employer", cast.twin, cast.double)
    associate(caller, "partner", cast.double, cast.other)
    lead, late = LEAD.create(caller).id, LEAD.create(caller).id
    associate(caller, "referred_by", late, cast.twin)
    before = everything(caller, KEPT)
    merge(caller, CONTACT, cast.ada, cast.twin)
    merge(caller, ACCOUNT, cast.rose, cast.double)
    merge(caller, LEAD, lead, late)
    assert of(caller, cast.ada) == [("employer", cast.ada, cast.rose), ("referred_by", lead, cast.ada)]
    [(_, *ends)] = [each for each in of(caller, cast.rose) if each[0] == "partner"]
    assert set(ends) == {cast.rose, cast.other}
    assert not of(caller, cast.twin)
    # In another order than they were made in: each takes back its own end.
    unmerge(caller, CONTACT, cast.ada)
    assert of(caller, cast.twin) == [("employer", cast.twin, cast.rose), ("referred_by", lead, cast.twin)]
    unmerge(caller, ACCOUNT, cast.rose)
    unmerge(caller, LEAD, lead)
    assert as_sets(everything(caller, KEPT)) == as_sets(before)


def as_sets(rows: dict[str, Any]) -> dict[str, Any]:
    """The rows, with the ends of associations in no order."""
    return {
        id: row | ({"record_ids": set(row["record_ids"])} if "record_ids" in row else {}) for id, row in rows.items()
    }


def test_an_association_that_would_say_the_same_twice_waits_with_the_merged(caller: Caller, cast: Any) -> None:
    mine = associate(caller, "employer", cast.ada, cast.rose, since_date="2010-01-01")
    same = associate(caller, "employer", cast.twin, cast.rose, since_date="2010-01-01")
    earlier = associate(caller, "employer", cast.twin, cast.rose, since_date="2001-01-01", until_date="2002-01-01")
    gone = associate(caller, "decision_maker", cast.twin, cast.rose)
    caller.DeleteAssociation(DeleteRequest(id=gone.id))
    again = associate(caller, "decision_maker", cast.ada, cast.rose)
    each_other = associate(caller, "reports_to", cast.twin, cast.ada)
    before = everything(caller, KEPT)
    merge(caller, CONTACT, cast.ada, cast.twin)
    kept = everything(caller, KEPT)
    survive = {each.id for each in (mine, earlier, gone, again) if kept[each.id]["from_id"] == cast.ada}
    assert survive == {mine.id, earlier.id, gone.id, again.id}
    assert (kept[same.id], kept[each_other.id]) == (before[same.id], before[each_other.id])
    assert len(of(caller, cast.ada)) == 3  # neither the repeat nor the one with itself
    unmerge(caller, CONTACT, cast.ada)
    assert everything(caller, KEPT) == before
    assert len(of(caller, cast.twin)) == 3


def test_without_direction_the_same_is_said_from_either_side(caller: Caller, cast: Any) -> None:
    one, two, three = sorted((cast.rose, cast.double, cast.other))
    first, second = associate(caller, "partner", one, two), associate(caller, "partner", two, three)
    before = everything(caller, KEPT)
    merge(caller, ACCOUNT, one, three)  # the second would be written two, one; the first is one, two
    kept = everything(caller, KEPT)
    assert (kept[first.id], kept[second.id]) == (before[first.id], before[second.id])
    assert len(of(caller, two)) == 1
    unmerge(caller, ACCOUNT, one)
    assert everything(caller, KEPT) == before


def test_purchases_follow_with_the_figures_of_all(caller: Caller, cast: Any) -> None:
    sold = {"ada": an_order(contact_ids=[cast.ada], account_id=cast.rose, total=euros(100), order_date="2026-01-05")}
    sold["twin"] = an_order(contact_ids=[cast.twin], account_id=cast.double, total=euros(50), order_date="2025-01-05")
    sold["both"] = an_order(contact_ids=[cast.twin, cast.ada], account_id=cast.double, total=euros(7))
    for order in sold.values():
        placed(caller, order)
    before = everything(caller, KEPT)
    merge(caller, CONTACT, cast.ada, cast.twin)
    merge(caller, ACCOUNT, cast.rose, cast.double)
    for case, id in ((CONTACT, cast.ada), (ACCOUNT, cast.rose)):
        figures = get(caller, case, id).purchases
        assert (figures.order_count, figures.values[0].units, figures.first_order_date) == (3, 157, "2025-01-05")
    unmerge(caller, ACCOUNT, cast.rose)
    unmerge(caller, CONTACT, cast.ada)
    assert everything(caller, KEPT) == before


def test_an_order_that_is_told_late_is_the_survivors(caller: Caller, cast: Any) -> None:
    merge(caller, CONTACT, cast.ada, cast.twin)
    merge(caller, ACCOUNT, cast.rose, cast.double)
    placed(caller, an_order(contact_ids=[cast.twin], account_id=cast.double))
    assert get(caller, CONTACT, cast.ada).purchases.order_count == 1
    assert get(caller, ACCOUNT, cast.rose).purchases.order_count == 1


def test_an_order_that_is_told_late_goes_back_to_whose_it_is(caller: Caller, cast: Any) -> None:
    merge(caller, CONTACT, cast.ada, cast.twin)
    merge(caller, CONTACT, cast.ben, cast.ada)  # a survivor is merged itself
    merge(caller, ACCOUNT, cast.rose, cast.double)
    order = an_order(contact_ids=[cast.twin, cast.ada], account_id=cast.double)
    placed(caller, order)
    placed(caller, order)
    assert get(caller, CONTACT, cast.ben).purchases.order_count == 1
    unmerge(caller, CONTACT, cast.ben)
    assert get(caller, CONTACT, cast.ada).purchases.order_count == 1
    unmerge(caller, CONTACT, cast.ada)
    unmerge(caller, ACCOUNT, cast.rose)
    for case, id in ((CONTACT, cast.twin), (CONTACT, cast.ada), (ACCOUNT, cast.double)):
        assert get(caller, case, id).purchases.order_count == 1
    assert not get(caller, CONTACT, cast.ben).purchases.order_count
    assert not get(caller, ACCOUNT, cast.rose).purchases.order_count
    rows = [row for row in everything(caller, KEPT).values() if order.number in (row.get("number"), row.get("title"))]
    rows += [row for row in everything(caller, KEPT).values() if row.get("record_id") == order.id]
    assert len(rows) > 1
    assert {tuple(row["contact_ids"]) for row in rows} == {(cast.twin, cast.ada)}
    assert {row.get("account_id", cast.double) for row in rows} == {cast.double}


def test_who_comes_back_before_the_own_company_goes_back_to_it(caller: Caller, cast: Any) -> None:
    one, two = (CONTACT.create(caller, given_name=name, account_id=cast.double).id for name in ("One", "Two"))
    before = everything(caller, KEPT)
    merge(caller, CONTACT, two, one)
    merge(caller, ACCOUNT, cast.rose, cast.double)
    unmerge(caller, CONTACT, two)
    assert get(caller, CONTACT, one).account_id == cast.rose
    unmerge(caller, ACCOUNT, cast.rose)
    assert everything(caller, KEPT) == before


def test_what_changed_while_they_were_one_counts_for_whose_it_is(caller: Caller, cast: Any) -> None:
    order = an_order(contact_ids=[cast.twin], total=euros(50))
    placed(caller, order)
    merge(caller, CONTACT, cast.ada, cast.twin)
    order.contact_ids[:] = [cast.ada]  # sales follows, too
    order.total.units = 60
    placed(caller, order, revision=3)
    unmerge(caller, CONTACT, cast.ada)
    assert not get(caller, CONTACT, cast.ada).purchases.order_count
    assert get(caller, CONTACT, cast.twin).purchases.values[0].units == 60


def test_what_is_kept_with_a_customer_follows(caller: Caller, cast: Any) -> None:
    whose = {"account_id": cast.double, "contact_id": cast.twin}
    kept = [make(caller, **whose).id for make in (a_need, a_preference, an_asset, a_contract)]
    asked = caller.CreateDisclosure(CreateDisclosureRequest(disclosure={"contact_id": cast.twin, "reason": "Asked"})).id
    before = everything(caller, KEPT)
    merge(caller, CONTACT, cast.ada, cast.twin)
    merge(caller, ACCOUNT, cast.rose, cast.double)
    now = everything(caller, KEPT)
    assert {(now[id]["account_id"], now[id]["contact_id"]) for id in kept} == {(cast.rose, cast.ada)}
    assert now[asked]["contact_ids"] == [cast.ada]
    assert caller.GetAsset(GetRequest(id=kept[2])).contact_id == cast.ada
    unmerge(caller, CONTACT, cast.ada)
    unmerge(caller, ACCOUNT, cast.rose)
    assert everything(caller, KEPT) == before


@pytest.mark.parametrize(
    "reference",
    dict.fromkeys(each for noun in (Account, Contact, Lead) for each in noun.children),
    ids=lambda each: f"{each.collection}.{each.path}",
)
def test_what_names_a_record_is_found_by_an_index(door: Any, reference: merging.Reference) -> None:
    demand_indexed(reference)


def test_a_merge_that_would_pass_a_limit_is_refused_with_the_label_before_anything_happens(
    caller: Caller, cast: Any
) -> None:
    associate(caller, "reports_to", cast.ada, cast.ben)
    other = associate(caller, "reports_to", cast.twin, CONTACT.create(caller).id)
    before = everything(caller)
    said = details_of(merge, caller, CONTACT, cast.ada, cast.twin)
    assert said["reason"] == "ASSOCIATION_LIMIT_REACHED"
    assert said["keywords"] == {"record": cast.ada, "label": "reports_to", "limit": "1"}
    assert everything(caller) == before
    caller.EndAssociation(EndAssociationRequest(id=other.id))
    assert merge(caller, CONTACT, cast.ada, cast.twin).survivor_id == cast.ada


def test_who_is_one_of_the_merged_or_stands_there_twice_is_not_too_many(caller: Caller, cast: Any) -> None:
    associate(caller, "reports_to", cast.ada, cast.ben, since_date="2024-01-01")
    associate(caller, "reports_to", cast.twin, cast.ben)
    associate(caller, "spouse", cast.ada, cast.twin)
    associate(caller, "reports_to", CONTACT.create(caller).id, cast.ada)
    associate(caller, "reports_to", cast.ben, cast.twin)  # of the other side there may be many
    assert merge(caller, CONTACT, cast.ada, cast.twin).survivor_id == cast.ada
