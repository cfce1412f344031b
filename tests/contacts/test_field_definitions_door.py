"""Definitions of custom fields at the door: what they take, refuse and never lose, and how a noun is described."""

from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from typing import Any

import grpc
import pytest
from crm.schema.v1 import field_definition_pb2, schema_pb2

from chassis.testing import Caller, reason, somebody
from tests.builders.fields import TIERS, define
from tests.contacts.customs import changed, fields_of, made, of_definition, redefined
from tests.refused import refusal, violations


def test_a_noun_is_described_with_the_fields_of_its_contract_and_the_tenants_own(caller: Caller, rep: Caller) -> None:
    tier = define(
        caller, "tier", type="SELECT", options=TIERS, labels={"de": "Stufe"}, write_roles=["manager"], required=True
    )
    schema = rep.GetSchema(schema_pb2.GetSchemaRequest(noun="contact"))
    fields = {field.path: field for field in schema.fields}
    assert (schema.noun, schema.service) == ("contact", "contacts")
    assert schema.version.startswith("1.")
    assert fields["emails.address"].repeated
    assert fields["birth_date"].type == "date"
    assert fields["create_time"].read_only
    assert fields["account_id"].refers_to == "acc"
    own = fields["custom_fields.tier"]
    assert (own.type, own.label, dict(own.labels), own.required, own.read_only) == (
        "SELECT",
        "Tier",
        {"de": "Stufe"},
        True,
        True,
    )
    assert [option.value for option in own.options] == ["gold", "silver", "bronze"]
    assert own.definition_id == tier.id
    assert "starts_with" in own.operators


@pytest.mark.parametrize("noun", ["opportunity", "objects.machine", "nothing", "ticket"])
def test_a_noun_of_another_service_is_not_found_here(caller: Caller, noun: str) -> None:
    assert refusal(lambda: caller.GetSchema(schema_pb2.GetSchemaRequest(noun=noun))) == "NOT_FOUND"
    assert refusal(lambda: define(caller, noun=noun)) == "NOT_FOUND"


def test_a_noun_without_fields_of_a_tenants_own_is_described_and_takes_none(caller: Caller) -> None:
    assert caller.GetSchema(schema_pb2.GetSchemaRequest(noun="interaction")).fields
    assert refusal(lambda: define(caller, noun="interaction")) == "NOT_FOUND"


def test_the_schema_of_records_that_one_may_not_read_is_refused(colleague: Callable[..., Caller]) -> None:
    nobody = colleague(grants={"schema.field_definition.read": "all"})
    assert refusal(lambda: nobody.GetSchema(schema_pb2.GetSchemaRequest(noun="contact"))) == "FORBIDDEN"


def test_a_definition_is_found_only_below_its_noun(caller: Caller) -> None:
    tier = define(caller, "tier")
    elsewhere = field_definition_pb2.FieldDefinitionRequest(noun="account", id=tier.id)
    asked_for = field_definition_pb2.GetFieldDefinitionRequest(noun="account", id=tier.id)
    assert refusal(lambda: caller.GetFieldDefinition(asked_for)) == "NOT_FOUND"
    assert refusal(lambda: caller.DeprecateFieldDefinition(elsewhere)) == "NOT_FOUND"
    assert refusal(lambda: caller.DeleteFieldDefinition(elsewhere)) == "NOT_FOUND"
    asked_for.noun = "contact"
    assert caller.GetFieldDefinition(asked_for) == tier


def test_a_faulty_definition_is_refused_by_its_field(caller: Caller) -> None:
    assert violations(lambda: define(caller, "tier", type="SELECT")).keys() == {"field_definition.options"}
    assert violations(lambda: define(caller, "given_name")).keys() == {"field_definition.key"}


def test_a_key_is_taken_once(caller: Caller) -> None:
    define(caller, "tier")
    assert refusal(lambda: define(caller, "tier")) == "ALREADY_EXISTS"
    assert define(caller, "tier", noun="account").key == "tier"


