"""Documents: revisions that never change, states that move by verbs, and who may see them."""

import threading
from collections.abc import Callable
from datetime import timedelta
from typing import Any

import grpc
import pytest
from crm.common.v1.listing_pb2 import ListRequest
from crm.common.v1.requests_pb2 import DeleteRequest, GetRequest, RestoreRequest
from crm.contacts.v1 import document_pb2
from crm.contacts.v1.document_pb2 import Document, OfDocumentRequest
from crm.contacts.v1.interaction_pb2 import Interaction, TimelineRequest

from chassis import clock, new_id, now, transaction
from chassis.files.purge import purge, stale
from chassis.principal import acting_as
from chassis.testing import Caller, details, reason, somebody
from services.contacts.file import File
from services.contacts.groundwork import _FILE_LINKS
from tests.contacts.cases import ACCOUNT, CONTACT
from tests.contacts.documents import OFFER, a_document, after, an_offer, compared, content, revised, said, shared
from tests.contacts.importing import brought
from tests.eventually import eventually
from tests.refused import refusal, violations


def revisions(caller: Caller, document: Any, **asked: Any) -> list[Any]:
    return list(caller.ListDocumentRevisions(OfDocumentRequest(id=document.id, **asked)).document_revisions)


def state(document: Document) -> str:
    return Document.State.Name(document.state)


# ---------------------------------------------------------------- revisions


def test_a_document_has_revisions_of_which_each_says_who_wrote_it_and_why(caller: Caller) -> None:
    document = a_document(caller)
    assert (state(document), document.latest_revision) == ("DRAFT", 0)
    first = revised(caller, document, reason="as agreed on the telephone")
    second = revised(caller, document, b"Offer\n", base=1)
    assert (first.number, first.base_revision, second.number, second.base_revision) == (1, 0, 2, 1)
    assert (first.author_id, first.reason) == (caller.whom.user_id, "as agreed on the telephone")
    assert revisions(caller, document) == [second, first]
    assert caller.GetDocumentRevision(GetRequest(id=first.id)) == first
    assert (content(caller, first), content(caller, second)) == (OFFER, b"Offer\n")
    found = caller.GetDocument(GetRequest(id=document.id))
    assert (found.latest_revision, found.sha256, found.file_name) == (2, second.sha256, "offer.txt")


def test_a_revision_that_goes_out_from_an_old_one_is_refused(caller: Caller) -> None:
    document = an_offer(caller)
    for base in (0, 2, 7):
        with pytest.raises(grpc.RpcError) as error:
            revised(caller, document, b"other", base=base)
        assert details(error.value)["reason"] == "STALE_BASE"
        assert details(error.value)["keywords"]["latest_revision"] == "1"
    assert len(revisions(caller, document)) == 1


def test_of_two_who_write_at_once_one_is_told(caller: Caller) -> None:
    document, file_id, met = an_offer(caller), brought(caller, b"new"), []

    def write() -> None:
        try:
            met.append(revised(caller, document, base=1, file_id=file_id).number)
        except grpc.RpcError as error:
            met.append(reason(error))

    writers = [threading.Thread(target=write) for _ in range(4)]
    for writer in writers:
        writer.start()
    for writer in writers:
        writer.join()
    assert sorted(map(str, met)) == ["2", *["STALE_BASE"] * 3]
    assert [each.number for each in revisions(caller, document)] == [2, 1]


def test_a_revision_needs_a_file_that_the_caller_may_see(caller: Caller, door: Any) -> None:
    document, foreign = a_document(caller), brought(door(somebody()), b"secret")
    for file_id in (foreign, "file_01m80nk41xeqr8nx3htck6pmz2"):
        assert list(violations(revised, caller, document, file_id=file_id)) == ["file_id"]


def test_what_was_written_for_one_document_is_kept_once_for_all(caller: Caller) -> None:
    first, second = an_offer(caller), a_document(caller)
    revised(caller, second)
    rows = transaction.database()["file_contents"].count_documents({"tenant_id": caller.whom.tenant_id})
    assert rows == 1
    assert revisions(caller, first)[0].sha256 == revisions(caller, second)[0].sha256


# ---------------------------------------------------------------- states


