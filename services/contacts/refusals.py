"""What contacts will not do."""

from chassis import AlreadyExists, NotFound, Refused


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
    """There is such a {noun} already: {candidates}."""


class RecordMerged(NotFound):
    """The {noun} {id} was merged into {survivor}; change that one."""


class NothingMerged(Refused):
    """The {noun} {id} is not merged with any other."""


class MergeTooBig(Refused):
    """Together they have {count} entries in {field}; a record has at most {most}."""
