"""Mails from the wild through the listener: none is lost, none breaks the service, bounces get their verdicts."""

from collections import Counter
from pathlib import Path
from typing import Any

import pytest
from crm.support.v1 import mail_pb2, message_pb2

from chassis.testing import Caller, somebody
from tests.eventually import eventually
from tests.support.conftest import Town, a_mailbox, messages
from tests.support.corpora import DATA, bounces, corpus, replies, verdicts

Mail, Message = mail_pb2.Mail, message_pb2.Message

pytestmark = pytest.mark.skipif(not DATA.exists(), reason=f"the corpora are not at {DATA}")


def through(town: Town, caller: Caller, paths: list[Path], sender: str) -> dict[str, Any]:
    """Hand the mails in, wait until all are read, and answer them by file."""
    address = a_mailbox(caller).address
    for path in paths:
        town.hand_in(path.read_bytes(), address, sender=sender)
    eventually(lambda: not unread(caller), seconds=100)
    found = all_mails(caller)
    assert len(found) == len(paths), "no mail is lost"
    return dict(zip((path.name for path in paths), found, strict=True))


def unread(caller: Caller) -> list[Any]:
    return [mail for mail in all_mails(caller) if mail.status == Mail.RECEIVED]


def all_mails(caller: Caller) -> list[Any]:
    from crm.common.v1 import listing_pb2

    found, token = [], ""
    while True:
        asked = listing_pb2.ListRequest(order_by=["id"], page_size=200, page_token=token)
        page = caller.ListMails(asked)
        found += page.mails
        token = page.next_page_token
        if not token:
            return found


@pytest.mark.parametrize("name", ["mail-mime", "mail-clients", "mail-replies"])
def test_no_mail_of_a_corpus_is_lost_or_breaks_its_reading(town: Town, caller: Caller, name: str) -> None:
    paths = corpus(name)
    found = through(town, caller, paths, "someone@corpus.example")
    statuses = Counter(Mail.Status.Name(mail.status) for mail in found.values())
    print(f"{name}: {len(paths)} mails, {dict(statuses)}")
    assert statuses["QUARANTINED"] == 0, [mail.fault for mail in found.values() if mail.fault]
    assert all(mail.digest for mail in found.values())


def test_answers_are_read_without_what_they_quote(town: Town, caller: Caller) -> None:
    wanted = {path.name: text for path, text in replies().items()}
    found = through(town, caller, list(replies()), "someone@corpus.example")
    said = {}
    for name, mail in found.items():
        [said[name]] = {each.body_text for each in messages(caller, mail.ticket_id) if each.mail_id == mail.id}
    assert said == wanted


def test_bounces_get_the_verdicts_of_the_corpus(town: Town, caller: Caller) -> None:
    found = through(town, caller, [DATA / "bounces" / "eml" / name for name in bounces()], "")
    assert not {mail.status for mail in found.values()} & {Mail.QUARANTINED, Mail.RECEIVED}
    agreement = verdicts(found)
    for about, asked in agreement.asked.items():
        print(f"bounces, {about}: {agreement.agreed[about]} of {asked} ({agreement.share(about):.1%})")
    assert agreement.share("class") > 0.97
    assert agreement.share("hard") > 0.84
    assert agreement.share("status") > 0.9


def test_what_is_no_bounce_is_not_taken_for_one(town: Town, caller: Caller) -> None:
    found = through(town, caller, sorted((DATA / "bounces" / "not-bounce").glob("*.eml")), "someone@corpus.example")
    assert Message.BOUNCE not in {mail.auto_class for mail in found.values()}


def test_line_ends_change_no_verdict(town: Town, caller: Caller) -> None:
    crlf = sorted((DATA / "bounces" / "crlf").glob("*.eml"))
    lf = [DATA / "bounces" / "eml" / path.name for path in crlf]
    other = town.calling_as(somebody())
    one, two = through(town, caller, crlf, ""), through(town, other, lf, "")
    for name, mail in one.items():
        assert (mail.auto_class, list(mail.reports)) == (two[name].auto_class, list(two[name].reports)), name
