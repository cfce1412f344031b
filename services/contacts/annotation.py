"""Annotations: what is said about a place in a revision, answered, and dealt with."""

from typing import Any

from crm.contacts.v1 import annotation_pb2, events_pb2

from chassis import (
    BooleanField,
    DateTimeField,
    Forbidden,
    Invalid,
    Part,
    Parts,
    Scope,
    StringField,
    now,
    principal,
)
from services.contacts.document import Document
from services.contacts.of_document import OfRevision
from services.contacts.refusals import AnnotationOpen, AnnotationResolved, RecordFull

MOST = 1_000  # annotations of a document
MOST_REPLIES = 100


class Annotation(OfRevision):
    """Something said about a document. Whoever may see the document takes part."""

    contract = annotation_pb2.Annotation
    meta = {"collection": "annotations"}
    indexed = (("document_id",),)

    anchor = Part(annotation_pb2.Anchor)
    text = StringField()
    author_id = StringField()
    resolved = BooleanField(default=False)
    resolver_id = StringField()
    resolve_time = DateTimeField()
    replies = Parts(annotation_pb2.Reply)

    def followed(self, action: str) -> Document:  # noqa: ARG002  who may read may speak
        """The document."""
        return super().followed("read")

    def reply(self, text: str) -> None:
        """Answer it."""
        if len(self.replies) >= MOST_REPLIES:
            raise RecordFull(record=self.id, most=MOST_REPLIES, what="replies")
        self.replies = [*self.replies, {"author_id": principal().user_id, "text": text, "time": now()}]
        self.record(events_pb2.AnnotationReplied(annotation=self.message()))

    def resolve(self) -> None:
        """It is dealt with."""
        if self.resolved:
            raise AnnotationResolved(annotation=self.id)
        self.resolved, self.resolver_id, self.resolve_time = True, principal().user_id, now()
        self.record(events_pb2.AnnotationResolved(annotation=self.message()))

    def reopen(self) -> None:
        """It is not, after all."""
        if not self.resolved:
            raise AnnotationOpen(annotation=self.id)
        self.resolved, self.resolver_id, self.resolve_time = False, None, None
        self.record(events_pb2.AnnotationReopened(annotation=self.message()))

    def arrive(self) -> None:
        """Be said by the caller of a revision that is there. Refused with Invalid, RecordFull."""
        self.find_revision()
        self.demand_room("document_id", MOST)
        self.author_id = principal().user_id

    def settle(self) -> None:
        """Be about a place that there can be."""
        place = self.anchor or {}
        if 0 < place.get("end_line", 0) < place.get("line", 0):
            raise Invalid.field("annotation.anchor.end_line", "is before line")

    def amend(self, message: Any, paths: list[str]) -> bool:
        """Say it otherwise. Refused with Forbidden where somebody else said it."""
        self._demand_own("write")
        return super().amend(message, paths)

    def remove(self) -> None:
        """Take it back. Refused with Forbidden where somebody else said it."""
        self._demand_own("delete")
        super().remove()

    def _demand_own(self, action: str) -> None:
        permission = self.about().permission(action)
        if self.author_id != principal().user_id and principal().scope(permission) is not Scope.ALL:
            raise Forbidden(permission=f"{permission} for what others said")
