"""A customer's mail program: writes to the suite's own listener, and reads what the suite sent, which ends in its sink."""

import email
import email.policy
import re
import smtplib
from email.message import EmailMessage
from email.utils import make_msgid

from tests.rest import Client
from tests.suite import Suite


class Correspondent:
    """Somebody with a mailbox of the own."""

    def __init__(self, suite: Suite, name: str, address: str) -> None:
        self._listener, self._sink = suite.mail_listener, Client(suite.mail_out)
        self.name, self.address = name, address

    def write(self, to: str, subject: str, text: str, **headers: str) -> str:
        """Send a mail, with headers as `in_reply_to="<…>"`; its Message-ID."""
        mail = EmailMessage()
        mail["From"], mail["To"], mail["Subject"] = f"{self.name} <{self.address}>", to, subject
        mail["Message-ID"] = make_msgid(domain=self.address.partition("@")[2])
        for name, value in headers.items():
            mail[name.replace("_", "-")] = value
        mail.set_content(text)
        with smtplib.SMTP(*self._listener, timeout=30) as server:
            server.send_message(mail)
        return str(mail["Message-ID"])

    def answer(self, letter: EmailMessage, text: str) -> str:
        """Answer as mail programs do: to whom it asks for, with what it refers to."""
        own = str(letter["Message-ID"])
        references = f"{letter.get('References', '')} {own}".strip()
        to = str(letter.get("Reply-To") or letter["From"])
        return self.write(to, f"Re: {letter['Subject']}", text, in_reply_to=own, references=references)

    def letters(self, subject: str = "") -> list[EmailMessage]:
        """What came with a subject that holds some text, newest first."""
        found = self._sink.get("/mails", to=self.address, subject=subject)["mails"]
        raw = [self._sink.get(f"/mails/{each['number']}").content for each in found]
        return [email.message_from_bytes(each, EmailMessage, policy=email.policy.default) for each in raw]  # type: ignore[arg-type]

    def close(self) -> None:
        """Read no more."""
        self._sink.close()


def text_of(letter: EmailMessage) -> str:
    """The plain text of a mail."""
    part = letter.get_body(("plain",))
    return str(part.get_content()) if part else ""


def link(letter: EmailMessage, kind: str) -> str:
    """The path of the first link of a mail that leads to `/t/<kind>/…`."""
    found = re.search(rf"https?://[^\s>/]+(/t/{kind}/[^\s>]+)", text_of(letter))
    assert found, text_of(letter)
    return found[1]
