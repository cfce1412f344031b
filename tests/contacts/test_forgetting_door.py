"""What contacts forgets: the person has one of everything, and then nothing names it, no file, no merge, no way back."""

from dataclasses import replace
from typing import Any

import pytest
from crm.common.v1.requests_pb2 import GetRequest, RestoreRequest
from crm.contacts.v1 import document_pb2, erasure_pb2, merge_pb2
from google.protobuf import json_format

from chassis import acting_as, transaction
from chassis.embedded import Servers
from chassis.files import File
from chassis.testing import Caller
from services.contacts.contact import Contact
from services.contacts.refusals import PersonForgotten
from tests.beside import run_beside
from tests.builders.fields import define
from tests.contacts.cases import ACCOUNT, CONTACT, LEAD
from tests.contacts.documents import after, an_offer, revised, said, shared
from tests.contacts.forgetting import (
    EMAIL,
    FAMILY,
    GIVEN,
    NAME,
    PHONE,
    QUILLON,
    asked,
    forgotten,
    naming,
    quillon,
    work,
)
from tests.contacts.importing import after as import_after
from tests.contacts.importing import an_import, brought, counts, done, result
from tests.contacts.test_association_door import associate
from tests.contacts.test_association_door import cast as cast
from tests.contacts.test_attachment_door import attached
from tests.contacts.test_export_door import an_export
from tests.contacts.test_interaction_door import logged
from tests.contacts.test_merge_door import merge, unmerge
from tests.contacts.test_objects_door import a_record, an_object
from tests.contacts.test_share_link_door import opened
from tests.contacts.test_share_link_door import visitor as visitor
from tests.refused import refusal

TABLE = f"First name,Last name,E-mail\n{GIVEN},{FAMILY},{EMAIL}\nBen,Vale,ben@valegardens.example\n"


def rows(caller: Caller, collection: str, **query: Any) -> list[Any]:
    return list(transaction.database()[collection].find({"tenant_id": caller.whom.tenant_id, **query}))


def test_nothing_names_a_person_who_had_one_of_everything(
    servers: Servers, caller: Caller, visitor: Caller, cast: Any
) -> None:
    person = quillon(caller, description=f"{GIVEN} likes roses")
    double = quillon(caller, given_name=GIVEN, emails=[{"address": f"old-{EMAIL}"}], phones=[])
    merge(caller, CONTACT, person.id, double.id)
    lead = LEAD.create(caller, given_name=GIVEN, family_name=FAMILY, email=EMAIL)
    merge(caller, LEAD, LEAD.create(caller, given_name="Q", email="q@elsewhere.example").id, lead.id)
    met = logged(
        caller, title=f"{GIVEN} called", contact_ids=[person.id], participants=[{"name": GIVEN, "address": EMAIL}]
    )
    for record in (person, met):
        attached(caller, record, f"about {NAME}, {record.id}".encode(), name=f"{GIVEN}.pdf")
    offer = an_offer(caller, name=f"Offer for {NAME}", contact_ids=[person.id])
    revised(caller, offer, f"Dear {GIVEN}".encode(), base=1, name=f"{FAMILY}.txt")
    said(caller, offer, text=f"Will {GIVEN} like it?")
    opened(visitor, shared(caller, offer, recipient=NAME, contact_id=person.id))
    associate(caller, "reports_to", person.id, cast.ben, note=f"{GIVEN} assists")
    taken = done(caller, TABLE, f"{FAMILY}.csv")
    wrong = done(caller, f"First name,Last name,E-mail\n{GIVEN},{FAMILY},{GIVEN}\n", "wrong.csv")
    assert result(caller, wrong), "it has a list of faults"
    noted = done(caller, f"E-mail,Notes\n{EMAIL},Likes tulips\n", match_keys=["emails.address"])
    for format in ("CSV", "XLSX", "VCARD", "NDJSON"):
        assert an_export(caller, format=format)[0].file_id
    before = {each.split(" ")[0] for each in naming(servers, caller)}
    assert before >= {
        "contacts", "merge_images", "attachments", "files", "file_content.chunks", "documents", "annotations", "share_links",
        "document_views", "associations", "imports", "import_changes", "search_words", "events",
    }  # fmt: skip
    counted = forgotten(caller, person.id)
    assert list(naming(servers, caller)) == []
    assert counted["attachments"] == 2
    assert {name: counted[name] for name in ("exports", "imports", "merges", "documents")} == {
        "exports": 4, "imports": 3, "merges": 2, "documents": 1,
    }  # fmt: skip
    assert {taken.id, wrong.id, noted.id} == {row["_id"] for row in rows(caller, "imports") if "file_id" not in row}


