"""Files on records: kept once, seen and changed by whoever may see and change the record, gone and back with it."""

import hashlib
from collections.abc import Callable
from datetime import timedelta
from typing import Any

import pytest
from crm.common.v1 import file_pb2
from crm.common.v1.requests_pb2 import DeleteRequest, GetRequest, RestoreRequest
from crm.contacts.v1 import attachment_pb2, merge_pb2
from crm.contacts.v1.attachment_pb2 import Attachment, ListAttachmentsRequest
from crm.contacts.v1.interaction_pb2 import Interaction, TimelineRequest

from chassis import clock, new_id, transaction
from chassis.files.purge import purge, stale
from chassis.principal import acting_as
from chassis.testing import Caller, somebody
from services.contacts.attachment import MOST
from services.contacts.file import File
from services.contacts.groundwork import _FILE_LINKS
from tests.contacts.cases import ACCOUNT, CONTACT, LEAD
from tests.contacts.importing import brought
from tests.contacts.test_interaction_door import logged
from tests.eventually import eventually
from tests.refused import refusal, violations

OFFER = b"%PDF-1.7\n%\xe2\xe3\xcf\xd3 200 rose bushes"


def attached(caller: Caller, record: Any, data: bytes = OFFER, **fields: Any) -> Attachment:
    """A file on a record."""
    given = {
        "record_id": record.id,
        "file_id": fields.pop("file_id", "") or brought(caller, data, "offer.pdf"),
    } | fields
    return caller.CreateAttachment(attachment_pb2.CreateAttachmentRequest(attachment=given))


def on(caller: Caller, record: Any, **asked: Any) -> list[Attachment]:
    return list(caller.ListAttachments(ListAttachmentsRequest(record_id=record.id, **asked)).attachments)


def content(caller: Caller, attachment: Attachment) -> bytes:
    return b"".join(piece.data for piece in caller.DownloadAttachment(file_pb2.DownloadFileRequest(id=attachment.id)))


def renamed(caller: Caller, attachment: Attachment, name: str) -> Attachment:
    request = attachment_pb2.UpdateAttachmentRequest(
        attachment={"id": attachment.id, "name": name}, update_mask={"paths": ["name"]}
    )
    return caller.UpdateAttachment(request)


@pytest.fixture
def rep(colleague: Callable[..., Caller]) -> Caller:
    """A colleague who reaches the own records only."""
    return colleague(grants={"contacts.*.*": "own"})


def test_a_file_stands_on_many_records_and_is_kept_once(caller: Caller) -> None:
    account, ada, lead = ACCOUNT.create(caller), CONTACT.create(caller), LEAD.create(caller)
    first = attached(caller, account)
    others = [attached(caller, ada, file_id=first.file_id), attached(caller, lead, name="The offer.pdf")]
    assert (first.name, first.media_type, first.size_bytes) == ("offer.pdf", "application/pdf", len(OFFER))
    assert (first.author_id, others[1].name) == (caller.whom.user_id, "The offer.pdf")
    assert {each.sha256 for each in others} == {first.sha256}
    rows = transaction.database()["file_contents"].count_documents({"tenant_id": caller.whom.tenant_id})
    assert (rows, content(caller, others[1])) == (1, OFFER)
    assert on(caller, account) == [first]


def test_a_download_has_the_attachments_name_and_the_hash_of_its_bytes(caller: Caller) -> None:
    file = attached(caller, ACCOUNT.create(caller), name="Grüße.pdf")
    call = caller.DownloadAttachment(file_pb2.DownloadFileRequest(id=file.id))
    head = dict(call.initial_metadata())
    assert head["kith-file-name-bin"].decode() == "Grüße.pdf"
    assert head["kith-file-sha256"] == hashlib.sha256(OFFER).hexdigest()
    assert b"".join(piece.data for piece in call) == OFFER


def test_attachments_are_told_newest_first_page_by_page(caller: Caller) -> None:
    account = ACCOUNT.create(caller)
    made = [attached(caller, account, name=f"{each}.pdf").id for each in range(5)]
    request, met = ListAttachmentsRequest(record_id=account.id, page_size=2), []
    while True:
        page = caller.ListAttachments(request)
        met += [each.id for each in page.attachments]
        if not page.next_page_token:
            break
        request.page_token = page.next_page_token
    assert met == made[::-1]


# ---------------------------------------------------------------- who may


