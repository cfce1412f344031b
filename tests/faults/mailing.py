"""The story of a marketer: one campaign after another goes to the same audience, so that there is always one under way."""

import time
from collections import Counter

from crm.campaigns.v1 import events_pb2

from tests.builders.campaigns import HTML
from tests.campaigns.sink import Sink
from tests.faults.diary import Diary
from tests.faults.findings import Findings, once
from tests.faults.oracle import Oracle
from tests.faults.posts import Posts
from tests.rest import Client, GaveUp

TOPIC = "news"
_BATCH = 100
_NEARLY = 0.8  # of a campaign's mails: then the next one begins
_LONGEST = 5.0  # seconds after which it begins all the same, because senders are away


class Mailing:
    """Tells the story, and knows what it must have left in campaigns, in contacts and at the mail server."""

    def __init__(self, sink: Sink, diary: Diary, people: int) -> None:
        self._sink, self._diary, self._people = sink, diary, people
        self._tag = f"audience-{diary.mark}"
        self._audience: list[str] = []

    def prepare(self, api: Client) -> None:
        """Gather an audience that wants our mails."""
        write, addresses = self._diary.write, [f"{n}@audience.{self._diary.mark}.example" for n in range(self._people)]
        for at in range(0, self._people, _BATCH):
            people = [
                {"contact": {"family_name": address, "tags": [self._tag], "emails": [{"address": address}]}}
                for address in addresses[at : at + _BATCH]
            ]
            answer = write(api, "/v1/contacts:batchCreate", {"items": people})
            self._audience += [each["contact"]["id"] for each in answer["results"]]
        for address in addresses:
            consent = {"address": address, "topic": TOPIC, "state": "OPTED_IN", "source": "fair", "proof": "Yes."}
            write(api, "/v1/consents", consent)
        self._template = write(api, "/v1/templates", {"name": "Spring", "subject": "Spring", "html": HTML})["id"]
        tagged = {"field": "tags", "op": "eq", "value": self._tag}
        self._segment = write(api, "/v1/segments", {"name": "Audience", "filter": tagged})["id"]
        self._wait_gathered(api)

    def _wait_gathered(self, api: Client) -> None:
        deadline = time.monotonic() + self._diary.patience
        while api.insist("GET", f"/v1/segments/{self._segment}").body.get("member_count", 0) < self._people:
            if time.monotonic() > deadline:
                raise GaveUp(f"the segment has not its {self._people} members")
            time.sleep(0.1)

    def tell(self, api: Client, name: str) -> None:
        """One campaign, until it is nearly over."""
        given = {"name": f"Campaign {name}", "topic": TOPIC, "from_name": "Kith", "from_address": "news@kith.example"}
        given |= {"segment_ids": [self._segment], "template_id": self._template}
        campaign, before = self._diary.write(api, "/v1/campaigns", given), self._sink.count
        self._diary.write(api, f"/v1/campaigns/{campaign['id']}:start", {})
        deadline = time.monotonic() + _LONGEST
        while self._sink.count < before + self._people * _NEARLY and time.monotonic() < deadline:
            time.sleep(0.1)

    def under_way(self, oracle: Oracle) -> None:
        """Raises AssertionError while a campaign is not over, or a mail is not told of."""
        ended = oracle.counts("campaigns", "campaigns", "status")
        assert ended.keys() <= {"COMPLETED"}, f"campaigns are {dict(ended)}"
        assert not oracle.counts("campaigns", "deliveries", "_id", told=False), "mails are not told of yet"

    def judge(self, oracle: Oracle, posts: Posts, findings: Findings) -> None:
        """Each campaign has one line for each of its audience; each that was accepted arrived once and was told once."""
        campaigns = [write.id for write in self._diary.made("campaigns")]
        findings.compare("campaigns", once(campaigns), oracle.counts("campaigns", "campaigns", "_id"))
        lines = oracle.rows("campaigns", "deliveries", campaign_id={"$in": campaigns})
        wanted = [_pair(campaign, contact) for campaign in campaigns for contact in self._audience]
        findings.compare(
            "lines", once(wanted), Counter(_pair(line["campaign_id"], line["contact_id"]) for line in lines)
        )
        posts.judge(
            "campaigns", {line["_id"]: (line["state"], line["_id"].replace("_", ".")) for line in lines}, findings
        )
        accepted = [line for line in lines if line["state"] == "ACCEPTED"]
        due = once([_pair(line["campaign_id"], line["contact_id"]) for line in accepted])
        told = [
            _pair(event.campaign_id, contact)
            for event in oracle.told(events_pb2.CampaignMailSent)
            for contact in event.contact_ids
        ]
        findings.compare("mails told of", due, Counter(told))
        shown = oracle.rows("contacts", "interactions", record_id={"$in": campaigns})
        entries = [_pair(row["record_id"], contact) for row in shown for contact in row["contact_ids"]]
        findings.compare("mails on timelines", due, Counter(entries))


def _pair(campaign: str, contact: str) -> str:
    return f"{campaign}/{contact}"
