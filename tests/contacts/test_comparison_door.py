"""What differs between two revisions of a document."""

from crm.contacts.v1.document_pb2 import Comparison

from chassis.testing import Caller
from tests.contacts.documents import an_offer, compared, revised
from tests.refused import refusal


def test_two_revisions_are_compared_line_by_line(caller: Caller) -> None:
    document = an_offer(caller)
    revised(caller, document, b"Offer\r\n250 rose bushes\r\n4,821.00 EUR\r\n", base=1)
    found = compared(caller, document)
    assert (found.base_revision, found.revision, found.added_count, found.removed_count) == (1, 2, 1, 1)
    told = [(Comparison.Kind.Name(line.kind), line.text) for line in found.hunks[0].lines]
    assert told == [
        ("SAME", "Offer"), ("REMOVED", "200 rose bushes"), ("ADDED", "250 rose bushes"), ("SAME", "4,821.00 EUR"),
    ]  # fmt: skip
    assert not compared(caller, document, revision=1).hunks


def test_what_is_no_text_is_not_compared(caller: Caller) -> None:
    document = an_offer(caller)
    revised(caller, document, b"%PDF-1.7\n", base=1, name="offer.pdf")
    assert refusal(compared, caller, document) == "REVISION_NOT_COMPARABLE"
    assert refusal(compared, caller, document, revision=3) == "REVISION_UNKNOWN"
    revised(caller, document, b"a" * (1024 * 1024 + 1), base=2)
    assert refusal(compared, caller, document, revision=3) == "REVISION_NOT_COMPARABLE"
