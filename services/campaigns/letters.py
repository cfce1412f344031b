"""Prepares what goes out: leased lines, with the words of their campaign and what the audience knows of their contacts."""

from collections import OrderedDict
from dataclasses import dataclass
from datetime import datetime
from functools import cache
from typing import Any

from chassis import transaction
from services.campaigns import keyring, ledger
from services.campaigns.audience import AudienceMember, Row, as_shown
from services.campaigns.campaign import RUNNING
from services.campaigns.mime import Letter, build
from services.campaigns.wording import PIXEL, UNSUBSCRIBE, Wording

_MOST_WORDINGS = 100


@dataclass(frozen=True)
class Prepared:
    """A leased line that only waits for its turn."""

    line: Row
    campaign: Row
    member: Row
    wording: Wording

    @property
    def id(self) -> str:
        """The line."""
        return str(self.line["_id"])

    @property
    def tenant_id(self) -> str:
        """Whose campaign it is."""
        return str(self.line["tenant_id"])

    @property
    def topic(self) -> str:
        """What the mail is about."""
        return str(self.campaign["topic"])

    @property
    def attempt(self) -> int:
        """How often it was tried before."""
        return int(self.line["attempt"])

    @property
    def address(self) -> str:
        """Where it goes: the contact's address as it is now."""
        return str(self.member["email"])

    @property
    def address_key(self) -> str:
        """The hash of that address."""
        return str(self.member["address_key"])

    @property
    def return_path(self) -> str:
        """Where it comes back to."""
        return keyring.return_path(self.id)

    def build(self, at: datetime) -> bytes:
        """The message. Raises Broken."""
        out = keyring.link(keyring.OUT, self.id)
        # HTML and text name the same links; each is signed once.
        subject, html, text = self.wording.render(words(self.member, self.campaign, out), cache(self._link))
        campaign = self.campaign
        letter = Letter(
            id=self.id.replace("_", "."), from_name=campaign.get("from_name") or "", from_address=campaign["from_address"],
            to_name=self.member.get("display_name") or "", to_address=self.address,
            reply_to=campaign.get("reply_to") or "", subject=subject, html=html, text=text, unsubscribe_url=out,
            list_id=campaign["topic"],
        )  # fmt: skip
        return build(letter, at)

    def _link(self, slot: str) -> str:
        if slot == PIXEL:
            return keyring.link(keyring.OPEN, self.id)
        return keyring.link(keyring.CLICK, self.id, int(slot))


class Letters:
    """The campaigns under way, with their words compiled."""

    def __init__(self) -> None:
        self._wordings: OrderedDict[str, Wording] = OrderedDict()

    def running(self) -> list[Row]:
        """The campaigns whose mails go out now, of all tenants."""
        campaigns = transaction.database()["campaigns"]
        return list(campaigns.find({"status": RUNNING, "snapshot_time": {"$ne": None}, "deleted_time": None}))

    def lease(self, campaign: Row, holder: str, most: int) -> list[Prepared]:
        """Lease waiting lines and prepare them; those whose contact is gone or has no address any more are left out."""
        rows = ledger.lease(campaign, holder, most)
        if not rows:
            return []
        wanted = {
            "_id": {"$in": [row["contact_id"] for row in rows]},
            "tenant_id": campaign["tenant_id"],
            "present": True,
        }
        members = {member["_id"]: member for member in AudienceMember.rows().find(wanted)}
        reachable = {id for id, member in members.items() if member.get("email")}
        ledger.skip([row["_id"] for row in rows if row["contact_id"] not in members], "gone")
        ledger.skip([row["_id"] for row in rows if row["contact_id"] in members.keys() - reachable], "no_address")
        return [
            Prepared(row, campaign, members[row["contact_id"]], self._wording(campaign, row.get("arm", "")))
            for row in rows
            if row["contact_id"] in reachable
        ]

    def _wording(self, campaign: Row, arm: str) -> Wording:
        template_id = template_of(campaign, arm)
        key = f"{campaign['_id']}/{template_id}"
        known = self._wordings.get(key)
        if known is None:
            [frozen] = transaction.database()["frozen_templates"].find(
                {"_id": key}
            )  # kept by the start of the campaign
            links, tracked = list(campaign.get("links") or ()), not campaign.get("untracked")
            known = Wording(frozen["subject"], frozen["html"], frozen.get("text") or "", links, tracked=tracked)
            self._wordings[key] = known
            if len(self._wordings) > _MOST_WORDINGS:
                self._wordings.popitem(last=False)
        return known


def template_of(campaign: Row, arm: str) -> str:
    """The template that an arm's recipients get."""
    own = next((each.get("template_id") for each in campaign.get("arms") or () if each["key"] == arm), "")
    return str(own or campaign.get("template_id") or "")


def words(member: Row, campaign: Row, unsubscribe_url: str) -> dict[str, Any]:
    """What a template can speak of."""
    about = {"name": campaign.get("name", ""), "topic": campaign.get("topic", "")}
    return {"contact": {"id": member["_id"], **as_shown(member)}, "campaign": about, UNSUBSCRIBE: unsubscribe_url}
