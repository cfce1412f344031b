"""Merging at the door: what the survivor has, what follows, who may, and that parting gives everything back."""

from collections.abc import Iterable
from datetime import UTC, datetime
from typing import Any

from crm.common.v1.listing_pb2 import Filter, ListRequest
from crm.common.v1.requests_pb2 import BatchGetRequest, DeleteRequest, GetRequest, RestoreRequest
from crm.contacts.v1 import events_pb2, interaction_pb2, lead_pb2, merge_pb2
from crm.support.v1 import events_pb2 as support

from chassis import acting_as, new_id, transaction
from chassis.testing import Caller, somebody
from services.contacts.interaction import Interaction
from tests.builders.contacts import an_interaction_message
from tests.contacts.cases import ACCOUNT, CONTACT, LEAD, Case, every_noun
from tests.contacts.test_duplicate_door import a_rule, details_of
from tests.contacts.test_findings_door import a_need
from tests.hearing import a_fact
from tests.refused import violations

COLLECTIONS = ("accounts", "contacts", "leads", "interactions", "records")


def merge(caller: Caller, case: Case, id: str, *merged: str, **winners: str) -> Any:
    """Make records one."""
    request = merge_pb2.MergeRequest(id=id, merged_ids=merged, winners=winners)
    return getattr(caller, f"Merge{case.plural}")(request)


def unmerge(caller: Caller, case: Case, id: str) -> Any:
    """Part them."""
    return getattr(caller, f"Unmerge{case.plural}")(merge_pb2.UnmergeRequest(id=id))


def get(caller: Caller, case: Case, id: str) -> Any:
    """Read one."""
    return case.call(caller, "Get", GetRequest(id=id))


def log(caller: Caller, **fields: Any) -> str:
    """Log an interaction; its id."""
    request = interaction_pb2.CreateInteractionRequest(interaction=an_interaction_message(**fields))
    return str(caller.CreateInteraction(request).id)


def everything(caller: Caller, collections: Iterable[str] = COLLECTIONS) -> dict[str, Any]:
    """Every record of the tenant as it is stored, without what says how often and when it changed."""
    database, mine = transaction.database(), {"tenant_id": caller.whom.tenant_id}
    rows = {row["_id"]: row for name in collections for row in database[name].find(mine)}
    stamps = ("revision", "update_time")
    return {id: {key: value for key, value in row.items() if key not in stamps} for id, row in rows.items()}


def events(caller: Caller, type: str) -> list[Any]:
    """The events of a type that were announced in the tenant, oldest first."""
    kind = getattr(events_pb2, type)
    rows = transaction.database()["events"].find(
        {"tenant_id": caller.whom.tenant_id, "type": f"crm.contacts.v1.{type}"}
    )
    return [kind.FromString(row["body"]) for row in rows.sort("_id")]


@every_noun
def test_merging_and_parting_leave_everything_as_it_was(caller: Caller, case: Case) -> None:
    pairs = [[{"system": "erp", "id": name}] for name in "abc"]
    one, two, three = (case.create(caller, external_ids=pair, tags=[pair[0]["id"]]) for pair in pairs)
    case.update(caller, two.id, description="Likes roses")
    before = everything(caller)
    done = merge(caller, case, one.id, two.id, three.id)
    assert (done.survivor_id, list(done.merged_ids), done.noun) == (one.id, [two.id, three.id], case.field)
    assert [(each.field, each.record_id) for each in done.winners] == [("description", two.id)]
    survivor = get(caller, case, one.id)
    assert list(survivor.tags) == ["a", "b", "c"]
    assert [each.id for each in survivor.external_ids] == ["a", "b", "c"]
    assert list(survivor.merged_ids) == [two.id, three.id]
    assert case.ids(caller, ListRequest()) == [one.id]
    parted = unmerge(caller, case, one.id)
    assert (parted.id, parted.state, list(parted.conflicts)) == (done.id, merge_pb2.Merge.UNMERGED, [])
    assert everything(caller) == before
    assert caller.GetMerge(GetRequest(id=done.id)) == parted


@every_noun
def test_a_merged_id_leads_to_its_survivor(caller: Caller, case: Case) -> None:
    one, two, three = (case.create(caller) for _ in range(3))
    merge(caller, case, two.id, three.id)
    merge(caller, case, one.id, two.id)
    assert get(caller, case, three.id).id == get(caller, case, two.id).id == one.id
    answer = case.call(caller, "BatchGet", BatchGetRequest(ids=[three.id, one.id]))
    assert [getattr(each, case.field).id for each in answer.results] == [one.id, one.id]
    for call in (
        lambda: case.update(caller, three.id, description="late"),
        lambda: case.call(caller, "Delete", DeleteRequest(id=three.id)),
        lambda: case.call(caller, "Restore", RestoreRequest(id=three.id)),
        lambda: merge(caller, case, one.id, three.id),
    ):
        said = details_of(call)
        assert (said["reason"], said["keywords"]["survivor"]) == ("RECORD_MERGED", one.id)


