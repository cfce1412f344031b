"""The story of a customer: a company becomes known, buys, asks for help and gets an answer; a lead turns into another one."""

from collections import Counter
from typing import Any

from crm.support.v1 import events_pb2

from tests.faults.diary import Diary
from tests.faults.findings import Findings, once
from tests.faults.oracle import Oracle
from tests.faults.posts import Posts
from tests.rest import Client

_MADE = (("contacts", "accounts"), ("contacts", "leads"), ("sales", "opportunities"), ("support", "tickets"))


class Trade:
    """Tells the story, and knows what it must have left in contacts, sales and support."""

    def __init__(self, diary: Diary) -> None:
        self._diary = diary

    def tell(self, api: Client, name: str) -> None:
        """One customer."""
        write, read, mark = self._diary.write, self._diary.read, [self._diary.mark]
        address = f"{name}@{mark[0]}.example"
        account = write(api, "/v1/accounts", {"name": f"Account {name}", "tags": mark})
        read(api, f"/v1/accounts/{account['id']}")
        person = {"family_name": name, "account_id": account["id"], "tags": mark, "emails": [{"address": address}]}
        write(api, "/v1/contacts", person)
        opportunity = {"name": f"Opportunity {name}", "account_id": account["id"], "tags": mark,
                       "amount": {"currency_code": "EUR", "units": "1200"}}  # fmt: skip
        opened = write(api, "/v1/opportunities", opportunity)
        read(api, f"/v1/opportunities/{opened['id']}")
        write(api, f"/v1/opportunities/{opened['id']}:win", {})
        ticket = write(api, "/v1/tickets", {"subject": f"Ticket {name}", "requester_email": address, "tags": mark})
        write(api, f"/v1/tickets/{ticket['id']}:reply", {"body_text": f"Dear {name}, it is done."})
        write(api, f"/v1/tickets/{ticket['id']}:solve", {"resolution": "It is done."})
        lead = {"family_name": f"Lead {name}", "company_name": f"Company {name}", "tags": mark}
        met = write(api, "/v1/leads", lead)
        write(api, f"/v1/leads/{met['id']}:convert", {})

    def under_way(self, oracle: Oracle) -> None:
        """Raises AssertionError while an answer is still to be sent."""
        waiting = oracle.counts("support", "deliveries", "state", state={"$in": ["QUEUED", "SENDING", "DEFERRED"]})
        assert not waiting, f"answers wait: {dict(waiting)}"

    def judge(self, oracle: Oracle, posts: Posts, findings: Findings) -> None:
        """Compare what was acknowledged with what is there."""
        diary = self._diary
        for service, plural in _MADE:
            wanted = [write.id for write in diary.made(plural)]
            findings.compare(plural, once(wanted), oracle.counts(service, plural, "_id", tags=diary.mark))
        for service, plural, verb, status in (
            ("sales", "opportunities", "win", "WON"),
            ("support", "tickets", "solve", "SOLVED"),
        ):
            there = oracle.counts(service, plural, "_id", tags=diary.mark, status=status)
            findings.compare(verb, once([write.id for write in diary.done(verb)]), there)
        self._judge_conversions(oracle, findings)
        self._judge_timelines(oracle, findings)
        self._judge_answers(oracle, posts, findings)

    def _judge_conversions(self, oracle: Oracle, findings: Findings) -> None:
        diary, leads = self._diary, [write.id for write in self._diary.done("convert")]
        people = [write.id for write in diary.made("contacts")]
        people += [write.answer.body["conversion"]["contact_id"] for write in diary.done("convert")]
        findings.compare("contacts", once(people), oracle.counts("contacts", "contacts", "_id", tags=diary.mark))
        opened = oracle.counts("sales", "opportunities", "lead_id", lead_id={"$in": leads})
        findings.compare("opportunities of leads", once(leads), opened)
        told = oracle.counts("contacts", "interactions", "record_id", record_id={"$in": leads})
        findings.compare("conversions on timelines", once(leads), told)

    def _judge_timelines(self, oracle: Oracle, findings: Findings) -> None:
        """As many entries as there were events that concern the customer."""
        accounts = {write.id: write.body for write in self._diary.made("accounts")}
        due: Counter[str] = Counter()
        for write in self._diary.made("opportunities"):
            due[write.body["account_id"]] += 2  # opened, won
        for ticket in self._told_of_tickets(oracle):
            due[ticket.account_id] += 1
        told = oracle.spread("contacts", "interactions", "account_ids", account_ids={"$in": list(accounts)})
        findings.compare("entries on timelines", +due, told)

    def _told_of_tickets(self, oracle: Oracle) -> list[Any]:
        """The tickets of the events that timelines show: of a customer who is known by then."""
        ids = [write.id for write in self._diary.made("tickets")]
        shown = []
        for name in ("TicketOpened", "TicketUpdated", "TicketSolved"):
            for event in oracle.told(getattr(events_pb2, name), record_id={"$in": ids}):
                became_known = name != "TicketUpdated" or "requester_id" in event.changed_fields
                if became_known and event.ticket.account_id:
                    shown.append(event.ticket)
        return shown

    def _judge_answers(self, oracle: Oracle, posts: Posts, findings: Findings) -> None:
        said = {write.id: write for write in self._diary.done("reply")}
        tickets = [write.id for write in self._diary.made("tickets")]
        rows = oracle.rows("support", "messages", ticket_id={"$in": tickets}, direction="OUTBOUND")
        findings.compare("answers", once(list(said)), Counter(row["_id"] for row in rows))
        by_id = {row["_id"]: row["message_id"] for row in rows}
        lines = oracle.rows("support", "deliveries", message_id={"$in": list(said)})
        findings.compare("lines of answers", once(list(said)), Counter(line["message_id"] for line in lines))
        posts.judge("support", {line["_id"]: (line["state"], by_id[line["message_id"]]) for line in lines}, findings)
