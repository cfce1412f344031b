"""JSON ⇄ protobuf, with Google's own json_format as the oracle."""

import math

import orjson
import pytest
from crm.common.v1 import listing_pb2
from crm.contacts.v1 import account_pb2, contact_pb2, lead_pb2
from crm.identity.v1 import tenant_pb2
from crm.sales.v1 import opportunity_pb2, report_pb2
from google.protobuf import descriptor, duration_pb2, json_format, struct_pb2, timestamp_pb2
from hypothesis import example, given
from hypothesis import strategies as st

from services.gateway.codec import filler, printer
from services.gateway.codec.scalars import read_bytes
from services.gateway.faults import Faults

KINDS = [
    contact_pb2.Contact,
    account_pb2.Account,
    lead_pb2.Lead,
    opportunity_pb2.Opportunity,
    opportunity_pb2.ListOpportunitiesResponse,
    report_pb2.PipelineReport,
    listing_pb2.ListRequest,
]
F = descriptor.FieldDescriptor
TEXTS = st.text(st.characters(codec="utf-8", exclude_characters="\x00"), max_size=8)
WHOLE = {
    F.CPPTYPE_INT32: st.integers(-(1 << 31), (1 << 31) - 1),
    F.CPPTYPE_INT64: st.integers(-(1 << 63), (1 << 63) - 1),
    F.CPPTYPE_DOUBLE: st.floats(allow_nan=False, allow_infinity=False),
    F.CPPTYPE_BOOL: st.booleans(),
    F.CPPTYPE_STRING: TEXTS,
}
PLAIN = st.none() | st.booleans() | TEXTS | st.integers(-(1 << 53), 1 << 53) | WHOLE[F.CPPTYPE_DOUBLE]
VALUES = st.recursive(PLAIN, lambda inner: st.lists(inner, max_size=3) | st.dictionaries(TEXTS, inner, max_size=3))


@st.composite
def messages(draw, kind, depth=3):
    message = kind()
    for field in kind.DESCRIPTOR.fields:
        if not draw(st.booleans()):
            continue
        if field.message_type and depth == 0:
            continue
        value = one(field, depth)
        if field.is_repeated:
            getattr(message, field.name).extend(draw(st.lists(value, max_size=2)))
        elif field.message_type:
            getattr(message, field.name).CopyFrom(draw(value))
        else:
            setattr(message, field.name, draw(value))
    return message


def one(field, depth):
    if field.enum_type:
        return st.sampled_from([value.number for value in field.enum_type.values])
    if not field.message_type:
        return WHOLE[field.cpp_type]
    name = field.message_type.full_name
    if name == "google.protobuf.Timestamp":
        seconds = st.integers(-62135596800, 253402300799)
        return st.builds(timestamp_pb2.Timestamp, seconds=seconds, nanos=st.integers(0, 999_999_999))
    if name == "google.protobuf.Struct":
        fields = st.dictionaries(TEXTS, VALUES, max_size=3)
        return fields.map(lambda value: json_format.ParseDict(value, struct_pb2.Struct()))
    if name == "google.protobuf.Value":
        return VALUES.map(lambda value: json_format.ParseDict(value, struct_pb2.Value()))
    return messages(field.message_type._concrete_class, depth - 1)


def filled(kind, value):
    message, faults = kind(), Faults()
    filler(kind.DESCRIPTOR)(message, value, "", faults)
    return message, faults.found


@given(st.sampled_from(KINDS).flatmap(messages))
def test_a_message_is_printed_as_the_oracle_prints_it(message):
    oracle = json_format.MessageToDict(
        message, preserving_proto_field_name=True, always_print_fields_with_no_presence=True
    )
    assert printer(message.DESCRIPTOR)(message) == oracle


@given(st.sampled_from(KINDS).flatmap(messages))
@example(struct_pb2.Struct(fields={"a": {"number_value": -0.0}}))
def test_a_message_survives_json(message):
    text = orjson.dumps(printer(message.DESCRIPTOR)(message))
    assert filled(type(message), orjson.loads(text)) == (message, [])


