"""Hands mails in by SMTP and reads over REST what became of them."""

import smtplib
import time
from collections.abc import Iterable, Mapping
from contextlib import closing
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from crm.support.v1 import mail_pb2
from google.protobuf import json_format

from chassis import new_id
from tests.rest import Client

SENDER = "someone@corpus.example"
_PATIENCE = 300  # seconds for all mails to be read


@dataclass
class Fed:
    """What became of some mails: each by the name of its file, and the messages that came of them by their mails."""

    mails: dict[str, mail_pb2.Mail]
    messages: dict[str, dict[str, Any]]
    seconds: float

    def counted(self, status: str) -> int:
        """How many mails have this status."""
        return sum(mail_pb2.Mail.Status.Name(mail.status) == status for mail in self.mails.values())

    def message_of(self, name: str) -> dict[str, Any] | None:
        """The message that a file became; None where it is a duplicate or a machine's."""
        return self.messages.get(self.mails[name].id)


def feed(client: Client, smtp: str, paths: Iterable[Path], sender: str = SENDER) -> Fed:
    """Hand the mails to a mailbox of their own, and wait until all are read. Raises what SMTP refuses."""
    address = f"c{new_id('x')[2:].replace('_', '')}@corpus.example"
    mailbox = client.post("/v1/mailboxes", {"address": address, "name": "Corpus"})["id"]
    began, names = time.monotonic(), []
    host, _, port = smtp.rpartition(":")
    with closing(smtplib.SMTP(host, int(port), timeout=60)) as connection:
        for path in paths:
            connection.sendmail(sender, [address], path.read_bytes())
            names.append(path.name)
    mine = {"field": "mailbox_id", "op": "eq", "value": mailbox}
    found = _read(client, mine, began + _PATIENCE)
    seconds = time.monotonic() - began
    assert len(found) == len(names), f"{len(names)} mails were taken, {len(found)} are there"
    mails = [json_format.ParseDict(each, mail_pb2.Mail(), ignore_unknown_fields=True) for each in found]
    said = client.pages("/v1/messages", "messages", filter=mine, page_size=200)
    messages = {each["mail_id"]: each for each in said if each.get("mail_id")}
    return Fed(dict(zip(names, mails, strict=True)), messages, seconds)


def _read(client: Client, mine: Mapping[str, Any], until: float) -> list[dict[str, Any]]:
    while True:
        found = client.pages("/v1/mails", "mails", filter=mine, order_by=["id"], page_size=200)
        if all(each["status"] != "RECEIVED" for each in found):
            return found
        assert time.monotonic() < until, "not all mails were read"
        time.sleep(0.2)
