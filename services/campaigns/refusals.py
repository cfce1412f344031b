"""What campaigns will not do."""

from chassis import NotFound, Refused


class SegmentCircular(Refused):
    """The segment {segment} would refer to itself, by way of {through}."""


class SegmentInUse(Refused):
    """The segment {segment} is used by {user}."""


class SegmentStatic(Refused):
    """The segment {segment} is static: contacts are put into it and taken out by hand."""


class SegmentDynamic(Refused):
    """The segment {segment} is dynamic: its filter says who is in it."""


class TemplateBroken(Refused):
    """The template {template} cannot be rendered: {fault}."""


class CampaignNotDraft(Refused):
    """The campaign {campaign} is {status} and no longer a draft."""


class CampaignIncomplete(Refused):
    """The campaign {campaign} cannot start: {lack}."""


class CampaignNotImported(Refused):
    """The campaign {campaign} was not sent elsewhere; its results are its own."""


class ArmSettled(Refused):
    """The contact {contact} is in the arm {arm} of the campaign {campaign}, and stays there."""


class CampaignNotRunning(Refused):
    """The campaign {campaign} is {status} and not running."""


class CampaignNotPaused(Refused):
    """The campaign {campaign} is {status} and not paused."""


class CampaignAlreadyEnded(Refused):
    """The campaign {campaign} has ended: it is {status}."""


class FormClosed(Refused):
    """The form {form} takes no answers for now."""


class HostNotAllowed(Refused):
    """The form {form} may not be shown on pages of {host}."""


class FormExpired(Refused):
    """The form {form} was shown too long ago, or never; load the page again."""


class FormTooFast(Refused):
    """The form {form} was sent faster than a person can; try again in {seconds} s."""


class TokenUnknown(NotFound):
    """The link leads nowhere; it may have been cut off or changed."""