def test_a_document_goes_from_draft_to_signature(caller: Caller) -> None:
    ada = CONTACT.create(caller)
    document = an_offer(caller)
    signed = after(caller, document, "Submit", "Approve", "Send", "Sign", contact_id=ada.id)
    assert state(signed) == "SIGNED"
    assert (signed.signature.signer_name, signed.signature.contact_id, signed.signature.revision) == (
        "Ada Thorn",
        ada.id,
        1,
    )
    steps = [(Document.State.Name(each.state), each.actor_id, each.revision) for each in signed.changes]
    who = caller.whom.user_id
    assert steps == [(each, who, 1) for each in ("IN_REVIEW", "APPROVED", "SENT", "SIGNED")]


def test_a_rejected_document_is_written_again(caller: Caller) -> None:
    document = an_offer(caller)
    rejected = after(caller, document, "Submit", "Reject")
    assert (state(rejected), rejected.changes[-1].reason) == ("DRAFT", "The price is wrong")
    revised(caller, document, b"Offer, cheaper\n", base=1)
    assert state(after(caller, document, "Submit", "Approve", "Reopen")) == "DRAFT"
    assert state(after(caller, document, "Submit", "Approve", "Send", "Reopen")) == "DRAFT"


@pytest.mark.parametrize(
    ("before", "verb", "name"),
    [
        ((), "Approve", "DOCUMENT_NOT_IN_REVIEW"), ((), "Reject", "DOCUMENT_NOT_IN_REVIEW"),
        ((), "Send", "DOCUMENT_NOT_APPROVED"), ((), "Sign", "DOCUMENT_NOT_SENT"),
        ((), "Reopen", "DOCUMENT_NOT_REOPENABLE"), (("Submit",), "Submit", "DOCUMENT_NOT_DRAFT"),
        (("Submit", "Approve"), "Sign", "DOCUMENT_NOT_SENT"),
        (("Submit", "Approve", "Send", "Sign"), "Reopen", "DOCUMENT_NOT_REOPENABLE"),
    ],
)  # fmt: skip
def test_no_step_is_left_out(caller: Caller, before: tuple[str, ...], verb: str, name: str) -> None:
    document = an_offer(caller)
    after(caller, document, *before)
    assert refusal(after, caller, document, verb) == name


def test_only_a_draft_is_written_on(caller: Caller) -> None:
    document = an_offer(caller)
    after(caller, document, "Submit")
    assert refusal(revised, caller, document, base=1) == "DOCUMENT_NOT_DRAFT"


def test_a_signed_document_can_be_filed_and_neither_written_on_nor_deleted(caller: Caller) -> None:
    document = an_offer(caller)
    signed = after(caller, document, "Submit", "Approve", "Send", "Sign")
    assert refusal(revised, caller, document, base=1) == "DOCUMENT_NOT_DRAFT"
    assert refusal(caller.DeleteDocument, DeleteRequest(id=document.id)) == "DOCUMENT_ALREADY_SIGNED"
    renamed = document_pb2.UpdateDocumentRequest(
        document={"id": document.id, "name": "Roses 2026"}, update_mask={"paths": ["name"]}
    )
    filed = caller.UpdateDocument(renamed)
    assert (filed.name, state(filed), filed.signature) == ("Roses 2026", "SIGNED", signed.signature)


def test_what_only_went_out_can_be_deleted(caller: Caller) -> None:
    document = an_offer(caller)
    after(caller, document, "Submit", "Approve", "Send")
    assert caller.DeleteDocument(DeleteRequest(id=document.id)).HasField("deleted_time")


def test_an_empty_document_is_not_read(caller: Caller) -> None:
    assert refusal(after, caller, a_document(caller), "Submit") == "DOCUMENT_EMPTY"


@pytest.mark.parametrize(
    ("told", "field"),
    [
        ({"sign_time": now() + timedelta(days=1)}, "sign_time"),
        ({"contact_id": "con_01m80nk41xeqr8nx3htck6pmz2"}, "contact_id"),
    ],
)
def test_a_signature_is_of_somebody_known_and_of_no_time_to_come(caller: Caller, told: Any, field: str) -> None:
    document = an_offer(caller)
    after(caller, document, "Submit", "Approve", "Send")
    assert list(violations(after, caller, document, "Sign", **told)) == [field]


def test_no_update_moves_a_state_or_a_revision(caller: Caller) -> None:
    document = an_offer(caller)
    for field, value in (("state", "SIGNED"), ("latest_revision", 9), ("sha256", "0" * 64)):
        request = document_pb2.UpdateDocumentRequest(
            document={"id": document.id, field: value}, update_mask={"paths": [field]}
        )
        assert refusal(caller.UpdateDocument, request) == "INVALID"


# ---------------------------------------------------------------- who may