def test_whoever_refers_to_a_merged_id_is_told_the_survivor(caller: Caller, colleague: Any) -> None:
    one, two, three = (CONTACT.create(caller) for _ in range(3))
    merge(caller, CONTACT, two.id, three.id)
    merge(caller, CONTACT, one.id, two.id)
    made_up = new_id("con")
    for id in (three.id, two.id):
        assert violations(a_need, caller, contact_id=id) == {
            "need.contact_id": f"contact {id} was merged into {one.id}"
        }
    assert violations(a_need, caller, contact_id=made_up) == {"need.contact_id": f"there is no contact {made_up}"}
    stranger = colleague(grants={"contacts.*.*": "own"})
    assert violations(a_need, stranger, contact_id=two.id) == {"need.contact_id": f"there is no contact {two.id}"}


def test_what_named_the_merged_names_the_survivor_and_goes_back(caller: Caller) -> None:
    rose, thorn, above = (ACCOUNT.create(caller, name=name) for name in ("Rose", "Thorn", "Garden Group"))
    ACCOUNT.update(caller, thorn.id, parent_id=above.id)
    below = ACCOUNT.create(caller, name="Thorn France", parent_id=thorn.id)
    ben = CONTACT.create(caller, account_id=thorn.id)
    call = log(caller, account_ids=[thorn.id, rose.id], contact_ids=[ben.id])
    visit = log(caller, account_ids=[thorn.id])
    before = everything(caller)
    done = merge(caller, ACCOUNT, rose.id, thorn.id)
    assert {each.plural: each.count for each in done.moves} == {"contacts": 1, "accounts": 1, "interactions": 2}
    assert get(caller, CONTACT, ben.id).account_id == get(caller, ACCOUNT, below.id).parent_id == rose.id
    timeline = caller.ListAccountTimeline(interaction_pb2.TimelineRequest(id=rose.id))
    assert {each.id: list(each.account_ids) for each in timeline.interactions} == {call: [rose.id], visit: [rose.id]}
    assert not get(caller, ACCOUNT, rose.id).parent_id
    unmerge(caller, ACCOUNT, rose.id)
    assert everything(caller) == before


def test_a_survivor_takes_the_place_of_those_above_it(caller: Caller) -> None:
    top = ACCOUNT.create(caller, name="Top")
    high = ACCOUNT.create(caller, name="High", parent_id=top.id)
    middle = ACCOUNT.create(caller, name="Middle", parent_id=high.id)
    low = ACCOUNT.create(caller, name="Low", parent_id=middle.id)
    before = everything(caller)
    merge(caller, ACCOUNT, low.id, high.id)
    assert get(caller, ACCOUNT, low.id).parent_id == top.id
    assert get(caller, ACCOUNT, middle.id).parent_id == low.id
    unmerge(caller, ACCOUNT, low.id)
    assert everything(caller) == before


def test_later_changes_stay_or_are_told(caller: Caller) -> None:
    one = CONTACT.create(caller, tags=["one"])
    two = CONTACT.create(caller, tags=["two"], job_title="Gardener", external_ids=[{"system": "erp", "id": "2"}])
    rose, thorn = ACCOUNT.create(caller, name="Rose"), ACCOUNT.create(caller, name="Thorn")
    CONTACT.update(caller, two.id, account_id=rose.id)
    visit = log(caller, contact_ids=[two.id])
    merge(caller, CONTACT, one.id, two.id)
    CONTACT.update(caller, one.id, job_title="Head gardener", tags=["one", "two", "new"], external_ids=[])
    CONTACT.update(caller, one.id, mask=("external_ids",))
    other = CONTACT.create(caller, external_ids=[{"system": "erp", "id": "2"}])
    late = log(caller, contact_ids=[one.id])
    parted = unmerge(caller, CONTACT, one.id)
    assert {(each.record_id, each.field) for each in parted.conflicts} == {
        (one.id, "job_title"),
        (two.id, "external_ids"),
    }
    ada, double = get(caller, CONTACT, one.id), get(caller, CONTACT, two.id)
    assert (ada.job_title, list(ada.tags), ada.account_id) == ("Head gardener", ["one", "new"], "")
    assert (double.job_title, double.account_id, list(double.external_ids)) == ("Gardener", rose.id, [])
    assert get(caller, CONTACT, other.id).external_ids
    kept = everything(caller)
    assert (kept[visit]["contact_ids"], kept[late]["contact_ids"]) == ([two.id], [one.id])
    assert thorn.id in kept


