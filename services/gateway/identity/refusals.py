"""What this service will not do, each a sentence."""

from chassis import Refused, Unauthenticated


class CredentialUnknown(Unauthenticated):
    """The credential is not known."""


class PasswordWrong(Refused):
    """The present password is another one."""


class UserAlreadyDisabled(Refused):
    """The user {user} is already disabled."""


class UserNotDisabled(Refused):
    """The user {user} is not disabled."""


class LastAdministrator(Refused):
    """The user {user} is the tenant's last administrator; make another one first."""
