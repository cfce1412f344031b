"""A request fits its contract, or every misfit is named with its place."""

import sys
import threading
from concurrent.futures import ThreadPoolExecutor

import pytest
from crm.common.v1 import listing_pb2, requests_pb2
from crm.contacts.v1 import account_pb2, contact_pb2, interaction_pb2
from crm.sales.v1 import opportunity_pb2, pipeline_pb2
from google.protobuf import json_format, struct_pb2
from hypothesis import given
from hypothesis import strategies as st

from chassis.ids import new_id
from chassis.validation import MOST_VIOLATIONS, Nouns, contract, violations


def a_contact(**fields):
    return contact_pb2.CreateContactRequest(contact=contact_pb2.Contact(**{"given_name": "Ama"} | fields))


def fields(request, rpc=""):
    return [each.field for each in violations(request, rpc)]


def test_a_sound_request_has_no_violations():
    assert (
        violations(a_contact(emails=[{"address": "ama@kente.example"}], tags=["vip"], description="one\ntwo\ttab"))
        == []
    )


@pytest.mark.parametrize(
    ("given_fields", "path"),
    [
        ({"given_name": "a" * 256}, "contact.given_name"),
        ({"description": "a" * 10_001}, "contact.description"),
        ({"given_name": "nul\0"}, "contact.given_name"),
        ({"given_name": "esc\x1b"}, "contact.given_name"),
        ({"given_name": "\x85"}, "contact.given_name"),
        ({"tags": ["a"] * 51}, "contact.tags"),
        ({"tags": ["ok", "bell\a"]}, "contact.tags[1]"),
        ({"emails": [{"address": "a@b.example"}, {"type": "work"}]}, "contact.emails[1].address"),
        ({"emails": [{"address": "not an address"}]}, "contact.emails[0].address"),
        ({"phones": [{"number": "0151 234"}]}, "contact.phones[0].number"),
        ({"account_id": "con_00000000000000000000000000"}, "contact.account_id"),
        ({"account_id": '{"$ne": ""}'}, "contact.account_id"),
        ({"addresses": [{"country_code": "XX"}]}, "contact.addresses[0].country_code"),
        ({"birth_date": "20260101"}, "contact.birth_date"),
        ({"external_ids": [{"system": "ERP", "id": "1"}]}, "contact.external_ids[0].system"),
        ({"external_ids": [{"system": "erp", "id": " "}]}, "contact.external_ids[0].id"),
    ],
)
def test_a_misfit_is_named_with_its_place(given_fields, path):
    assert fields(a_contact(**given_fields)) == [path]


def test_a_request_without_its_noun_says_so():
    assert fields(contact_pb2.CreateContactRequest()) == ["contact"]


def test_a_blank_is_no_name():
    request = account_pb2.CreateAccountRequest(account={"name": "  "})
    assert fields(request) == ["account.name"]


def test_what_only_the_service_writes_is_not_checked():
    history = [{"stage": "\0"}]
    request = opportunity_pb2.CreateOpportunityRequest(
        opportunity={"name": "n", "stage_history": history, "status": 99}
    )
    assert violations(request) == []


@pytest.mark.parametrize("number", [-1, 99])
def test_an_unknown_enum_number_is_refused(number):
    request = interaction_pb2.CreateInteractionRequest(interaction={"title": "t", "kind": number})
    assert fields(request) == ["interaction.kind"]
    assert fields(interaction_pb2.TimelineRequest(id="x", kinds=[1, number])) == ["kinds[1]"]


def test_a_required_enum_must_say_something():
    assert fields(interaction_pb2.CreateInteractionRequest(interaction={"title": "t"})) == ["interaction.kind"]


@pytest.mark.parametrize(
    ("seconds", "nanos"), [(-62_135_596_801, 0), (253_402_300_800, 0), (0, -1), (0, 1_000_000_000)]
)
def test_an_instant_out_of_the_calendar_is_refused(seconds, nanos):
    occur_time = {"seconds": seconds, "nanos": nanos}
    request = interaction_pb2.CreateInteractionRequest(interaction={"title": "t", "kind": 1, "occur_time": occur_time})
    assert fields(request) == ["interaction.occur_time"]