def test_a_field_in_use_changes_its_words_and_not_its_nature(caller: Caller) -> None:
    tier = define(caller, "tier", type="SELECT", options=TIERS)
    assert redefined(caller, tier, type="TEXT", options=[]).type == field_definition_pb2.FieldDefinition.TEXT
    redefined(caller, tier, type="SELECT", options=TIERS)
    made(caller, tier="gold")
    assert redefined(caller, tier, label="Rank").label == "Rank"
    for change in ({"type": "MULTI_SELECT"}, {"index": {"unique": True}}, {"options": TIERS[1:]}):
        assert refusal(lambda change=change: redefined(caller, tier, **change)) == "FIELD_IN_USE"
    assert len(redefined(caller, tier, options=TIERS[:1] + TIERS[2:]).options) == 2


def test_a_field_is_deprecated_before_it_is_deleted_and_deleted_when_no_record_holds_a_value(caller: Caller) -> None:
    tier = define(caller, "tier")
    contact = made(caller, tier="gold")
    assert refusal(lambda: caller.DeleteFieldDefinition(of_definition(tier))) == "FIELD_NOT_DEPRECATED"
    assert caller.DeprecateFieldDefinition(of_definition(tier)).state == field_definition_pb2.FieldDefinition.DEPRECATED
    assert refusal(lambda: caller.DeprecateFieldDefinition(of_definition(tier))) == "FIELD_ALREADY_DEPRECATED"
    assert refusal(lambda: caller.DeleteFieldDefinition(of_definition(tier))) == "FIELD_IN_USE"
    assert violations(lambda: made(caller, tier="gold"))
    changed(caller, contact.id, tier=None)
    caller.DeleteFieldDefinition(of_definition(tier))
    assert refusal(lambda: define(caller, "tier")) == "ALREADY_EXISTS"
    caller.RestoreFieldDefinition(of_definition(tier))
    caller.ReactivateFieldDefinition(of_definition(tier))
    assert fields_of(changed(caller, contact.id, tier="gold")) == {"tier": "gold"}


def test_an_input_of_a_formula_stays(caller: Caller) -> None:
    price = define(caller, "price", type="DECIMAL")
    define(caller, "gross", type="DECIMAL", formula="price * 1.19")
    assert refusal(lambda: caller.DeprecateFieldDefinition(of_definition(price))) == "FIELD_IS_INPUT"
    assert violations(lambda: redefined(caller, price, read_roles=["manager"])).keys() == {
        "field_definition.read_roles"
    }


def test_an_input_of_a_formula_becomes_nothing_that_it_cannot_compute_with(caller: Caller) -> None:
    price = define(caller, "price", type="DECIMAL")
    define(caller, "gross", type="DECIMAL", formula="price * 1.19")
    assert redefined(caller, price, type="INTEGER").etag == "2"
    told = violations(lambda: redefined(caller, price, type="TEXT"))
    assert told == {
        "field_definition.type": "custom_fields.gross is computed from it: takes price as a number, and it is a text"
    }


def test_the_twenty_first_indexed_field_is_refused_however_many_come_at_once(caller: Caller) -> None:
    for number in range(18):
        define(caller, f"f{number}", index={"filters": True})

    def attempt(number: int) -> str:
        try:
            return str(define(caller, f"g{number}", index={"filters": True}).key)
        except grpc.RpcError as refusal:
            return reason(refusal)

    with ThreadPoolExecutor(4) as pool:
        outcomes = list(pool.map(attempt, range(4)))
    assert outcomes.count("FIELD_QUOTA_REACHED") == 2
    reference = {"type": "REFERENCE", "refers_to": "account"}  # always has an index
    assert refusal(lambda: define(caller, "keeper", **reference)) == "FIELD_QUOTA_REACHED"
    assert define(caller, "plain").key == "plain"


def test_one_tenants_fields_are_no_other_tenants(caller: Caller, door: Any) -> None:
    tier, stranger = define(caller, "tier"), door(somebody())
    assert violations(lambda: made(stranger, tier="gold"))
    assert define(stranger, "tier").id != tier.id
    asked_for = field_definition_pb2.GetFieldDefinitionRequest(noun="contact", id=tier.id)
    assert refusal(lambda: stranger.GetFieldDefinition(asked_for)) == "NOT_FOUND"
