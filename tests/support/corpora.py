"""Mails from the wild, and what is known of them: which files a corpus has, what their bounces mean, what stands in them.

For the tests of the door and for `python -m tests.journeys.corpora`, which feeds them to a running suite.
"""

import csv
import email
import email.policy
from collections import Counter, defaultdict
from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from crm.support.v1 import mail_pb2, message_pb2

DATA = Path(__file__).resolve().parents[2].parent / "shared" / "data"
FEEDBACK, VACATION = "feedback", "vacation"  # in Sisimai's words: a complaint, an automatic answer

Mail, Message = mail_pb2.Mail, message_pb2.Message
_CLASSES = {FEEDBACK: (Message.COMPLAINT,), VACATION: (Message.AUTO_REPLY, Message.OUT_OF_OFFICE)}
_WITHOUT_SUFFIX = "sample_output_multipart"  # a mail, too
_SISIMAIS_OWN = ("5.0.9", "4.0.9")  # statuses that it makes up where a mail has none


@dataclass
class Agreement:
    """How often we say what a corpus expects, and where we do not, with the reason."""

    asked: Counter[str] = field(default_factory=Counter)
    agreed: Counter[str] = field(default_factory=Counter)
    differences: list[str] = field(default_factory=list)

    def ask(self, about: str, agrees: bool, difference: str) -> None:
        """Note one question and whether the answers are the same."""
        self.asked[about] += 1
        self.agreed[about] += agrees
        if not agrees:
            self.differences.append(f"{about}: {difference}")

    def share(self, about: str) -> float:
        """Which part of the answers is the same."""
        return self.agreed[about] / self.asked[about]


def corpus(name: str) -> list[Path]:
    """The mails of a corpus, in a fixed order."""
    named = (path for path in (DATA / name).rglob("*") if path.suffix == ".eml" or path.name == _WITHOUT_SUFFIX)
    return sorted(path for path in named if path.is_file())


def replies() -> dict[Path, str]:
    """The replies of common mail programs, each with the text that its writer wrote above the signature and what is quoted.

    Two of them are expected with their signature, which we cut off as well: what is left is the same `Hello`.
    """
    return dict.fromkeys(sorted((DATA / "mail-replies" / "standard_replies").glob("*.eml")), "Hello")


def signed_replies() -> list[str]:
    """The names of those that the corpus expects with their signature."""
    return [path.name for path in replies() if path.with_name(f"{path.stem}_reply_text").exists()]


def bounces() -> dict[str, list[dict[str, str]]]:
    """What is expected of each bounce, recipient by recipient, by the name of its file."""
    expected: dict[str, list[dict[str, str]]] = defaultdict(list)
    with (DATA / "bounces" / "expected.csv").open(newline="", encoding="utf-8") as rows:
        for row in csv.DictReader(rows):
            expected[row["file"]].append(row)
    return dict(sorted(expected.items()))


def verdicts(found: Mapping[str, mail_pb2.Mail]) -> Agreement:
    """Whether bounces were taken for what the corpus says that they are: class, hard or not, and status."""
    agreement = Agreement()
    for name, rows in bounces().items():
        mail, reason = found[name], rows[0]["reason"]
        told = Message.AutoClass.Name(mail.auto_class)
        right = mail.auto_class in _CLASSES.get(reason, (Message.BOUNCE,))
        agreement.ask("class", right, f"{name} is {reason}, taken for {told}: {_why_class(mail)}")
        for place, row in enumerate(rows if reason not in _CLASSES else ()):
            _ask_of_recipient(agreement, name, place, row, mail)
    return agreement


def contents(raw: bytes) -> tuple[list[str], str]:
    """Names of the files in a mail and the Message-ID that it answers, as Python's own reader sees them."""
    message = email.message_from_bytes(raw, policy=email.policy.compat32)
    names = [str(part.get_filename()) for part in message.walk() if part.get_filename()]
    return names, str(message.get("In-Reply-To", "")).strip()


def _ask_of_recipient(agreement: Agreement, name: str, place: int, row: dict[str, str], mail: Any) -> None:
    report, status = _report(mail.reports, row["dsn_status"], place), row["dsn_status"]
    hard = row["hard_bounce"] == "1"
    said = f"{name} recipient {place + 1}, {row['reason']} {status}"
    agreement.ask("hard", report.hard == hard, f"{said}, hard {hard}, told {report.hard}: {_why_hard(report, hard)}")
    if not status.startswith(_SISIMAIS_OWN):
        told = report.status or "none"
        agreement.ask("status", report.status == status, f"{said}, told {told}: {_why_status(report)}")


def _report(reports: Iterable[Any], status: str, place: int) -> Any:
    reports = list(reports)
    same = [each for each in reports if each.status == status]
    return (same or reports[place : place + 1] or reports[-1:] or [Mail.Report()])[0]


def _why_class(mail: Any) -> str:
    if mail.auto_class == Message.NONE:
        return "no report, no null sender and no words of a mail system that we know"
    return "a machine wrote it, but it names no recipient whose mail came back"


def _why_hard(report: Any, hard: bool) -> str:
    if not report.status and not report.diagnostic:
        return "the mail names no recipient in a way that we read"
    if hard and report.status.startswith("5.7."):
        return "5.7.x is a policy, which is never held against the address"
    if hard and report.status.startswith("4."):
        return "the mail says that it may work later"
    if hard:
        return f"{report.status or 'no status'} and its words do not say that nobody is there"
    return f"{report.status or 'no status'} and its words say that nobody is there"


def _why_status(report: Any) -> str:
    if not report.status:
        return "no status stands in the mail; Sisimai takes one from the words"
    return "the mail says so; Sisimai takes another from the words, or from another part"
