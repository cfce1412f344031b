"""Records and filters as hypothesis makes them: every kind of field, every way for a value to be missing."""

from datetime import UTC, datetime, timedelta

from crm.common.v1 import listing_pb2
from crm.sales.v1 import opportunity_pb2
from google.protobuf import json_format
from hypothesis import strategies as st

from chassis.listing.catalogue import Kind, catalogue
from chassis.listing.condition import OPS

OPPORTUNITY = opportunity_pb2.Opportunity
FIELDS = catalogue(OPPORTUNITY.DESCRIPTOR)

TEXTS = st.one_of(
    st.sampled_from(
        [
            "",
            "a",
            "A",
            "á",
            "a\u0301",
            "ab",
            "b",
            "straße",
            "STRASSE",
            "$ne",
            "$where",
            "a.b",
            ".*",
            "田中",
            "\U0001f600",
        ]
    ),
    st.text("aAáßs\u0301. $^", max_size=4),
)
NAMES = st.sampled_from(["STATUS_UNSPECIFIED", "OPEN", "WON", "LOST"])
DATES = st.sampled_from(["2024-02-29", "2026-01-01", "2026-11-22"])
WHOLE = st.sampled_from([-5, -1, 0, 1, 5, 2**40])
BOOLEANS = st.booleans()
INSTANTS = st.integers(-3, 3).map(lambda ms: datetime(2026, 11, 22, tzinfo=UTC) + timedelta(milliseconds=ms))
VALUES = {
    Kind.STRING: TEXTS, Kind.ID: TEXTS, Kind.DATE: DATES, Kind.ENUM: NAMES, Kind.INTEGER: WHOLE, Kind.NUMBER: WHOLE,
    Kind.BOOLEAN: BOOLEANS, Kind.INSTANT: INSTANTS,
}  # fmt: skip


def missing_or(value, blank=None):
    """The value, or null, or its blank; a key may be left out by `a_document`."""
    return st.one_of(value, value, st.sampled_from([None, blank]))


def a_document(**members):
    return st.fixed_dictionaries({}, optional=members)


MONEY = a_document(currency_code=missing_or(TEXTS, ""), units=missing_or(WHOLE), nanos=missing_or(WHOLE))
LINES = st.lists(
    a_document(product_id=missing_or(TEXTS, ""), quantity=missing_or(WHOLE), unit_price=missing_or(MONEY)), max_size=3
)
RECORDS = a_document(
    name=missing_or(TEXTS, ""),
    account_id=missing_or(TEXTS, ""),
    status=missing_or(NAMES, ""),
    probability=missing_or(WHOLE),
    days_to_close=missing_or(WHOLE),
    amount=missing_or(MONEY),
    lines=missing_or(LINES, []),
    open_date=missing_or(DATES, ""),
    create_time=missing_or(INSTANTS),
    tags=missing_or(st.lists(missing_or(TEXTS, ""), max_size=3), []),
    contacts=missing_or(st.lists(a_document(contact_id=TEXTS, role=missing_or(TEXTS, "")), max_size=2), []),
)
COMPARED = [
    "id", "name", "account_id", "status", "probability", "days_to_close", "amount", "amount.units",
    "amount.currency_code", "lines", "lines.quantity", "lines.product_id", "lines.unit_price", "lines.unit_price.units",
    "lines.unit_price.currency_code", "open_date", "create_time", "tags", "contacts", "contacts.role",
]  # fmt: skip


def json_value(value):
    return value.isoformat().replace("+00:00", "Z") if isinstance(value, datetime) else value


@st.composite
def comparisons(draw):
    field = FIELDS[draw(st.sampled_from(COMPARED))]
    op = draw(st.sampled_from(sorted(OPS[field.kind])))
    if op in ("empty", "exists"):
        return {"field": field.path, "op": op, "value": draw(st.booleans())}
    values = VALUES[field.kind].map(json_value)
    if op in ("gt", "gte", "lt", "lte", "between", "contains", "starts_with"):
        values = values.filter(lambda value: value != "" and value != "\u0301")
    if op in ("contains", "starts_with"):
        values = values.filter(lambda value: value.strip("\u0301"))
    many = {"in": st.lists(values, min_size=1, max_size=3), "nin": st.lists(values, min_size=1, max_size=3),
            "between": st.lists(values, min_size=2, max_size=2)}  # fmt: skip
    return {"field": field.path, "op": op, "value": draw(many.get(op, values))}


FILTERS = st.recursive(
    comparisons(),
    lambda parts: st.one_of(
        st.lists(parts, min_size=1, max_size=3).map(lambda each: {"all": each}),
        st.lists(parts, min_size=1, max_size=3).map(lambda each: {"any": each}),
        parts.map(lambda each: {"not": each}),
    ),
    max_leaves=4,
)


def a_filter(written):
    return json_format.ParseDict(written, listing_pb2.Filter())
