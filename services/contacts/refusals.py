"""What contacts will not do."""

from chassis import Refused


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


class InteractionNotLogged(Refused):
    """The interaction {interaction} was told by {source}; only what a user logged can be changed or deleted."""
