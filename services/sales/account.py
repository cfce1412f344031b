"""What sales remembers of the accounts of contacts: their names, so that lists show them without a call."""

from chassis import Projection, StringField


class Account(Projection):
    """An account, as far as sales needs it."""

    meta = {"collection": "known_accounts"}
    name = StringField()
