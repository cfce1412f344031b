"""Rules on duplicates: what a tenant wants done when a record comes in and there is one like it already."""

from collections.abc import Iterable
from typing import Any

from crm.contacts.v1 import duplicate_pb2

from chassis import IntField, ListField, Noun, StringField, principal, remembered

ALLOW, WARN, BLOCK = "ALLOW", "WARN", "BLOCK"
KEYS = ("email", "domain")  # that count where a rule names none: a telephone is shared by a household or an office
CERTAIN = 90  # percent, where a rule says nothing else

# How the principal of a request came in → the channel that rules speak of. Our own services' work has none.
_CHANNELS = {"session": "UI", "api_key": "API", "form": "FORM", "import": "IMPORT"}
_STRICTER = (ALLOW, WARN, BLOCK)


class DuplicateRule(Noun):
    """What to do with a record that is like another."""

    contract = duplicate_pb2.DuplicateRule
    meta = {"collection": "duplicate_rules"}
    indexed = (("noun",),)

    noun = StringField()
    channel = StringField()
    on_exact = StringField()
    keys = ListField(StringField())
    on_similar = StringField()
    minimum_percent = IntField(default=CERTAIN)

    @classmethod
    def of(cls, noun: str) -> "list[DuplicateRule]":
        """The rules for records of `noun` that come in by the channel of this request."""
        channel = _CHANNELS.get(principal().via)
        rules = remembered((cls, principal().tenant_id, noun), lambda: list(cls.objects(noun=noun, deleted_time=None)))
        return [rule for rule in rules if rule.channel in (None, channel)]

    @property
    def counting(self) -> tuple[str, ...]:
        """The kinds of keys that count."""
        return tuple(self.keys) or KEYS

    def arrive(self) -> None:
        """Certain enough, unless it is said."""
        super().arrive()
        self.minimum_percent = self.minimum_percent or CERTAIN

    def settle(self) -> None:
        """Each kind of key once."""
        self.keys = list(dict.fromkeys(self.keys))


def strictest(actions: Iterable[Any]) -> str:
    """The strictest of several actions; ALLOW where there is none."""
    return max((each for each in actions if each in _STRICTER), key=_STRICTER.index, default=ALLOW)