@given(st.sampled_from(KINDS), st.data())
def test_what_is_taken_is_taken_as_the_oracle_takes_it(kind, data):
    names = [field.name for field in kind.DESCRIPTOR.fields]
    some = VALUES | st.sampled_from(["OPEN", "1", "2026-11-22T03:00:00Z", "2026-11-22T03:00:00.5+05:30", 5, "5s"])
    value = data.draw(st.dictionaries(st.sampled_from(names), some | st.lists(some, max_size=2), max_size=4))
    message, faults = filled(kind, value)
    if not faults:
        assert message == json_format.ParseDict(value, kind())


def test_every_fault_is_told_with_its_pointer():
    _, faults = filled(
        contact_pb2.Contact,
        {
            "given_name": 5,
            "nick/name": "x",
            "emails": [{"address": "a@b.example"}, {"address": True, "colour": 1}, "x"],
            "tags": "a",
            "create_time": "yesterday",
        },
    )
    assert [fault["pointer"] for fault in faults] == [
        "/given_name",
        "/nick~1name",
        "/emails/1/address",
        "/emails/1/colour",
        "/emails/2",
        "/tags",
        "/create_time",
    ]


def test_at_most_a_hundred_faults_are_told():
    _, faults = filled(contact_pb2.Contact, {f"x{number}": 1 for number in range(1000)})
    assert len(faults) == 100


@pytest.mark.parametrize(
    ("kind", "name", "value"),
    [
        (account_pb2.Account, "employee_count", 1 << 31),
        (account_pb2.Account, "employee_count", 1.5),
        (account_pb2.Account, "employee_count", True),
        (account_pb2.Account, "employee_count", "1e3"),
        (account_pb2.Account, "annual_revenue", {"units": 1 << 63}),
        (account_pb2.Account, "annual_revenue", {"units": 1e19}),
        (account_pb2.Account, "annual_revenue", {"units": "9223372036854775808"}),
        (account_pb2.Account, "name", "a\x00b"),
        (account_pb2.Account, "tags", [None]),
        (account_pb2.Account, "create_time", "2026-02-30T00:00:00Z"),
        (account_pb2.Account, "create_time", "0001-01-01T00:00:00+01:00"),
        (account_pb2.Account, "create_time", "2026-11-22 03:00:00Z"),
        (lead_pb2.Lead, "status", 1),
        (lead_pb2.Lead, "status", "new"),
        (lead_pb2.Lead, "conversion", []),
    ],
)
def test_a_value_that_does_not_fit_is_refused(kind, name, value):
    assert filled(kind, {name: value})[1]


def test_null_means_not_given():
    assert filled(contact_pb2.Contact, {"given_name": None, "emails": None}) == (contact_pb2.Contact(), [])


def test_whole_numbers_come_as_numbers_or_text():
    for units in (5, "5", 5.0):
        message, faults = filled(account_pb2.Account, {"annual_revenue": {"units": units}})
        assert (message.annual_revenue.units, faults) == (5, [])


def test_a_number_that_json_cannot_hold_is_refused_in_a_free_value():
    assert filled(listing_pb2.Filter, {"field": "x", "op": "eq", "value": (1 << 53) + 1})[1]


def test_what_is_only_taken_in_is_never_printed():
    tenant = tenant_pb2.Tenant(name="Acme", administrator_password="correct horse battery")
    assert "administrator_password" not in printer(tenant.DESCRIPTOR)(tenant)


def test_a_figure_that_is_not_known_is_not_printed():
    printed = printer(report_pb2.PipelineReport.Row.DESCRIPTOR)(report_pb2.PipelineReport.Row(median_days_to_close=0.0))
    assert "win_rate" not in printed
    assert printed["median_days_to_close"] == 0.0


@given(st.integers(-(1 << 62), 1 << 62).map(lambda number: number % 315_576_000_000), st.integers(0, 999_999_999))
def test_a_duration_survives_json(seconds, nanos):
    for sign in (1, -1):
        span = duration_pb2.Duration(seconds=sign * seconds, nanos=sign * nanos)
        printed = printer(span.DESCRIPTOR)(span)
        assert printed == span.ToJsonString()
        assert filled(duration_pb2.Duration, printed) == (span, [])


def test_bytes_are_base64_of_either_alphabet():
    assert read_bytes("_-8=") == read_bytes("/+8=")
    with pytest.raises(ValueError, match="base64"):
        read_bytes("ä")


def test_infinite_figures_are_printed_as_text():
    row = report_pb2.PipelineReport.Row(win_rate=math.inf)
    assert printer(row.DESCRIPTOR)(row)["win_rate"] == "Infinity"
