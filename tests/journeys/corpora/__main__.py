"""`python -m tests.journeys.corpora --url … --key … --smtp …`: feeds mails from the wild to a running suite over its SMTP
listener and tells what became of them, with every difference from what is known of them. Fails when a mail is lost or breaks its
reading, or when less is agreed than the tests of the door demand.
"""

import argparse
import contextlib
import sys
from collections.abc import Iterator
from pathlib import Path

from tests.journeys.corpora.feed import Fed, feed
from tests.journeys.imports import tell
from tests.rest import Client
from tests.support.corpora import DATA, Agreement, bounces, contents, corpus, replies, signed_replies, verdicts

FLOORS = {"class": 0.97, "hard": 0.84, "status": 0.9, "reply text": 1.0, "attachments": 0.9, "answers": 0.9}
_STATUSES = ("TAKEN", "DUPLICATE", "NOTED", "QUARANTINED")


def main() -> int:
    """Feed, tell, compare."""
    parser = argparse.ArgumentParser(prog="python -m tests.journeys.corpora", description=__doc__)
    parser.add_argument("--url", required=True, help="address of the suite, http://127.0.0.1:8080")
    parser.add_argument("--key", required=True, help="API key of an administrator")
    parser.add_argument("--smtp", default="127.0.0.1:18025", help="address of its listener (default: 127.0.0.1:18025)")
    asked = parser.parse_args()
    with contextlib.closing(Client(asked.url, asked.key)) as client:
        parts = {name: corpus(name) for name in ("mail-mime", "mail-clients", "mail-replies", "bounces/not-bounce")}
        fed = {name: feed(client, asked.smtp, paths) for name, paths in parts.items()}
        returned = [DATA / "bounces" / "eml" / name for name in bounces()]
        fed["bounces/eml"] = feed(client, asked.smtp, returned, sender="")
        fed["bounces/crlf"] = feed(client, asked.smtp, corpus("bounces/crlf"), sender="")
        spoken = feed(client, asked.smtp, replies())
    agreement = verdicts(fed["bounces/eml"].mails)
    for name in ("mail-mime", "mail-clients"):
        _ask_of_contents(agreement, parts[name], fed[name])
    for path, text in replies().items():
        told = (spoken.message_of(path.name) or {}).get("body_text", "")
        agreement.ask("reply text", told == text, f"{path.name} says {text!r}, told {told!r}")
    for name in signed_replies():
        agreement.differences.append(f"reply text: {name} is expected with its signature, which is cut off here")
    tell(_mails(fed), "", _agreed(agreement), "", agreement.differences)
    broken = sum(each.counted("QUARANTINED") for each in fed.values())
    return 1 if broken or any(agreement.share(about) < least for about, least in FLOORS.items()) else 0


def _ask_of_contents(agreement: Agreement, paths: list[Path], fed: Fed) -> None:
    for path in paths:
        message = fed.message_of(path.name)
        if message is None:
            continue
        names, answers = contents(path.read_bytes())
        # A part without a name gets one, `part-2`, so that it can be asked for.
        kept = [each for each in message.get("attachments", []) if not each["name"].startswith("part-")]
        if names or kept:
            said = f"{path.name} names {len(names)} files, {len(kept)} are kept"
            agreement.ask(
                "attachments", len(names) == len(kept), f"{said}: {names} and {[each['name'] for each in kept]}"
            )
        if answers or message.get("in_reply_to"):
            told = message.get("in_reply_to", "")
            agreement.ask(
                "answers", told in answers if told else not answers, f"{path.name} answers {answers}, told {told!r}"
            )


def _mails(fed: dict[str, Fed]) -> Iterator[str]:
    yield (
        f"{'corpus':20}{'mails in':>10}{'lost':>6}"
        + "".join(f"{each.lower():>13}" for each in _STATUSES)
        + f"{'seconds':>9}"
    )
    for name, each in fed.items():
        numbers = "".join(f"{each.counted(status):>13}" for status in _STATUSES)
        lost = len(each.mails) - sum(each.counted(status) for status in _STATUSES)
        yield f"{name:20}{len(each.mails):>10}{lost:>6}{numbers}{each.seconds:>9.1f}"


def _agreed(agreement: Agreement) -> Iterator[str]:
    yield f"{'asked about':20}{'answers':>10}{'agreed':>10}{'share':>10}"
    for about, asked in agreement.asked.items():
        yield f"{about:20}{asked:>10}{agreement.agreed[about]:>10}{agreement.share(about):>10.1%}"


if __name__ == "__main__":
    sys.exit(main())