def test_a_merged_person_is_forgotten_by_all_names_and_nobody_parts_it(caller: Caller) -> None:
    person = quillon(caller)
    double = CONTACT.create(caller, given_name="Quill", family_name="Vexley", emails=[{"address": "quill@v.example"}])
    done_merge = merge(caller, CONTACT, person.id, double.id)
    account = ACCOUNT.create(caller, description="Ask Quill Vexley")
    task = asked(caller, person.id)
    assert (set(task["contact_ids"]), set(task["names"])) == ({person.id, double.id}, {NAME, "Quill Vexley"})
    work(task)
    assert caller.GetMerge(GetRequest(id=done_merge.id)).state == merge_pb2.Merge.FORGOTTEN
    for id in (person.id, double.id):
        assert refusal(lambda id=id: unmerge(caller, CONTACT, id)) == "NOT_FOUND"
        assert refusal(lambda id=id: caller.RestoreContact(RestoreRequest(id=id))) == "NOT_FOUND"
    assert ACCOUNT.call(caller, "Get", GetRequest(id=account.id)).description == "Ask [erased]"
    assert rows(caller, "merge_images") + rows(caller, "merge_moves", before={"$exists": True}) == []


def test_who_was_parted_again_is_not_forgotten_with_the_other(caller: Caller) -> None:
    person, ben = quillon(caller), CONTACT.create(caller, given_name="Ben", emails=[{"address": "ben@vale.example"}])
    parted = merge(caller, CONTACT, person.id, ben.id)
    unmerge(caller, CONTACT, person.id)
    task = asked(caller, person.id)
    assert (task["contact_ids"], "ben@vale.example" in task["emails"]) == ([person.id], False)
    work(task)
    assert CONTACT.call(caller, "Get", GetRequest(id=ben.id)).emails[0].address == "ben@vale.example"
    assert caller.GetMerge(GetRequest(id=parted.id)).state == merge_pb2.Merge.UNMERGED


def test_an_import_that_is_reverted_brings_nobody_back(caller: Caller) -> None:
    person = quillon(caller)
    changed = done(
        caller, f"E-mail,Job title\n{EMAIL},Gardener\nben@vale.example,Baker\n", match_keys=["emails.address"]
    )
    assert counts(changed)["updated"] == 1
    forgotten(caller, person.id)
    reverted = import_after(caller, "Revert", changed.id)
    assert [row[2] for row in result(caller, reverted)] == []
    assert not rows(caller, "contacts", _id=person.id)
    assert counts(reverted) == {"done": 1, "updated": 1}


def test_an_import_that_made_the_person_is_reverted_without_it(caller: Caller) -> None:
    taken = done(caller, TABLE)
    [person] = rows(caller, "contacts", given_name=GIVEN)
    forgotten(caller, person["_id"])
    reverted = import_after(caller, "Revert", taken.id)
    assert [row[2:] for row in result(caller, reverted)] == [[person["_id"], "is deleted, or not yours to change"]]
    assert not rows(caller, "contacts", deleted_time=None)


OLD_LIST = (
    f"First name,Last name,E-mail,Phone\n{GIVEN},{FAMILY},{EMAIL.upper()},\nQ,V,q@v.example,{PHONE}\n"
    "Ben,Vale,ben@valegardens.example,+441632960001\n"
)


@pytest.mark.parametrize("noun", ["contact", "lead"])
def test_an_old_list_brings_nobody_back_who_was_forgotten(caller: Caller, noun: str) -> None:
    forgotten(caller, quillon(caller).id)
    for verb in ("Validate", "Start"):
        tried = done(caller, OLD_LIST, verb=verb, noun=noun)
        assert counts(tried) == {"done": 3, "created": 1, "refused": 2}
        assert [(row[0], row[3]) for row in result(caller, tried)] == [
            ("1", "Somebody with this e-mail address asked to be forgotten; no file brings the person in again."),
            ("2", "Somebody with this telephone number asked to be forgotten; no file brings the person in again."),
        ]
    assert [row["given_name"] for row in rows(caller, f"{noun}s")] == ["Ben"]


def test_whoever_came_back_may_stand_in_files_again(caller: Caller) -> None:
    forgotten(caller, quillon(caller).id)
    back = quillon(caller)
    taken = done(caller, f"E-mail,Job title\n{EMAIL},Gardener\n", match_keys=["emails.address"])
    assert counts(taken) == {"done": 1, "updated": 1}
    assert CONTACT.call(caller, "Get", GetRequest(id=back.id)).job_title == "Gardener"


def test_whoever_came_back_as_a_lead_may_come_in_as_a_contact(caller: Caller) -> None:
    forgotten(caller, quillon(caller).id)
    LEAD.create(caller, given_name=GIVEN, email=EMAIL)
    assert counts(done(caller, f"First name,E-mail\n{GIVEN},{EMAIL}\n")) == {"done": 1, "created": 1}


def test_what_others_have_too_names_nobody(caller: Caller) -> None:
    CONTACT.create(caller, given_name="Ben", phones=[{"number": PHONE}])
    forgotten(caller, quillon(caller).id)
    assert counts(done(caller, OLD_LIST)) == {"done": 3, "created": 2, "refused": 1}


def test_an_import_that_is_writing_heeds_who_asks_to_be_forgotten(caller: Caller) -> None:
    asks = erasure_pb2.CreateErasureRequest(erasure={"email": EMAIL})
    comes = CONTACT.build(**QUILLON)
    with acting_as(replace(caller.whom, via="import")), pytest.raises(PersonForgotten):
        run_beside(lambda: Contact.create(comes), lambda: caller.CreateErasure(asks))
    assert rows(caller, "contacts") == []


