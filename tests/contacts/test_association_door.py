"""Associations at the door: many to many, from either side, within limits, and known after they ended."""

import threading
from collections.abc import Callable
from types import SimpleNamespace
from typing import Any

import grpc
import pytest
from crm.common.v1.listing_pb2 import Filter, ListRequest
from crm.common.v1.requests_pb2 import BatchDeleteRequest, BatchGetRequest, DeleteRequest, GetRequest, RestoreRequest
from crm.contacts.v1 import association_pb2 as pb

from chassis import new_id, today, transaction
from chassis.principal import acting_as
from chassis.testing import Caller, reason
from services.contacts.association import Association
from services.contacts.association_label import STANDARD, AssociationLabel
from tests.builders.contacts import BEN
from tests.contacts.cases import ACCOUNT, CONTACT, LEAD
from tests.refused import refusal, violations


@pytest.fixture
def cast(caller: Caller) -> SimpleNamespace:
    """A tenant with the standard labels, two companies and three people."""
    with acting_as(caller.whom):
        transaction.run(AssociationLabel.lay_standard)
    return SimpleNamespace(
        rose=ACCOUNT.create(caller).id,
        vale=ACCOUNT.create(caller, name="Vale Gardens").id,
        ada=CONTACT.create(caller).id,
        ben=CONTACT.create(caller, **BEN).id,
        eve=CONTACT.create(caller, given_name="Eve").id,
        mina=LEAD.create(caller).id,
    )


def associate(caller: Caller, label: str, from_id: str, to_id: str, **fields: Any) -> pb.Association:
    association = pb.Association(label=label, from_id=from_id, to_id=to_id, **fields)
    return caller.CreateAssociation(pb.CreateAssociationRequest(association=association))


def of(caller: Caller, id: str, **asked: Any) -> list[tuple[str, str, str]]:
    """The associations of a record: label, from and to."""
    mine = Filter(field="record_ids", op="eq", value={"string_value": id})
    found = caller.ListAssociations(ListRequest(filter=mine, order_by=["create_time"], **asked)).associations
    return [(each.label, each.from_id, each.to_id) for each in found]


def test_a_tenant_begins_with_the_standard_labels_and_gets_them_once(caller: Caller, cast: Any) -> None:
    with acting_as(caller.whom):
        transaction.run(AssociationLabel.lay_standard)
    labels = caller.ListAssociationLabels(ListRequest()).association_labels
    assert sorted(each.key for each in labels) == sorted(values[0] for values in STANDARD)


def test_a_person_is_at_several_companies_and_found_from_either_side(caller: Caller, cast: Any) -> None:
    associate(caller, "employer", cast.ada, cast.rose, since_date="2024-01-01", note="part time")
    associate(caller, "employer", cast.ada, cast.vale)
    associate(caller, "decision_maker", cast.ben, cast.rose)
    associate(caller, "referred_by", cast.mina, cast.ada)
    at_rose, at_vale = ("employer", cast.ada, cast.rose), ("employer", cast.ada, cast.vale)
    assert of(caller, cast.ada) == [at_rose, at_vale, ("referred_by", cast.mina, cast.ada)]
    assert of(caller, cast.rose) == [at_rose, ("decision_maker", cast.ben, cast.rose)]
    assert of(caller, cast.mina) == [("referred_by", cast.mina, cast.ada)]
    assert of(caller, cast.ada, fields=["label", "from_id", "to_id"]) == of(caller, cast.ada)


def test_the_associations_of_a_record_are_found_by_an_index(caller: Caller, cast: Any) -> None:
    associate(caller, "employer", cast.ada, cast.rose)
    query = {"tenant_id": caller.whom.tenant_id, "record_ids": cast.ada, "deleted_time": None}
    plan = transaction.database()["associations"].find(query).explain()
    assert plan["executionStats"]["totalDocsExamined"] == plan["executionStats"]["nReturned"] == 1


def test_a_limit_holds_at_a_time_and_not_for_ever(caller: Caller, cast: Any) -> None:
    associate(caller, "reports_to", cast.ada, cast.ben, since_date="2025-01-01")
    assert refusal(associate, caller, "reports_to", cast.ada, cast.eve) == "ASSOCIATION_LIMIT_REACHED"
    associate(caller, "reports_to", cast.ada, cast.eve, until_date="2025-01-01")
    associate(caller, "reports_to", cast.eve, cast.ben)