def test_who_sees_the_record_has_its_files_and_nobody_else(caller: Caller, rep: Caller) -> None:
    theirs, hidden = ACCOUNT.create(caller, owner_id=rep.whom.user_id), ACCOUNT.create(caller)
    seen, unseen = attached(caller, theirs), attached(caller, hidden)
    assert rep.GetAttachment(GetRequest(id=seen.id)) == seen
    assert (on(rep, theirs), content(rep, seen)) == ([seen], OFFER)
    assert refusal(rep.GetAttachment, GetRequest(id=unseen.id)) == "NOT_FOUND"
    assert refusal(on, rep, hidden) == "NOT_FOUND"
    assert refusal(content, rep, unseen) == "NOT_FOUND"
    assert refusal(renamed, rep, unseen, "mine.pdf") == "NOT_FOUND"
    assert refusal(rep.DeleteAttachment, DeleteRequest(id=unseen.id)) == "NOT_FOUND"
    assert refusal(attached, rep, hidden) == "INVALID"


def test_a_record_that_goes_to_somebody_else_takes_its_files_along(caller: Caller, rep: Caller) -> None:
    account = ACCOUNT.create(caller, owner_id=rep.whom.user_id)
    file = attached(rep, account)
    ACCOUNT.update(caller, account.id, owner_id=new_id("usr"))
    assert refusal(content, rep, file) == "NOT_FOUND"


def test_who_may_only_read_the_record_changes_nothing_on_it(caller: Caller, colleague: Callable[..., Caller]) -> None:
    account = ACCOUNT.create(caller)
    file = attached(caller, account)
    reader = colleague(grants={"contacts.*.read": "all", "contacts.attachment.*": "all", "contacts.file.*": "all"})
    assert content(reader, file) == OFFER
    assert refusal(attached, reader, account) == "FORBIDDEN"
    assert refusal(renamed, reader, file, "x") == "FORBIDDEN"
    assert refusal(reader.DeleteAttachment, DeleteRequest(id=file.id)) == "FORBIDDEN"
    caller.DeleteAttachment(DeleteRequest(id=file.id))
    assert refusal(reader.RestoreAttachment, RestoreRequest(id=file.id)) == "FORBIDDEN"


def test_nobody_attaches_without_the_permission(caller: Caller, colleague: Callable[..., Caller]) -> None:
    account = ACCOUNT.create(caller)
    file_id = brought(caller, OFFER)
    other = colleague(grants={"contacts.account.*": "all", "contacts.file.*": "all"})
    assert refusal(attached, other, account, file_id=file_id) == "FORBIDDEN"
    assert refusal(on, other, account) == "FORBIDDEN"


def test_another_tenant_has_nothing_of_it(caller: Caller, door: Any) -> None:
    account, stranger = ACCOUNT.create(caller), door(somebody())
    file, own = attached(caller, account), ACCOUNT.create(stranger)
    assert refusal(stranger.GetAttachment, GetRequest(id=file.id)) == "NOT_FOUND"
    assert refusal(content, stranger, file) == "NOT_FOUND"
    assert refusal(on, stranger, account) == "NOT_FOUND"
    assert refusal(attached, stranger, own, file_id=file.file_id) == "INVALID"
    assert refusal(attached, stranger, account) == "INVALID"


# ---------------------------------------------------------------- what is refused


@pytest.mark.parametrize("record_id", ["opp_01m80nk41xeqr8nx3htck6pmz2", "acc_none", "nothing", "usr_1"])
def test_a_file_is_put_on_nothing_but_a_record_that_is_there(caller: Caller, record_id: str) -> None:
    assert list(violations(attached, caller, Attachment(id=record_id))) == ["attachment.record_id"]


def test_a_file_that_is_not_there_is_named(caller: Caller) -> None:
    account = ACCOUNT.create(caller)
    assert list(violations(attached, caller, account, file_id=new_id("file"))) == ["attachment.file_id"]


def test_an_attachment_keeps_a_name_and_its_file(caller: Caller) -> None:
    file = attached(caller, ACCOUNT.create(caller))
    assert renamed(caller, file, "Offer of June.pdf").name == "Offer of June.pdf"
    assert refusal(renamed, caller, file, "  ") == "INVALID"
    other = attachment_pb2.UpdateAttachmentRequest(
        attachment={"id": file.id, "file_id": brought(caller, b"other")}, update_mask={"paths": ["file_id"]}
    )
    assert refusal(caller.UpdateAttachment, other) == "INVALID"


