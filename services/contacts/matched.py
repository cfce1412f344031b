"""What accounts, contacts and leads have in common: they are found by their likes, and come in by the rules on duplicates.

The look for likes is a plain read. Two records with one exact key that come at the same moment would not see each other, so
where a rule blocks the key they take turns.
"""

from abc import abstractmethod
from typing import Any, ClassVar, Self

from google.protobuf.message import Message

from chassis import Owned, hint, principal, take_turns
from services.contacts import blocking, forgotten
from services.contacts.duplicate import Candidate, candidates, of_kinds
from services.contacts.duplicate_rule import BLOCK, WARN, DuplicateRule, strictest
from services.contacts.portrait import Portrait
from services.contacts.refusals import DuplicateFound

_MOST_NAMED = 5


class Matched(Owned):
    """A record that may be the same as another."""

    meta: ClassVar[dict[str, Any]] = {"abstract": True}
    of_a_person: ClassVar[bool] = True

    @classmethod
    @abstractmethod
    def portrayed(cls, row: dict[str, Any]) -> Portrait:
        """The portrait of a stored row."""

    @classmethod
    @abstractmethod
    def called(cls, row: dict[str, Any]) -> str:
        """What to call a stored row."""

    @classmethod
    def draft(cls, message: Message) -> Self:
        """A record as a client might make it, never kept."""
        draft = cls.fresh()
        draft._take(message, [field.name for field, _ in message.ListFields()])
        return draft

    @classmethod
    def asks_others(cls) -> bool:
        """Whether a rule on duplicates may look for its likes."""
        return bool(DuplicateRule.of(cls.about().noun))

    def portrait(self) -> Portrait:
        """What is compared of the record."""
        return self.portrayed(self._stored())

    @classmethod
    def duplicate_keys(cls, row: dict[str, Any]) -> list[str]:
        """Under which keys the likes of a stored row are found."""
        return blocking.keys(cls.portrayed(row))

    def keep(self) -> bool:
        """Write the record, by the tenant's rules on duplicates. Refused with DuplicateFound, PersonForgotten.

        The caller may be warned.
        A record that is there already comes in again with the exact keys that it newly has.
        """
        rules = DuplicateRule.of(self.about().noun)
        from_a_file = self.of_a_person and principal().via == "import"
        if rules or from_a_file:
            portrait = self.portrait()
            before = set(blocking.exact_keys(self.portrayed(self._before))) if self._before else set()
            fresh = [key for key in blocking.exact_keys(portrait) if key not in before]
            if fresh and from_a_file:
                forgotten.demand_none(fresh)
            if rules and (fresh or not self._before):
                self._come_in(portrait, rules, fresh)
        return super().keep()

    def _come_in(self, portrait: Portrait, rules: list[DuplicateRule], fresh: list[str]) -> None:
        blocked = {key for rule in rules if rule.on_exact == BLOCK for key in of_kinds(fresh, rule.counting)}
        take_turns(*(f"{self.about().noun}/{key}" for key in blocked))
        keys = fresh if self._before else blocking.keys(portrait)
        found = candidates(type(self), portrait, keys, {"tenant_id": self.tenant_id}, but=self.id)
        judged = [(each, self._judge(each, rules, fresh)) for each in found]
        if blocking_ones := [each for each, action in judged if action == BLOCK]:
            self._refuse(blocking_ones, blocked)
        self._warn([each for each, action in judged if action == WARN])

    def _judge(self, candidate: Candidate, rules: list[DuplicateRule], fresh: list[str]) -> str:
        common = [key for key in candidate.common_keys if key in fresh]
        exact = [rule.on_exact for rule in rules if of_kinds(common, rule.counting)]
        similar = [rule.on_similar for rule in rules if not self._before and candidate.percent >= rule.minimum_percent]
        return strictest([*exact, *similar])

    def _refuse(self, found: list[Candidate], blocked: set[str]) -> None:
        kinds = {key.partition(":")[0] for each in found for key in each.common_keys if key in blocked}
        by = ", ".join(sorted(kinds)) or "likeness"
        named = ", ".join(each.id for each in _visible(type(self), found)) or "one that you may not see"
        raise DuplicateFound(noun=self.about().noun, by=by, candidates=named)

    def _warn(self, found: list[Candidate]) -> None:
        for each in _visible(type(self), found):
            hint("possible-duplicates", f"{each.id};of={self.id};percent={each.percent}")


def _visible(noun: Any, found: list[Candidate]) -> list[Candidate]:
    if not found or principal().scope(noun.about().permission("read")) is None:
        return []
    narrow = {"_id": {"$in": [each.id for each in found]}, **noun.visible()}
    ids = set(noun._get_collection().distinct("_id", narrow))
    return [each for each in found if each.id in ids][:_MOST_NAMED]
