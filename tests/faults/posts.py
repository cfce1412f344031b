"""What arrived at the mail server, held against the ledgers of those who sent it."""

import re
from collections import Counter
from collections.abc import Mapping

from tests.campaigns.sink import Sink
from tests.faults.findings import Findings

_MESSAGE_ID = re.compile(rb"^Message-ID:\s*<([^>]+)>", re.IGNORECASE | re.MULTILINE)


class Posts:
    """The mails of a sink, by Message-ID."""

    def __init__(self, sink: Sink) -> None:
        self._arrived = Counter(_message_id(mail.content) for mail in list(sink.mails))
        self._known: set[str] = set()

    def judge(self, service: str, lines: Mapping[str, tuple[str, str]], findings: Findings) -> None:
        """Hold lines against mails. `lines` are state and Message-ID (of campaigns: its left part) by the line's id."""
        self._known.update(message_id for _, message_id in lines.values())
        for id, (state, message_id) in lines.items():
            arrived = self._arrived[message_id]
            if arrived > 1:
                findings.sent_twice.append(f"{service} {id}: {arrived} times")
            if state == "ACCEPTED" and not arrived:
                findings.missing.append(f"mail of {service} {id}: accepted, and not there")
        states = Counter(state for state, _ in lines.values())
        findings.counted[f"mails of {service}"] += states["ACCEPTED"]
        doubtful = [id for id, (state, _) in lines.items() if state == "UNKNOWN"]
        findings.unknown.setdefault(service, []).extend(doubtful)
        findings.demand(states.keys() <= {"ACCEPTED", "UNKNOWN"}, f"lines of {service} ended as {dict(states)}")

    def judge_strays(self, findings: Findings) -> None:
        """Once all ledgers were judged: no mail arrived that stands in none."""
        strays = sorted(self._arrived.keys() - self._known)
        findings.demand(not strays, f"{len(strays)} mails stand in no ledger, such as {strays[:3]}")


def _message_id(content: bytes) -> str:
    found = _MESSAGE_ID.search(content)
    assert found, content[:300]
    message_id = found[1].decode()
    # A campaign's is made of the line's id; the domain behind it says nothing.
    return message_id.partition("@")[0] if message_id.startswith("dlv.") else message_id
