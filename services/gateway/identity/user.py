"""Users: the people who work with the suite, and what they keep of themselves."""

import unicodedata
from collections.abc import Iterable, Sequence
from typing import Any

from crm.identity.v1 import events_pb2, user_pb2

from chassis import (
    BooleanField,
    Forbidden,
    Invalid,
    ListField,
    Noun,
    Parts,
    Scope,
    StringField,
    Violation,
    principal,
    take_turns,
    today,
)
from services.gateway.identity import password, session
from services.gateway.identity.api_key import ApiKey
from services.gateway.identity.refusals import LastAdministrator, UserAlreadyDisabled, UserNotDisabled
from services.gateway.identity.role import ADMINISTRATOR
from services.gateway.identity.team import Team

Row = dict[str, Any]

# What everyone may change of the own record; the rest takes the permission for all users.
PERSONAL = frozenset({"display_name", "language_code", "time_zone", "search_tokens"})


class User(Noun):
    """A person who works with the suite."""

    contract = user_pb2.User
    meta = {"collection": "users"}
    searched = ("email", "display_name")
    unique = ("email",)
    indexed = (("team_ids",), ("manager_id",), ("roles",))

    email = StringField()
    display_name = StringField()
    roles = ListField(StringField())
    team_ids = ListField(StringField())
    manager_id = StringField()
    language_code = StringField()
    time_zone = StringField()
    disabled = BooleanField(default=False)
    memberships = Parts(user_pb2.User.Membership)

    # ---------------------------------------------------------------- verbs

    def disable(self) -> None:
        """Shut the user out."""
        if self.disabled:
            raise UserAlreadyDisabled(user=self.id)
        self.disabled = True
        self.record(events_pb2.UserDisabled(user=self.message()))

    def enable(self) -> None:
        """Let the user in again."""
        if not self.disabled:
            raise UserNotDisabled(user=self.id)
        self.disabled = False
        self.record(events_pb2.UserEnabled(user=self.message()))

    def change_password(self) -> None:
        """Announce that the user has a new password; the password itself is no matter of the record."""
        self.record(events_pb2.UserPasswordSet(user=self.message()))

    # ---------------------------------------------------------------- rules

    @classmethod
    def visible(cls, action: str = "read") -> dict[str, Any]:
        """Every user for those who may do so with all, the own record for everyone else."""
        query = super().visible(action)
        return query if _reaches_all(action) else {**query, "$and": [{"_id": principal().user_id}]}

    def settle(self) -> None:
        """Bring address, roles and teams into their one form, and refuse teams and managers that are not there."""
        super().settle()
        self.email = normalised(self.email)
        self.roles, self.team_ids = list(dict.fromkeys(self.roles)), list(dict.fromkeys(self.team_ids))
        before = self._before or {}
        fresh = [team for team in self.team_ids if team not in before.get("team_ids", ())]
        unknown = set(fresh) - Team.parents().keys() if fresh else ()
        faults = [
            Violation(f"user.team_ids[{place}]", "there is no such team")
            for place, team in enumerate(self.team_ids)
            if team in unknown
        ]
        if self.manager_id and self.manager_id != before.get("manager_id") and not self._managed():
            faults.append(Violation("user.manager_id", "there is no such other user"))
        if faults:
            raise Invalid(faults)
        if self.team_ids != before.get("team_ids", []):
            self.memberships = since_then(self.memberships, before.get("team_ids", ()), self.team_ids, today())

    def _managed(self) -> bool:
        return self.manager_id != self.id and User.objects(id=self.manager_id, deleted_time=None).only("id").first()

    # ---------------------------------------------------------------- keeping

    def keep(self) -> bool:
        """Write the user. In the same transaction one who is shut out or gone loses every session and key.

        Refused with Forbidden, LastAdministrator.
        """
        self._stay_personal()
        self._leave_an_administrator()
        kept = super().keep()
        if self.disabled or self.deleted_time:
            self.end_credentials()
        if self.deleted_time:
            password.forget(self.tenant_id, self.id)
        return kept

    def end_credentials(self) -> None:
        """End every session and key of the user, at once."""
        session.end_all(self.tenant_id, self.id)
        ApiKey.end_all(self.id)

    def _stay_personal(self) -> None:
        before, after = self._before or {}, self._row()
        changed = {name for name in before.keys() | after.keys() if before.get(name) != after.get(name)}
        if changed - PERSONAL - {"revision", "update_time"} and not _reaches_all("write"):
            raise Forbidden(permission="identity.user.write for more than the own name, language and time zone")

    def _leave_an_administrator(self) -> None:
        if not _administers(self._before or {}) or _administers(self._row()):
            return
        # Two administrators who shut each other out would each leave the other.
        take_turns("administrators")
        others = User.objects(roles=ADMINISTRATOR, disabled__ne=True, deleted_time=None, id__ne=self.id)
        if others.only("id").first() is None:
            raise LastAdministrator(user=self.id)


def since_then(known: Sequence[Row], before: Iterable[str], now: Sequence[str], day: str) -> list[Row]:
    """The memberships of a user whose teams were `before` and are `now`, from `day` on, after those that are known.

    What began and ends on one day never was, and who comes back on the day of leaving never left.
    """
    known = known or [{"team_id": team} for team in before]  # from before such days were kept
    kept = []
    for each in known:
        comes_back = each["team_id"] in now and each.get("until_date") == day
        leaves = each["team_id"] not in now and not each.get("until_date")
        if leaves and each.get("since_date") == day:
            continue
        still = {name: value for name, value in each.items() if not comes_back or name != "until_date"}
        kept.append(still | ({"until_date": day} if leaves else {}))
    there = {each["team_id"] for each in kept if not each.get("until_date")}
    return kept + [{"team_id": team, "since_date": day} for team in now if team not in there]


def normalised(email: str) -> str:
    """The form in which addresses are kept and compared: NFC, without regard to case."""
    return unicodedata.normalize("NFC", unicodedata.normalize("NFC", email.strip()).casefold())


def _administers(row: dict[str, Any]) -> bool:
    return ADMINISTRATOR in row.get("roles", ()) and not row.get("disabled") and not row.get("deleted_time")


def _reaches_all(action: str) -> bool:
    return principal().scope(f"identity.user.{action}") is Scope.ALL