@pytest.mark.parametrize(
    ("money", "path"),
    [
        ({"currency_code": "EUR", "units": 1, "nanos": -1}, ".nanos"),
        ({"currency_code": "EUR", "units": -1, "nanos": 1}, ".nanos"),
        ({"currency_code": "EUR", "nanos": 1_000_000_000}, ".nanos"),
        ({"currency_code": "EUR", "units": 2**62}, ".units"),
        ({"currency_code": "EURO"}, ".currency_code"),
        ({"units": 1}, ".currency_code"),
    ],
)
def test_money_must_be_exact_and_of_a_known_currency(money, path):
    request = account_pb2.CreateAccountRequest(account={"name": "n", "annual_revenue": money})
    assert fields(request) == [f"account.annual_revenue{path}"]


def test_money_may_be_finer_than_the_coins_and_negative():
    money = {"currency_code": "JPY", "units": 0, "nanos": -5}
    assert violations(account_pb2.CreateAccountRequest(account={"name": "n", "annual_revenue": money})) == []


def test_bounds_of_numbers_hold_where_a_number_is_given():
    assert violations(account_pb2.CreateAccountRequest(account={"name": "n"})) == []
    bad = account_pb2.CreateAccountRequest(account={"name": "n", "employee_count": -1, "founded_year": 999})
    assert fields(bad) == ["account.employee_count", "account.founded_year"]


def test_a_required_list_must_have_entries():
    request = pipeline_pb2.CreatePipelineRequest(pipeline={"name": "n"})
    assert fields(request) == ["pipeline.stages"]
    assert fields(requests_pb2.BatchGetRequest(ids=["con_1"] * 201)) == ["ids"]


class TestUpdates:
    def test_without_a_mask_everything_required_must_be_there(self):
        assert fields(account_pb2.UpdateAccountRequest(account={"region": "north"})) == ["account.name"]

    def test_with_a_mask_only_what_it_names(self):
        request = account_pb2.UpdateAccountRequest(account={"region": "north"}, update_mask={"paths": ["region"]})
        assert violations(request) == []
        request.update_mask.paths.append("name")
        assert fields(request) == ["account.name"]

    def test_what_is_given_beside_the_mask_is_still_checked(self):
        request = account_pb2.UpdateAccountRequest(
            account={"region": "\0", "registration_ids": [{"kind": "vat"}]}, update_mask={"paths": ["tags"]}
        )
        assert fields(request) == ["account.region", "account.registration_ids[0].number"]

    @pytest.mark.parametrize(
        "path", ["nonsense", "$set", "name.x", "phones.number", "", "annual_revenue.x", "__proto__"]
    )
    def test_a_mask_names_fields_only(self, path):
        request = account_pb2.UpdateAccountRequest(account={"name": "n"}, update_mask={"paths": [path]})
        assert "update_mask" in fields(request)

    def test_each_item_of_a_batch_has_its_own_mask(self):
        item = {"account": {"region": "north"}, "update_mask": {"paths": ["region"]}}
        request = account_pb2.BatchAccountsRequest(items=[item, {"account": {"region": "south"}}])
        assert fields(request, "BatchUpdateAccounts") == ["items[1].account.name"]

    def test_a_mask_does_not_excuse_an_item_that_is_to_be_made(self):
        item = {"account": {"region": "north"}, "update_mask": {"paths": ["region"]}}
        request = account_pb2.BatchAccountsRequest(items=[item])
        assert fields(request, "BatchCreateAccounts") == ["items[0].account.name"]


def test_an_upsert_may_leave_required_fields_of_the_noun_out_but_not_of_its_parts():
    known = {"registration_ids": [{"kind": "vat"}]}
    request = account_pb2.UpsertAccountRequest(system="erp", external_id="1", account=known)
    assert fields(request) == ["account.registration_ids[0].number"]
    assert fields(account_pb2.UpsertAccountRequest(system="erp", account={})) == ["external_id"]
    batch = account_pb2.BatchAccountsRequest(items=[{"account": {}}])
    assert violations(batch, "BatchUpsertAccounts") == []
    assert fields(batch, "BatchCreateAccounts") == ["items[0].account.name"]