def test_what_has_no_direction_is_one_from_either_side(caller: Caller, cast: Any) -> None:
    married = associate(caller, "spouse", cast.eve, cast.ada)
    assert {married.from_id, married.to_id} == {cast.ada, cast.eve}
    assert refusal(associate, caller, "spouse", cast.ada, cast.eve) == "ASSOCIATION_ALREADY_THERE"
    for one, other in ((cast.ada, cast.ben), (cast.ben, cast.ada), (cast.eve, cast.ben)):
        assert refusal(associate, caller, "spouse", one, other) == "ASSOCIATION_LIMIT_REACHED"
    associate(caller, "partner", cast.rose, cast.vale)
    assert refusal(associate, caller, "partner", cast.vale, cast.rose) == "ASSOCIATION_ALREADY_THERE"


def test_those_who_race_for_the_last_place_do_not_both_get_it(caller: Caller, cast: Any) -> None:
    start, answers = threading.Barrier(3), []

    def race(to_id: str) -> None:
        start.wait()
        try:
            answers.append(associate(caller, "reports_to", cast.ada, to_id).to_id)
        except grpc.RpcError as error:
            answers.append(reason(error))

    bosses = [cast.ben, cast.eve, CONTACT.create(caller, given_name="Oren").id]
    racers = [threading.Thread(target=race, args=(boss,)) for boss in bosses]
    for each in racers:
        each.start()
    for each in racers:
        each.join()
    assert answers.count("ASSOCIATION_LIMIT_REACHED") == 2
    assert len(of(caller, cast.ada)) == 1


def test_an_end_is_a_day_and_nothing_is_erased(caller: Caller, cast: Any) -> None:
    made = associate(caller, "reports_to", cast.ada, cast.ben, since_date="2025-01-01")
    ended = caller.EndAssociation(pb.EndAssociationRequest(id=made.id))
    assert ended.until_date == today()
    assert of(caller, cast.ada) == [("reports_to", cast.ada, cast.ben)]
    associate(caller, "reports_to", cast.ada, cast.eve, since_date=today())
    assert refusal(caller.EndAssociation, pb.EndAssociationRequest(id=made.id)) == "ASSOCIATION_ALREADY_ENDED"
    reopened = pb.Association(id=made.id)
    update = pb.UpdateAssociationRequest(association=reopened, update_mask={"paths": ["until_date"]})
    assert refusal(caller.UpdateAssociation, update) == "ASSOCIATION_LIMIT_REACHED"
    told = transaction.database()["events"].find({"record_id": made.id}).sort("revision")
    assert [each["subject"] for each in told] == ["association.created", "association.ended"]


@pytest.mark.parametrize(
    ("fields", "field"),
    [
        ({"label": "nothing"}, "association.label"),
        ({"to_id": new_id("acc")}, "association.to_id"),
        ({"from_id": new_id("acc")}, "association.from_id"),
        ({"since_date": "2026-01-02", "until_date": "2026-01-02"}, "association.until_date"),
        ({"until_date": "yesterday"}, "association.until_date"),
    ],
)
def test_what_does_not_fit_is_refused_where_it_stands(caller: Caller, cast: Any, fields: Any, field: str) -> None:
    given = {"label": "employer", "from_id": cast.ada, "to_id": cast.rose} | fields
    assert list(violations(associate, caller, **given)) == [field]


def test_nobody_is_associated_with_themselves_and_ends_never_change(caller: Caller, cast: Any) -> None:
    assert list(violations(associate, caller, "reports_to", cast.ada, cast.ada)) == ["association.to_id"]
    made = associate(caller, "employer", cast.ada, cast.rose)
    moved = pb.UpdateAssociationRequest(
        association=pb.Association(id=made.id, to_id=cast.vale), update_mask={"paths": ["to_id"]}
    )
    assert list(violations(caller.UpdateAssociation, moved)) == ["association.to_id"]


