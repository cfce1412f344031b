"""Imports among doubles: the tenant's rules for what comes in by file, and records that became one before or after."""

from chassis.testing import Caller
from tests.builders.fields import define
from tests.contacts.cases import CONTACT
from tests.contacts.customs import fields_of, made
from tests.contacts.importing import after, contacts, counts, done, result, state
from tests.contacts.test_duplicate_door import a_rule
from tests.contacts.test_merge_door import everything, get, merge, unmerge

HEAD = "External ID,First name,Family name,E-mail"
BY_ID = {"match_keys": ["external_ids"]}


def test_a_rule_that_blocks_turns_a_row_away_also_from_one_of_the_same_file(caller: Caller) -> None:
    ada = CONTACT.create(caller, emails=[{"address": "ada@x.example"}])
    a_rule(caller, on_exact="BLOCK", channel="IMPORT")
    text = f"{HEAD}\n1,Ada,Thorn,ada@x.example\n2,Ben,Rose,ben@x.example\n3,B.,Rose,BEN@x.example\n"
    run = done(caller, text, **BY_ID)
    assert counts(run) == {"done": 3, "created": 1, "refused": 2}
    first, second = result(caller, run)
    assert (first[0], second[0]) == ("1", "3")
    assert ada.id in first[3]
    assert len(contacts(caller)) == 2


def test_a_rule_that_warns_lets_a_row_in_and_tells_of_its_like(caller: Caller) -> None:
    ada = CONTACT.create(caller, emails=[{"address": "ada@x.example"}])
    a_rule(caller, on_exact="WARN")
    run = done(caller, f"{HEAD}\n1,Ada,Thorn,ada@x.example\n2,Ben,Rose,ben@x.example\n", **BY_ID)
    assert counts(run) == {"done": 2, "created": 2}
    assert result(caller, run) == [["1", "", "", f"came in; possible duplicates: {ada.id}"]]


def test_a_rule_for_another_way_in_is_none_for_files(caller: Caller) -> None:
    CONTACT.create(caller, emails=[{"address": "ada@x.example"}])
    a_rule(caller, on_exact="BLOCK", channel="UI")
    a_rule(caller, on_exact="BLOCK", channel="API")
    run = done(caller, f"{HEAD}\n1,Ada,Thorn,ada@x.example\n", **BY_ID)
    assert counts(run) == {"done": 1, "created": 1}
    assert result(caller, run) == []


def test_a_row_with_the_id_of_a_merged_record_finds_its_survivor(caller: Caller) -> None:
    one, two, three = (CONTACT.create(caller) for _ in range(3))
    merge(caller, CONTACT, two.id, three.id)
    merge(caller, CONTACT, one.id, two.id)
    run = done(caller, f"id,job_title,department\n{three.id},Gardener,\n{one.id},,Roses\n", match_keys=["id"])
    assert counts(run) == {"done": 2, "updated": 2}
    survivor = get(caller, CONTACT, one.id)
    assert (survivor.job_title, survivor.department) == ("Gardener", "Roses")


def test_two_rows_that_find_one_record_by_different_keys_both_change_it_and_go_back_together(caller: Caller) -> None:
    CONTACT.create(caller, emails=[{"address": "ada@x.example"}], external_ids=[{"system": "import", "id": "1"}])
    before = everything(caller)
    text = "External ID,E-mail,job_title,department\n1,,Gardener,\n,ada@x.example,Owner,Roses\n"
    run = done(caller, text)
    assert counts(run) == {"done": 2, "updated": 2}
    [ada] = contacts(caller)
    assert (ada.job_title, ada.department) == ("Owner", "Roses")
    assert state(after(caller, "Revert", run.id)) == "REVERTED"
    assert everything(caller) == before


def test_a_revert_leaves_alone_what_was_merged_since(caller: Caller) -> None:
    known = CONTACT.create(caller)
    run = done(caller, f"{HEAD}\n1,Ada,Thorn,ada@x.example\n2,Ben,Rose,ben@x.example\n", **BY_ID)
    ada, ben = contacts(caller, query="Ada Thorn")[-1], contacts(caller, query="Ben")[0]
    merge(caller, CONTACT, known.id, ada.id)
    merged = everything(caller)
    reverted = after(caller, "Revert", run.id)
    assert state(reverted) == "REVERTED"
    assert [line[2:] for line in result(caller, reverted)] == [[ada.id, f"was merged into {known.id}"]]
    kept = everything(caller)
    assert kept.pop(ben.id)["deleted_time"] is not None
    assert kept == {id: row for id, row in merged.items() if id != ben.id}
    unmerge(caller, CONTACT, known.id)
    assert get(caller, CONTACT, ada.id).given_name == "Ada"


def test_a_revert_leaves_what_it_cannot_give_back(caller: Caller) -> None:
    define(caller, "badge", index={"unique": True})
    known = made(caller, badge="7")
    run = done(caller, f"id,badge\n{known.id},8\n", match_keys=["id"])
    other = made(caller, badge="7")
    reverted = after(caller, "Revert", run.id)
    assert state(reverted) == "REVERTED"
    assert [line[2] for line in result(caller, reverted)] == [known.id]
    assert fields_of(get(caller, CONTACT, known.id)) == {"badge": "8"}
    assert fields_of(get(caller, CONTACT, other.id)) == {"badge": "7"}