def test_a_record_has_room_for_so_many(caller: Caller, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("services.contacts.attachment.MOST", 2)
    assert MOST == 200
    account = ACCOUNT.create(caller)
    for _ in range(2):
        attached(caller, account)
    assert refusal(attached, caller, account) == "RECORD_FULL"


# ---------------------------------------------------------------- notes and timelines


def test_a_note_shows_its_files_on_every_timeline(caller: Caller) -> None:
    account = ACCOUNT.create(caller)
    note = logged(caller, kind="NOTE", account_ids=[account.id])
    plan = attached(caller, note, name="plan.pdf")
    request = TimelineRequest(id=account.id)

    def shown() -> list[Any]:
        return list(caller.ListAccountTimeline(request).interactions[0].attachments)

    [file] = eventually(shown)
    assert (file.attachment_id, file.name, file.size_bytes) == (plan.id, "plan.pdf", len(OFFER))
    renamed(caller, plan, "plan 2.pdf")
    eventually(lambda: [each.name for each in shown()] == ["plan 2.pdf"])
    caller.DeleteAttachment(DeleteRequest(id=plan.id))
    eventually(lambda: shown() == [])
    caller.RestoreAttachment(RestoreRequest(id=plan.id))
    eventually(lambda: len(shown()) == 1)


def test_a_file_on_a_contact_stands_on_the_timelines_of_contact_and_company(caller: Caller) -> None:
    account = ACCOUNT.create(caller)
    ada = CONTACT.create(caller, account_id=account.id)
    file = attached(caller, ada)
    for told in (
        eventually(lambda: caller.ListContactTimeline(TimelineRequest(id=ada.id)).interactions),
        eventually(lambda: caller.ListAccountTimeline(TimelineRequest(id=account.id)).interactions),
    ):
        assert [(each.kind, each.title, each.record_id) for each in told] == [
            (Interaction.FILE, "File attached: offer.pdf", file.id)
        ]


# ---------------------------------------------------------------- gone and back


def test_what_is_on_a_record_goes_and_comes_back_with_it(caller: Caller) -> None:
    account = ACCOUNT.create(caller)
    kept, off = attached(caller, account), attached(caller, account)
    caller.DeleteAttachment(DeleteRequest(id=off.id))
    ACCOUNT.call(caller, "Delete", DeleteRequest(id=account.id))
    assert refusal(content, caller, kept) == "NOT_FOUND"
    rows = transaction.database()["attachments"]
    eventually(lambda: rows.find_one({"_id": kept.id}).get("deleted_with_record"))
    ACCOUNT.call(caller, "Restore", RestoreRequest(id=account.id))
    eventually(lambda: [each.id for each in on(caller, account)] == [kept.id])
    assert content(caller, kept) == OFFER
    caller.RestoreAttachment(RestoreRequest(id=off.id))
    assert len(on(caller, account)) == 2


def test_a_file_stays_as_long_as_a_record_names_it_and_is_purged_then(caller: Caller) -> None:
    account = ACCOUNT.create(caller)
    file = attached(caller, account)

    def purged(days: int) -> None:
        with clock.frozen(clock.now() + timedelta(days=days)), acting_as(caller.whom):
            for row in stale():
                purge(File, _FILE_LINKS, row)

    purged(2)
    assert content(caller, file) == OFFER
    caller.DeleteAttachment(DeleteRequest(id=file.id))
    purged(4)
    caller.RestoreAttachment(RestoreRequest(id=file.id))
    assert content(caller, file) == OFFER
    transaction.database()["attachments"].delete_one({"_id": file.id})  # as its 30 days are over
    purged(6)
    assert refusal(caller.GetFile, GetRequest(id=file.file_id)) == "NOT_FOUND"
    assert transaction.database()["file_contents"].count_documents({"tenant_id": caller.whom.tenant_id}) == 0


def test_a_merge_brings_the_files_to_the_survivor_and_parting_brings_them_back(caller: Caller) -> None:
    ada, twin = CONTACT.create(caller), CONTACT.create(caller)
    file = attached(caller, twin)
    caller.MergeContacts(merge_pb2.MergeRequest(id=ada.id, merged_ids=[twin.id]))
    assert [each.id for each in on(caller, ada)] == [file.id]
    assert content(caller, file) == OFFER
    caller.UnmergeContacts(merge_pb2.UnmergeRequest(id=ada.id))
    assert ([each.id for each in on(caller, twin)], on(caller, ada)) == ([file.id], [])