def test_of_several_merges_the_last_is_parted_first(caller: Caller) -> None:
    one, two, three = (CONTACT.create(caller, emails=[{"address": f"{name}@x.example"}]) for name in "abc")
    merge(caller, CONTACT, one.id, two.id)
    merge(caller, CONTACT, one.id, three.id)
    assert list(unmerge(caller, CONTACT, one.id).merged_ids) == [three.id]
    assert list(unmerge(caller, CONTACT, one.id).merged_ids) == [two.id]
    assert details_of(unmerge, caller, CONTACT, one.id)["reason"] == "NOTHING_MERGED"


def test_a_merge_and_its_end_are_told_with_who_became_one(caller: Caller) -> None:
    one, two = CONTACT.create(caller), CONTACT.create(caller, given_name="A.")
    done = merge(caller, CONTACT, one.id, two.id)
    unmerge(caller, CONTACT, one.id)
    [merged], [apart] = events(caller, "ContactsMerged"), events(caller, "ContactsUnmerged")
    assert (merged.merge_id, merged.contact.id, [each.id for each in merged.merged]) == (done.id, one.id, [two.id])
    assert [(each.id, each.given_name) for each in apart.restored] == [(two.id, "A.")]
    assert int(apart.restored[0].etag) > int(merged.merged[0].etag) > int(two.etag)
    assert get(caller, CONTACT, two.id).etag == apart.restored[0].etag


def test_merging_takes_write_and_delete_for_every_record(caller: Caller, colleague: Any) -> None:
    rep = colleague(grants={"contacts.*.read": "all", "contacts.*.write": "all", "contacts.*.delete": "own"})
    own, foreign = CONTACT.create(rep), CONTACT.create(caller)
    before = everything(caller)
    for survivor, merged in ((own, foreign), (foreign, own)):
        assert details_of(merge, rep, CONTACT, survivor.id, merged.id)["reason"] == "FORBIDDEN"
    hidden = colleague(grants={"contacts.*.*": "own"})
    assert details_of(merge, hidden, CONTACT, own.id, foreign.id)["reason"] == "NOT_FOUND"
    assert everything(caller) == before


def test_what_cannot_become_one_is_refused(caller: Caller) -> None:
    one, two = CONTACT.create(caller), CONTACT.create(caller)
    assert list(details_of(merge, caller, CONTACT, one.id, one.id)["violations"]) == ["merged_ids[0]"]
    assert list(details_of(merge, caller, CONTACT, one.id, two.id, nothing=one.id)["violations"]) == ["winners.nothing"]
    assert list(details_of(merge, caller, CONTACT, one.id)["violations"]) == ["merged_ids"]
    stale = caller.saying(if_match="77")
    assert details_of(merge, stale, CONTACT, one.id, two.id)["reason"] == "STALE_REVISION"
    account = ACCOUNT.create(caller)
    assert details_of(merge, caller, CONTACT, one.id, account.id)["reason"] == "NOT_FOUND"


def test_a_converted_lead_can_only_survive(caller: Caller) -> None:
    done, fresh = LEAD.create(caller), LEAD.create(caller, job_title="Owner", tags=["fair"])
    caller.ConvertLead(lead_pb2.ConvertLeadRequest(id=done.id, without_opportunity=True))
    assert details_of(merge, caller, LEAD, fresh.id, done.id)["reason"] == "LEAD_ALREADY_CONVERTED"
    merge(caller, LEAD, done.id, fresh.id)
    survivor = get(caller, LEAD, done.id)
    assert (survivor.job_title, list(survivor.tags)) == ("", ["fair"])


def test_a_rule_does_not_keep_doubles_apart_that_were_there(caller: Caller) -> None:
    emails = [{"address": "desk@x.example"}]
    one, two, _ = CONTACT.create(caller), CONTACT.create(caller, emails=emails), CONTACT.create(caller, emails=emails)
    a_rule(caller, on_exact="BLOCK")
    merge(caller, CONTACT, one.id, two.id)
    assert len(get(caller, CONTACT, one.id).emails) == 2


def test_a_fact_that_is_told_late_stands_with_the_survivor(caller: Caller) -> None:
    one, two = CONTACT.create(caller), CONTACT.create(caller)
    merge(caller, CONTACT, one.id, two.id)
    fact = a_fact(caller, support.TicketOpened(), new_id("tkt"))
    with acting_as(somebody(caller.whom.tenant_id)):
        Interaction.tell(fact, kind="TICKET", title="Late", contact_ids=[two.id], occur_time=datetime.now(UTC))
    theirs = Filter(field="title", op="eq", value={"string_value": "Late"})
    [told] = caller.ListInteractions(ListRequest(filter=theirs)).interactions
    assert list(told.contact_ids) == [one.id]