def test_an_import_whose_file_is_gone_does_not_start_again(caller: Caller) -> None:
    draft = an_import(caller, TABLE)
    forgotten(caller, quillon(caller).id)
    assert caller.GetImport(GetRequest(id=draft.id)).file_id == ""
    ended = import_after(caller, "Start", draft.id)
    assert "file" in ended.failure
    assert not rows(caller, "contacts")


def test_a_file_that_others_name_stays_with_them(caller: Caller) -> None:
    person, account = quillon(caller), ACCOUNT.create(caller)
    file_id = brought(caller, b"the map of the garden", "map.txt")
    attached(caller, person, file_id=file_id)
    kept = attached(caller, account, file_id=file_id)
    forgotten(caller, person.id)
    assert [row["_id"] for row in rows(caller, "attachments")] == [kept.id]
    assert len(rows(caller, "file_contents", sha256={"$exists": True})) == 1


def test_documents_of_an_account_and_signed_ones_stay_without_the_person(caller: Caller) -> None:
    person, account = quillon(caller), ACCOUNT.create(caller)
    shared_one = an_offer(caller, contact_ids=[person.id], account_ids=[account.id])
    signed = an_offer(caller, contact_ids=[person.id])
    after(caller, signed, "Submit", "Approve", "Send", "Sign", signer_name=GIVEN, contact_id=person.id)
    forgotten(caller, person.id)
    kept = {row["_id"]: row for row in rows(caller, "documents")}
    assert set(kept) == {shared_one.id, signed.id}
    assert not kept[shared_one.id].get("contact_ids")
    found = caller.GetDocument(GetRequest(id=signed.id))
    assert (found.state, found.signature.signer_name) == (document_pb2.Document.SIGNED, "[erased]")
    assert (found.signature.contact_id, list(found.contact_ids)) == ("", [])


def test_whoever_took_part_among_others_leaves_the_meeting(caller: Caller) -> None:
    person, account = quillon(caller), ACCOUNT.create(caller)
    guests = [{"name": "Q", "address": PHONE}, {"name": "Ben"}]
    met = logged(caller, title="The fair", account_ids=[account.id], contact_ids=[], participants=guests)
    forgotten(caller, person.id)
    [kept] = rows(caller, "interactions", _id=met.id)
    assert (kept["title"], [each["name"] for each in kept["participants"]]) == ("The fair", ["Ben"])


def test_records_of_a_tenants_own_refer_to_nobody(caller: Caller) -> None:
    an_object(caller)
    define(
        caller,
        "keeper",
        "objects.machine",
        type="REFERENCE",
        refers_to="contact",
        index={"filters": True, "unique": True},
    )
    define(caller, "friend", type="REFERENCE", refers_to="contact")
    person = quillon(caller)
    mower = a_record(caller, custom_fields={"keeper": person.id})
    ben = CONTACT.create(caller, given_name="Ben", emails=[], custom_fields={"friend": person.id})
    forgotten(caller, person.id)
    [kept] = rows(caller, "records")
    assert (kept["_id"], kept["custom_fields"], kept["custom_index"], kept["custom_unique"]) == (mower.id, {}, [], [])
    assert json_format.MessageToDict(CONTACT.call(caller, "Get", GetRequest(id=ben.id)).custom_fields) == {}


def test_words_that_others_have_are_still_found_misspelt(caller: Caller) -> None:
    person = quillon(caller, given_name="Benedict")
    CONTACT.create(caller, given_name="Benedict", family_name="Vale")
    forgotten(caller, person.id)
    words = {row["word"] for row in rows(caller, "search_words")}
    assert ("benedict" in words, FAMILY.lower() in words) == (True, False)


@pytest.mark.parametrize("dies_in", ["let_go", "sweep"])
def test_an_erasure_that_dies_among_the_files_is_finished(
    servers: Servers, caller: Caller, monkeypatch: Any, dies_in: str
) -> None:
    person = quillon(caller)
    attached(caller, person, f"about {NAME}".encode())
    done(caller, TABLE)
    task = asked(caller, person.id)
    with monkeypatch.context() as patch:
        patch.setattr(File, dies_in, lambda *_: 1 / 0)
        with pytest.raises(ZeroDivisionError):
            work(task)
    assert list(naming(servers, caller))
    work(task)
    assert list(naming(servers, caller)) == []


def test_what_a_colleague_has_in_common_with_the_person_stays(caller: Caller) -> None:
    person = quillon(caller)
    ada = CONTACT.create(caller, phones=[{"number": PHONE}], emails=[{"address": "ada@v.example"}])
    other = merge(caller, CONTACT, ada.id, CONTACT.create(caller, given_name="Adah").id)
    task = asked(caller, person.id)
    assert (task["emails"], task["phones"]) == ([EMAIL], [])
    work(task)
    assert unmerge(caller, CONTACT, ada.id).id == other.id
    assert CONTACT.call(caller, "Get", GetRequest(id=ada.id)).phones[0].number == PHONE
