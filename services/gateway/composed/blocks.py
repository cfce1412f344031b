"""What stands in the overviews: a block is what one rpc says of the record. These tables are the whole of it.

A block's answer has the shape that its rpc has over REST. Its request is made of the record's id, or, where it comes `after`
another block, of that block's answer; None as request says that there is nothing to ask, and the answer is empty.
"""

from collections.abc import Callable
from dataclasses import dataclass
from functools import cached_property
from typing import Any

from crm.campaigns.v1 import campaign_pb2, consent_pb2
from crm.common.v1 import listing_pb2, requests_pb2
from crm.contacts.v1 import interaction_pb2
from crm.sales.v1 import report_pb2
from google.protobuf.descriptor import MethodDescriptor

from chassis.contract import RpcContract, rpc_of
from services.gateway import contract
from services.gateway.codec import Projection, printer
from services.gateway.conditions import condition

Ask = Callable[[Any], Any]


@dataclass(frozen=True)
class Block:
    """One part of an overview."""

    name: str
    says: str
    rpc_name: str
    ask: Ask
    fields: str = ""  # of its noun, that are read and shown; all when empty
    after: str = ""  # the block whose answer the request is made of
    unheard: bool = False  # its service may not have heard of the record yet: NotFound is an empty answer

    @cached_property
    def method(self) -> MethodDescriptor:
        """Its rpc, as the contract describes it."""
        return contract.methods()[self.rpc_name]

    @cached_property
    def rpc(self) -> RpcContract:
        """Its rpc, as it is called."""
        return rpc_of(self.method)

    @cached_property
    def print(self) -> Callable[[Any], Any]:
        """What makes JSON of its answer."""
        noun = contract.subject_of(self.method)
        shown = (
            Projection(frozenset({noun.full_name}), frozenset(self.fields.split())) if self.fields and noun else None
        )
        return printer(self.method.output_type, shown)

    def request(self, of: Any) -> Any:
        """The request for the record's id, or after another block's answer. None when there is nothing to ask."""
        request = self.ask(of)
        if request is not None and self.fields:
            request.fields.extend(self.fields.split())
        return request


@dataclass(frozen=True)
class Overview:
    """One kind of overview. Its first block is the record itself: who may not see that sees nothing."""

    name: str
    path: str
    says: str
    blocks: tuple[Block, ...]

    @property
    def record(self) -> Block:
        """The record itself."""
        return self.blocks[0]


def the_record(id: str) -> Any:
    """Read it whole."""
    return requests_pb2.GetRequest(id=id)


def its_account(contact: Any) -> Any:
    """Read the account that a contact works for."""
    return requests_pb2.GetRequest(id=contact.account_id) if contact.account_id else None


def its_timeline(id: str) -> Any:
    """The latest of its timeline."""
    return interaction_pb2.TimelineRequest(id=id, page_size=10)


def its_mails(id: str) -> Any:
    """The latest mails of campaigns to it."""
    return campaign_pb2.ListAudienceMemberDeliveriesRequest(id=id, page_size=5)


def its_consents(id: str) -> Any:
    """The latest words on being reached: its own, and those about its address."""
    return consent_pb2.ListAudienceMemberConsentsRequest(id=id, page_size=10)


def its_segments(audience: Any) -> Any:
    """The segments that these members of the audience are in."""
    ids = sorted({id for member in audience.audience_members for id in member.segment_ids})[:200]
    return listing_pb2.ListRequest(filter=condition("id", ids), page_size=50) if ids else None


def figures_of(field: str) -> Ask:
    """The pipeline report in one row."""
    return lambda id: report_pb2.PipelineReportRequest(filter=condition(field, [id]))


def those_of(field: str, *, most: int = 5, order_by: str = "", counted: bool = False, **also: list[str]) -> Ask:
    """The first of those whose `field` names the record; `also` are further conditions, any of the values each."""

    def ask(id: Any) -> Any:
        asked = listing_pb2.ListRequest(page_size=most, order_by=order_by.split(), with_total=counted)
        asked.filter.all.extend([condition(field, [id]), *(condition(name, values) for name, values in also.items())])
        return asked

    return ask


_OPEN_TICKETS = ["NEW", "OPEN", "PENDING", "ON_HOLD"]
_COMPANY = "name domain industry website owner_id phones"
_PERSON = "display_name emails phones job_title department owner_id"
_SALE = "name account_name stage probability amount expected_close_date owner_id next_step"
_ORDER = "number status total order_date opportunity_id owner_id"
_TICKET = "number subject status priority owner_id open_time solved_time oldest_unanswered_time"
_SEGMENT = "name kind"
_CONSENT = "topic channel state lawful_basis occur_time expire_time source"


def _sales_of(field: str) -> tuple[Block, ...]:
    return (
        Block("open_opportunities", "The latest opportunities that are open.", "ListOpportunities",
              those_of(field, status=["OPEN"]), _SALE),
        Block("pipeline", "How many opportunities are open, won and lost, and what they are worth.", "ReportPipeline",
              figures_of(field)),
    )  # fmt: skip


def _tickets_of(field: str) -> tuple[Block, ...]:
    open_ones = those_of(field, most=1, order_by="-open_time", counted=True, status=_OPEN_TICKETS)
    return (
        Block("tickets", "The latest tickets.", "ListTickets", those_of(field, order_by="-open_time"), _TICKET),
        Block(
            "open_tickets",
            "How many tickets are not solved, and the latest of them.",
            "ListTickets",
            open_ones,
            _TICKET,
        ),
    )


OVERVIEWS = (
    Overview(
        "ContactOverview", "/v1/contacts/{id}/overview", "All that the suite knows of a person, from every service.",
        (
            Block("contact", "The contact.", "GetContact", the_record),
            Block("audience", "Consent, segments and figures of the contact, as campaigns know it.",
                  "ListAudienceMembers", those_of("id", most=1)),
            Block("timeline", "What happened lately.", "ListContactTimeline", its_timeline),
            *_sales_of("contacts.contact_id"),
            *_tickets_of("requester_id"),
            Block("mails", "The latest mails of campaigns.", "ListAudienceMemberDeliveries", its_mails,
                  unheard=True),
            Block("consents", "What it said lately about being reached.", "ListAudienceMemberConsents", its_consents,
                  _CONSENT, unheard=True),
            Block("account", "The account that the contact works for.", "GetAccount", its_account, _COMPANY, "contact"),
            Block("orders", "The latest orders that name it.", "ListOrders",
                  those_of("contact_ids", order_by="-order_date"), _ORDER),
            Block("segments", "The segments that the contact is in.", "ListSegments", its_segments, _SEGMENT, "audience"),
        ),
    ),
    Overview(
        "AccountOverview", "/v1/accounts/{id}/overview", "All that the suite knows of a company, from every service.",
        (
            Block("account", "The account.", "GetAccount", the_record),
            Block("audience", "Consent, segments and figures of its people, as campaigns know them.",
                  "ListAudienceMembers", those_of("account_id", most=10)),
            Block("timeline", "What happened lately.", "ListAccountTimeline", its_timeline),
            Block("contacts", "Its people, the latest first.", "ListContacts", those_of("account_id", most=10), _PERSON),
            *_sales_of("account_id"),
            Block("orders", "Its latest orders.", "ListOrders", those_of("account_id", order_by="-order_date"), _ORDER),
            *_tickets_of("account_id"),
            Block("segments", "The segments that its people are in.", "ListSegments", its_segments, _SEGMENT, "audience"),
        ),
    ),
)  # fmt: skip
