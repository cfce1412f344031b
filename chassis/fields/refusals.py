"""What definitions of custom fields will not do."""

from chassis.refusals import Refused


class FieldInUse(Refused):
    """Records hold values of {field}; {what} can change only while none does."""


class FieldAlreadyDeprecated(Refused):
    """The field {field} is already deprecated."""


class FieldNotDeprecated(Refused):
    """The field {field} is in use; deprecate it first."""


class FieldIsInput(Refused):
    """The field {field} is an input of the formula of {formula}."""


class FieldQuotaReached(Refused):
    """The noun {noun} has {most} {what} already."""
