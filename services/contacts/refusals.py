"""What contacts will not do."""

from chassis import AlreadyExists, Forbidden, NotFound, Refused


class LeadAlreadyConverted(Refused):
    """The lead {lead} is already converted, and that is final."""


class LeadNotWorkable(Refused):
    """The lead {lead} is {status}; only a new one can be taken up."""


class LeadAlreadyQualified(Refused):
    """The lead {lead} is already qualified."""


class LeadAlreadyUnqualified(Refused):
    """The lead {lead} is already disqualified."""


class LeadUnqualified(Refused):
    """The lead {lead} is disqualified; reopen it first."""


class LeadNotUnqualified(Refused):
    """The lead {lead} is {status}; only a disqualified one can be reopened."""


class ObjectInUse(Refused):
    """The object {object} has records, maybe deleted ones that can still be restored."""


class ObjectQuotaReached(Refused):
    """There are {most} custom objects already."""


class RecordQuotaReached(Refused):
    """The object {object} has {most} records already."""


class ListIsDynamic(Refused):
    """The members of the list {list} are those that its filter finds."""


class ListHasMembers(Refused):
    """The list {list} has members that were added; a filter would leave them out."""


class InteractionNotLogged(Refused):
    """The interaction {interaction} was told by {source}; only what a user logged can be changed or deleted."""


class AssociationAlreadyThere(Refused):
    """The records are associated so already, by {association}, label {label}."""


class AssociationLimitReached(Refused):
    """The record {record} has as many associations of the label {label} as it can have at a time: {limit}."""


class AssociationAlreadyEnded(Refused):
    """The association {association} already ends on {until}."""


class DuplicateFound(AlreadyExists):
    """There is such a {noun} already, by {by}: {candidates}."""


class PersonForgotten(Refused):
    """Somebody with this {by} asked to be forgotten; no file brings the person in again."""


class RecordMerged(NotFound):
    """The {noun} {id} was merged into {survivor}; change that one."""


class NothingMerged(Refused):
    """The {noun} {id} is not merged with any other."""


class MergeTooBig(Refused):
    """Together they have {count} entries in {field}; a record has at most {most}."""


class RecordFull(Refused):
    """The record {record} has {most} {what}, and no room for more."""


class DocumentNotDraft(Refused):
    """The document {document} is {state}; only a draft is written on."""


class DocumentEmpty(Refused):
    """The document {document} has no revision yet."""


class DocumentNotInReview(Refused):
    """The document {document} is {state}; only what is in review is approved or rejected."""


class DocumentNotApproved(Refused):
    """The document {document} is {state}; only what is approved goes out."""


class DocumentNotSent(Refused):
    """The document {document} is {state}; only what went out is signed."""


class DocumentNotReopenable(Refused):
    """The document {document} is {state}; only what was approved or sent becomes a draft again."""


class DocumentAlreadySigned(Refused):
    """The document {document} is signed; what was signed is not deleted."""


class StaleBase(Refused):
    """The document {document} is at revision {latest_revision}; this one goes out from {base_revision}."""


class RevisionUnknown(Refused):
    """The document {document} has no revision {revision}."""


class RevisionNotComparable(Refused):
    """Revision {revision} of the document {document} cannot be compared: {why}."""


class AnnotationResolved(Refused):
    """The annotation {annotation} is dealt with already."""


class AnnotationOpen(Refused):
    """The annotation {annotation} is not dealt with yet."""


class ShareLinkRevoked(Refused):
    """The share link {share_link} is revoked, and that is final."""


class ShareUnknown(NotFound):
    """This address leads nowhere, or no longer."""


class SharePasswordWrong(Forbidden):
    """The password is not the right one."""