@pytest.mark.parametrize(
    ("rpc", "nouns"),
    [
        ("CreateContact", Nouns.WHOLE),
        ("UpdateContact", Nouns.MASKED),
        ("BatchUpdateContacts", Nouns.MASKED),
        ("UpsertContactRequest", Nouns.PARTIAL),
        ("BatchUpsertContacts", Nouns.PARTIAL),
        ("BatchCreateContacts", Nouns.WHOLE),
        ("Updated", Nouns.WHOLE),
    ],
)
def test_the_method_says_how_much_of_a_noun_must_be_there(rpc, nouns):
    assert Nouns.of(rpc) is nouns


class TestValues:
    def test_a_filter_is_checked_at_every_depth(self):
        request = listing_pb2.ListRequest(filter={"all": [{"field": "name", "op": "regex"}, {"not": {"op": "$where"}}]})
        assert fields(request) == ["filter.all[0].op", "filter.all[1].not.op"]

    def test_a_deep_value_is_refused(self):
        value = "end"
        for _ in range(9):
            value = [value]
        assert fields(self.filter_by(value)) == ["filter.value"]

    def test_a_wide_value_is_refused(self):
        assert violations(self.filter_by(["x"] * 998)) == []
        assert fields(self.filter_by(["x"] * 1000)) == ["filter.value"]

    @pytest.mark.parametrize("value", ["\0", {"k\0": 1}, ["ok", "\x07"], "x" * 10_001, {"a": {"b" * 256: None}}])
    def test_texts_in_values_are_texts(self, value):
        assert fields(self.filter_by(value)) == ["filter.value"]

    def test_of_an_object_the_key_is_named(self):
        request = contact_pb2.CreateContactRequest()
        request.contact.custom_fields.update({"fine": "x", "notes": "\0", "odd key": 1})
        assert "contact.custom_fields.notes" in fields(request)
        request.contact.custom_fields.update({"notes": "x", "odd key": "\0"})
        assert "contact.custom_fields" in fields(request)

    @pytest.mark.parametrize("number", [float("nan"), float("inf"), float("-inf")])
    def test_numbers_in_values_are_finite(self, number):
        request = listing_pb2.ListRequest()
        request.filter.value.number_value = number
        assert fields(request) == ["filter.value"]

    @staticmethod
    def filter_by(value):
        request = listing_pb2.ListRequest()
        request.filter.value.CopyFrom(json_format.ParseDict(value, struct_pb2.Value()))
        return request


def test_a_flood_of_violations_is_cut():
    request = contact_pb2.BatchContactsRequest(items=[{"contact": {"tags": ["\0"] * 50}}] * 200)
    assert len(violations(request, "BatchCreateContacts")) == MOST_VIOLATIONS


@given(st.binary(max_size=400))
def test_no_bytes_that_parse_can_break_the_check(data):
    for message in (
        contact_pb2.BatchContactsRequest(),
        listing_pb2.ListRequest(),
        pipeline_pb2.UpdatePipelineRequest(),
    ):
        try:
            message.ParseFromString(data)
        except Exception:
            continue
        violations(message, "BatchUpdateContacts")


@given(st.text(max_size=300))
def test_a_text_is_accepted_iff_it_is_short_and_has_no_control_characters(text):
    try:
        text.encode()
    except UnicodeEncodeError:
        return
    sound = len(text) <= 255 and not any((ord(c) < 32 and c not in "\n\r\t") or 127 <= ord(c) < 160 for c in text)
    assert (violations(a_contact(family_name=text, owner_id=new_id("usr"))) == []) == sound


def test_the_first_requests_of_a_process_are_checked_as_all_others(monkeypatch):
    bad = contact_pb2.UpdateContactRequest(
        contact=contact_pb2.Contact(tags=["bell\a"]), update_mask={"paths": ["tags"]}
    )
    usual, turns = sys.getswitchinterval(), 30
    sys.setswitchinterval(1e-6)
    try:
        with ThreadPoolExecutor(4) as threads:
            for _ in range(turns):
                monkeypatch.setattr(contract, "_contracts", {})
                together = threading.Barrier(4)
                checked = [
                    threads.submit(lambda b=together: (b.wait(), fields(bad, "UpdateContact"))) for _ in range(4)
                ]
                assert [each.result()[1] for each in checked] == [["contact.tags[0]"]] * 4
    finally:
        sys.setswitchinterval(usual)
