"""The story of people who write mails: one that opens a ticket, and one that answers it. Each insists until it hears 250."""

import smtplib
import time
from collections import Counter
from contextlib import closing

from tests.builders.support import a_mail
from tests.faults.crowd import SECONDS
from tests.faults.diary import Diary
from tests.faults.findings import Findings, once
from tests.faults.oracle import Oracle
from tests.rest import Client, GaveUp
from tests.suite import Suite


class Correspondence:
    """Tells the story, and knows what it must have left in support."""

    def __init__(self, suite: Suite, diary: Diary) -> None:
        self._port, self._diary = suite.ports["support_mail"], diary
        self._mailbox = f"help@{diary.mark}.example"
        self._kept: dict[str, str] = {}  # sender by Message-ID, of mails that were answered with 250

    def prepare(self, api: Client) -> None:
        """Open the mailbox."""
        self._diary.write(api, "/v1/mailboxes", {"address": self._mailbox, "name": "Help"})

    def tell(self, api: Client, name: str) -> None:
        """One correspondence. The mails go by SMTP, so `api` rests."""
        sender = f"{name}@letters.{self._diary.mark}.example"
        opening, answer = (f"{number}.{sender}" for number in (1, 2))
        self._send(sender, opening, Subject=f"Letter {name}")
        self._send(sender, answer, Subject=f"Re: Letter {name}", In_Reply_To=f"<{opening}>", References=f"<{opening}>")

    def _send(self, sender: str, message_id: str, **headers: str) -> None:
        """Hand a mail over, again until it is kept, as every mail server would. Raises GaveUp."""
        raw = a_mail(to=self._mailbox, sender=sender, Message_ID=f"<{message_id}>", **headers)
        deadline, fault = time.monotonic() + self._diary.patience, ""
        while time.monotonic() < deadline:
            try:
                with closing(smtplib.SMTP("127.0.0.1", self._port, timeout=SECONDS)) as smtp:
                    smtp.sendmail(sender, [self._mailbox], raw)
            except (OSError, smtplib.SMTPException) as broken:
                fault = repr(broken)
                time.sleep(0.1)
            else:
                self._kept[message_id] = sender
                return
        raise GaveUp(f"mail {message_id}: {fault}")

    def under_way(self, oracle: Oracle) -> None:
        """Raises AssertionError while a mail is still to be read."""
        assert not oracle.counts("support", "mails", "_id", status="RECEIVED"), "mails wait to be read"

    def judge(self, oracle: Oracle, findings: Findings) -> None:
        """Each mail that was answered with 250 is one message, and each correspondence one ticket."""
        rows = oracle.rows("support", "messages", direction="INBOUND")
        findings.compare("mails that came", once(list(self._kept)), Counter(row["message_id"] for row in rows))
        senders = once(list(self._kept.values()))
        of_letters = {"$regex": f"@letters\\.{self._diary.mark}\\."}
        tickets = oracle.counts("support", "tickets", "requester_email", requester_email=of_letters)
        findings.compare("tickets of mails", senders, tickets)
        ways = oracle.counts("support", "mails", "status")
        findings.demand(ways.keys() <= {"TAKEN", "DUPLICATE"}, f"mails ended as {dict(ways)}")
        findings.counted["mails that came again"] += ways["DUPLICATE"]