def test_who_does_not_see_a_document_sees_nothing_of_it(caller: Caller, colleague: Callable[..., Caller]) -> None:
    rep = colleague(grants={"contacts.*.*": "own"})
    document = an_offer(caller)
    [revision] = revisions(caller, document)
    assert refusal(rep.GetDocument, GetRequest(id=document.id)) == "NOT_FOUND"
    assert refusal(revisions, rep, document) == "NOT_FOUND"
    assert refusal(rep.GetDocumentRevision, GetRequest(id=revision.id)) == "NOT_FOUND"
    assert refusal(content, rep, revision) == "NOT_FOUND"
    assert refusal(compared, rep, document) == "NOT_FOUND"
    assert refusal(revised, rep, document, base=1) == "NOT_FOUND"
    assert not rep.ListDocuments(ListRequest()).documents
    request = document_pb2.UpdateDocumentRequest(
        document={"id": document.id, "owner_id": rep.whom.user_id}, update_mask={"paths": ["owner_id"]}
    )
    caller.UpdateDocument(request)
    assert content(rep, revision) == OFFER
    assert revised(rep, document, b"mine", base=1).number == 2


def test_who_only_reads_moves_nothing(caller: Caller, colleague: Callable[..., Caller]) -> None:
    reader = colleague(grants={"contacts.*.read": "all", "contacts.file.*": "all"})
    document = an_offer(caller)
    for verb in ("Submit", "Approve", "Reject", "Send", "Sign", "Reopen"):
        assert refusal(after, reader, document, verb) == "FORBIDDEN"
    assert refusal(revised, reader, document, base=1) == "FORBIDDEN"
    assert content(reader, revisions(reader, document)[0]) == OFFER


def test_another_tenant_has_nothing_of_a_document(caller: Caller, door: Any) -> None:
    stranger, document = door(somebody()), an_offer(caller)
    [revision] = revisions(caller, document)
    assert refusal(stranger.GetDocument, GetRequest(id=document.id)) == "NOT_FOUND"
    assert refusal(content, stranger, revision) == "NOT_FOUND"
    assert refusal(after, stranger, document, "Submit") == "NOT_FOUND"


@pytest.mark.parametrize("field", ["account_ids", "contact_ids"])
def test_a_document_concerns_only_whom_the_caller_sees(caller: Caller, field: str) -> None:
    unknown = {field: [new_id("acc" if field == "account_ids" else "con")]}
    assert list(violations(a_document, caller, **unknown)) == [f"document.{field}[0]"]


# ---------------------------------------------------------------- timelines, gone and back


def test_what_becomes_of_a_document_stands_on_timelines(caller: Caller) -> None:
    account = ACCOUNT.create(caller)
    document = an_offer(caller, account_ids=[account.id])
    after(caller, document, "Submit", "Approve", "Send", "Sign")
    request = TimelineRequest(id=account.id, kinds=[Interaction.DOCUMENT])

    def told() -> list[str]:
        return sorted(each.title for each in caller.ListAccountTimeline(request).interactions)

    name = "Offer for 200 rose bushes"
    eventually(lambda: told() == [f"Document approved: {name}", f"Document sent: {name}", f"Document signed: {name}"])


def test_all_that_belongs_to_a_document_goes_and_comes_back_with_it(caller: Caller) -> None:
    document = an_offer(caller)
    [revision] = revisions(caller, document)
    remark, link = said(caller, document), shared(caller, document)
    caller.DeleteDocument(DeleteRequest(id=document.id))
    assert refusal(content, caller, revision) == "NOT_FOUND"
    database = transaction.database()
    rows = [("document_revisions", revision), ("annotations", remark), ("share_links", link)]
    for collection, each in rows:
        eventually(lambda c=collection, e=each: database[c].find_one({"_id": e.id}).get("deleted_with_record"))
    caller.RestoreDocument(RestoreRequest(id=document.id))
    for collection, each in rows:
        eventually(lambda c=collection, e=each: database[c].find_one({"_id": e.id}).get("deleted_time") is None)
    assert content(caller, revision) == OFFER
    assert caller.GetAnnotation(GetRequest(id=remark.id)).text == remark.text


def test_the_files_of_revisions_are_not_purged(caller: Caller) -> None:
    document = an_offer(caller)
    with clock.frozen(clock.now() + timedelta(days=3)), acting_as(caller.whom):
        for row in stale():
            purge(File, _FILE_LINKS, row)
    assert content(caller, revisions(caller, document)[0]) == OFFER
