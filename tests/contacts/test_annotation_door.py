"""Annotations: whoever sees a document takes part; what somebody said, nobody else changes."""

from collections.abc import Callable
from typing import Any

import pytest
from crm.common.v1.requests_pb2 import DeleteRequest, GetRequest
from crm.contacts.v1 import annotation_pb2
from crm.contacts.v1.document_pb2 import OfDocumentRequest

from chassis.testing import Caller, somebody
from tests.contacts.documents import a_document, an_offer, revised, said
from tests.refused import refusal, violations


def of(caller: Caller, document: Any) -> list[str]:
    return [each.id for each in caller.ListAnnotations(OfDocumentRequest(id=document.id)).annotations]


def done(caller: Caller, verb: str, annotation: Any, **fields: Any) -> annotation_pb2.Annotation:
    request = getattr(annotation_pb2, f"{verb}AnnotationRequest")
    return getattr(caller, f"{verb}Annotation")(request(id=annotation.id, **fields))


def retold(caller: Caller, annotation: Any, text: str) -> annotation_pb2.Annotation:
    request = annotation_pb2.UpdateAnnotationRequest(
        annotation={"id": annotation.id, "text": text}, update_mask={"paths": ["text"]}
    )
    return caller.UpdateAnnotation(request)


@pytest.fixture
def reader(colleague: Callable[..., Caller]) -> Caller:
    """A colleague who reads documents and says something about them."""
    return colleague(grants={"contacts.*.read": "all", "contacts.annotation.*": "own"})


def test_something_is_said_about_a_place_answered_and_dealt_with(caller: Caller, reader: Caller) -> None:
    document = an_offer(caller)
    place = {"line": 3, "quote": "4,821.00 EUR", "area": {"left": 100, "top": 250, "width": 300, "height": 20}}
    remark = said(reader, document, anchor=place)
    assert (remark.revision_number, remark.author_id, remark.anchor.area.top) == (1, reader.whom.user_id, 250)
    answered = done(caller, "Reply", remark, text="It is.")
    assert [(each.author_id, each.text) for each in answered.replies] == [(caller.whom.user_id, "It is.")]
    resolved = done(reader, "Resolve", remark)
    assert (resolved.resolved, resolved.resolver_id) == (True, reader.whom.user_id)
    assert resolved.HasField("resolve_time")
    assert refusal(done, caller, "Resolve", remark) == "ANNOTATION_RESOLVED"
    reopened = done(caller, "Reopen", remark)
    assert (reopened.resolved, reopened.HasField("resolve_time")) == (False, False)
    assert refusal(done, caller, "Reopen", remark) == "ANNOTATION_OPEN"


def test_what_was_said_of_one_revision_stays_with_it(caller: Caller) -> None:
    document = an_offer(caller)
    first = said(caller, document)
    revised(caller, document, b"new", base=1)
    second = said(caller, document)
    assert (first.revision_number, second.revision_number) == (1, 2)
    assert of(caller, document) == [first.id, second.id]
    assert said(caller, document, revision_number=1).revision_number == 1


def test_nothing_is_said_about_a_revision_that_is_not_there(caller: Caller, door: Any) -> None:
    empty, document = a_document(caller), an_offer(caller)
    foreign = an_offer(door(somebody()))
    for where, fields, place in (
        (empty, {}, "revision_number"), (document, {"revision_number": 2}, "revision_number"), (foreign, {}, "document_id"),
    ):  # fmt: skip
        assert list(violations(said, caller, where, **fields)) == [f"annotation.{place}"]


def test_a_place_ends_where_it_begins_or_later(caller: Caller) -> None:
    document = an_offer(caller)
    for end in (0, 3, 5):
        assert said(caller, document, anchor={"line": 3, "end_line": end}).anchor.end_line == end
    assert list(violations(said, caller, document, anchor={"line": 3, "end_line": 2})) == ["annotation.anchor.end_line"]


def test_nobody_changes_what_somebody_else_said(
    caller: Caller, reader: Caller, colleague: Callable[..., Caller]
) -> None:
    document, other = an_offer(caller), colleague(grants={"contacts.*.read": "all", "contacts.annotation.*": "team"})
    remark = said(reader, document)
    assert retold(reader, remark, "Of July?").text == "Of July?"
    assert refusal(retold, other, remark, "I said that") == "FORBIDDEN"
    assert refusal(other.DeleteAnnotation, DeleteRequest(id=remark.id)) == "FORBIDDEN"
    reader.DeleteAnnotation(DeleteRequest(id=remark.id))
    assert of(caller, document) == []


def test_who_does_not_see_the_document_sees_nothing_that_was_said(
    caller: Caller, colleague: Callable[..., Caller], door: Any
) -> None:
    document = an_offer(caller)
    remark = said(caller, document)
    for outsider in (colleague(grants={"contacts.*.*": "own"}), door(somebody())):
        assert refusal(outsider.GetAnnotation, GetRequest(id=remark.id)) == "NOT_FOUND"
        assert refusal(of, outsider, document) == "NOT_FOUND"
        assert refusal(done, outsider, "Reply", remark, text="x") == "NOT_FOUND"
        assert refusal(done, outsider, "Resolve", remark) == "NOT_FOUND"
        assert refusal(said, outsider, document) == "INVALID"


def test_there_is_room_for_so_many(caller: Caller, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("services.contacts.annotation.MOST", 1)
    monkeypatch.setattr("services.contacts.annotation.MOST_REPLIES", 1)
    document = an_offer(caller)
    remark = said(caller, document)
    assert refusal(said, caller, document) == "RECORD_FULL"
    done(caller, "Reply", remark, text="one")
    assert refusal(done, caller, "Reply", remark, text="two") == "RECORD_FULL"
