"""What accounts, contacts and leads have in common: an owner and a team that a territory can say."""

from typing import Any

from chassis import Owned, StringField
from services.contacts.territory import NEW, NEW_AND_CHANGED, Territory, first_that_fits

_WHOSE = ("owner_id", "team_id")


class Routed(Owned):
    """A noun whose records territories give to their owners."""

    meta = {"abstract": True}
    territory_id = StringField()

    _unnamed = False  # new, and nobody said whose it is
    _ruled = False  # a territory said it just now, so its owner need not be in the caller's scope

    def arrive(self) -> None:
        """Note whether anybody said whose it is, before the caller becomes the owner."""
        self._unnamed = not (self.owner_id or self.team_id)
        super().arrive()

    def stay_in_scope(self) -> None:
        """Refuse with Forbidden to hand a record to where the caller may not write; a territory may."""
        if not self._ruled:
            super().stay_in_scope()

    def find_territory(self) -> None:
        """Belong to whom the rules say, where they are asked by themselves: the last that a noun settles."""
        modes: tuple[str, ...] = (NEW_AND_CHANGED,)
        if self._before is None:
            modes = (NEW, NEW_AND_CHANGED) if self._unnamed else ()
        elif self._handed_over():
            self.territory_id, modes = None, ()
        asked = [each for each in Territory.of(self.about().noun) if each.automatic in modes] if modes else []
        if asked and self.changed:
            winner = first_that_fits(self._stored(), asked)
            if winner and winner.id != self.territory_id:
                self._go(**winner.assigned)
                self._ruled = True

    def hand_over(self, **whose: Any) -> bool:
        """Belong to this owner, team and territory from now on; False when nothing changes. An event tells what changed.

        Refused with Forbidden where no territory says so and the caller may not write there.
        """
        changed = sorted(name for name, value in whose.items() if (getattr(self, name) or None) != (value or None))
        if changed:
            self._go(**whose)
            self._ruled = bool(whose.get("territory_id"))
            self.stay_in_scope()
            self.record_standard("Updated", changed_fields=changed)
        return bool(changed)

    def _handed_over(self) -> bool:
        before = self._before or {}
        return any((getattr(self, name) or None) != before.get(name) for name in _WHOSE)

    def _go(self, **whose: Any) -> None:
        for name, value in whose.items():
            setattr(self, name, value or None)