def test_a_deleted_end_hides_an_association_until_it_is_back(caller: Caller, cast: Any) -> None:
    made = associate(caller, "employer", cast.ada, cast.rose)
    caller.DeleteAccount(DeleteRequest(id=cast.rose))
    assert of(caller, cast.ada) == []
    assert refusal(caller.GetAssociation, GetRequest(id=made.id)) == "NOT_FOUND"
    assert refusal(caller.EndAssociation, pb.EndAssociationRequest(id=made.id)) == "NOT_FOUND"
    caller.RestoreAccount(RestoreRequest(id=cast.rose))
    assert of(caller, cast.ada) == [("employer", cast.ada, cast.rose)]


def test_nobody_learns_of_an_end_that_is_hidden(
    caller: Caller, cast: Any, colleague: Callable[..., Caller], door: Any
) -> None:
    made = associate(caller, "employer", cast.ada, cast.rose)
    clerk = colleague(
        grants={"contacts.association.*": "all", "contacts.contact.*": "all", "contacts.account.*": "own"}
    )
    blind = colleague(grants={"contacts.association.*": "all"})
    for other in (clerk, blind):
        assert of(other, cast.ada) == []
        assert caller.BatchGetAssociations(BatchGetRequest(ids=[made.id])).failed_count == 0
        assert other.BatchGetAssociations(BatchGetRequest(ids=[made.id])).failed_count == 1
        assert refusal(other.DeleteAssociation, DeleteRequest(id=made.id)) == "NOT_FOUND"
    assert list(violations(associate, clerk, "employer", cast.ben, cast.rose)) == ["association.to_id"]


def test_a_batch_takes_what_fits_and_tells_the_rest(caller: Caller, cast: Any) -> None:
    pairs = [("employer", cast.ada, cast.rose), ("reports_to", cast.ada, cast.ben), ("reports_to", cast.ada, cast.eve)]
    items = [{"association": {"label": label, "from_id": one, "to_id": other}} for label, one, other in pairs]
    request = pb.BatchAssociationsRequest(items=items)
    answer = caller.BatchCreateAssociations(request)
    assert [bool(each.association.id) for each in answer.results] == [True, True, False]
    assert of(caller, cast.ada) == pairs[:2]
    request.atomic = True
    assert refusal(caller.BatchCreateAssociations, request) == "ASSOCIATION_ALREADY_THERE"
    ids = [each.association.id for each in answer.results[:2]]
    assert caller.BatchDeleteAssociations(BatchDeleteRequest(ids=ids)).failed_count == 0
    assert of(caller, cast.ada) == []
    associate(caller, "reports_to", cast.ada, cast.eve)
    assert refusal(caller.RestoreAssociation, RestoreRequest(id=ids[1])) == "ASSOCIATION_LIMIT_REACHED"
    assert len(of(caller, cast.ada)) == 1


def test_a_label_has_a_key_of_its_own_and_keeps_its_nouns(caller: Caller, cast: Any) -> None:
    given = {"key": "landlord", "from_noun": "account", "to_noun": "account", "forward_name": "lets to"}
    label = pb.AssociationLabel(**given, backward_name="rents from", to_limit=1)
    made = caller.CreateAssociationLabel(pb.CreateAssociationLabelRequest(association_label=label))
    again = pb.CreateAssociationLabelRequest(association_label=label)
    assert refusal(caller.CreateAssociationLabel, again) == "ALREADY_EXISTS"
    associate(caller, "landlord", cast.rose, cast.vale)
    third = ACCOUNT.create(caller, name="Third").id
    assert refusal(associate, caller, "landlord", third, cast.vale) == "ASSOCIATION_LIMIT_REACHED"
    associate(caller, "landlord", cast.rose, third)
    caller.DeleteAssociationLabel(DeleteRequest(id=made.id))
    assert len(of(caller, cast.rose)) == 2
    assert list(violations(associate, caller, "landlord", third, cast.rose)) == ["association.label"]


def test_the_documents_know_both_directions() -> None:
    label = AssociationLabel(from_noun="contact", to_noun="contact", forward_name="knows", backward_name="knows")
    assert label.without_direction
    label.backward_name = "is known by"
    assert not label.without_direction
    assert Association(since_date="2026-01-01").period.since == "2026-01-01"
