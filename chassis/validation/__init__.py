"""Checks a request message against its contract, before any of our code sees it.

The rules stand in the proto: `google.api.field_behavior` and `crm.options.v1.rules`. They are compiled once per message
type into closures, so that a sound request costs microseconds and nothing here is repeated in a service.

OUTPUT_ONLY fields that a client sends are ignored on input (AIP-203), and so they are not checked either.
"""

from google.protobuf.message import Message

from chassis.refusals import Violation
from chassis.validation.contract import Nouns, contract_of
from chassis.validation.text import MAX_LENGTH, text_fault

__all__ = ["MAX_LENGTH", "MOST_VIOLATIONS", "Nouns", "text_fault", "violations"]

# The refusal travels in gRPC trailers, which are bounded at 8 KiB.
MOST_VIOLATIONS = 32


def violations(request: Message, rpc: str = "") -> list[Violation]:
    """What in `request` does not fit its contract, in the order of its fields; the first 32, none when it fits.

    `rpc` is the method's name, `BatchUpdateContacts`; by default the request's own, `UpdateContactRequest`. It decides
    how much of a noun must be there: all its REQUIRED fields; in updates those that the mask names (all without a
    mask); in upserts none, since the record may have them already: there the document checks what it keeps.
    """
    nouns = Nouns.of(rpc or request.DESCRIPTOR.name)
    faults = contract_of(request.DESCRIPTOR, nouns)(request)
    return [Violation(path.removeprefix("."), text) for path, text in faults[:MOST_VIOLATIONS]]
