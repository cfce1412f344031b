"""What records take, get, compute and keep of a tenant's fields, and who sees which."""

from typing import Any

import pytest
from bson.decimal128 import Decimal128

from chassis.fields import NOTHING, CustomField
from chassis.listing import INDEX, Catalogue
from chassis.principal import Principal
from chassis.refusals import FieldForbidden, Invalid
from chassis.testing import somebody
from tests.builders.fields import TIERS, a_field, a_schema

REP = somebody(grants={"contacts.*.*": "all"}, roles=("sales_rep",))
MANAGER = somebody(grants={"contacts.*.*": "all"}, roles=("manager",))
ADMINISTRATOR = somebody()


def taken(field: CustomField, given: Any, held: dict[str, Any] | None = None, whom: Principal = REP) -> dict[str, Any]:
    return a_schema(field).taken(held or {}, {field.key: given}, whom, "contact")


def refused(field: CustomField, given: Any, held: dict[str, Any] | None = None, whom: Principal = REP) -> str:
    with pytest.raises((Invalid, FieldForbidden)) as refusal:
        taken(field, given, held, whom)
    [violation] = refusal.value.violations
    assert violation.field == f"contact.custom_fields.{field.key}"
    return violation.description


def test_keys_that_are_not_given_stay_and_null_takes_a_value_away() -> None:
    schema = a_schema(a_field("tier"), a_field("branch"))
    assert schema.taken({"tier": "gold", "branch": "Bonn"}, {"branch": None}, REP, "contact") == {"tier": "gold"}


def test_every_fault_is_told_by_its_key() -> None:
    schema = a_schema(a_field("size", type="INTEGER"), a_field("since", type="DATE"))
    with pytest.raises(Invalid) as refusal:
        schema.taken({}, {"size": "big", "since": "soon", "colour": "red"}, REP, "contact")
    assert [each.field for each in refusal.value.violations] == [
        "contact.custom_fields.size", "contact.custom_fields.since", "contact.custom_fields.colour",
    ]  # fmt: skip


def test_a_hidden_field_is_answered_like_one_that_is_not_there() -> None:
    hidden, missing = a_field(read_roles=["manager"]), a_schema()
    with pytest.raises(Invalid) as refusal:
        missing.taken({}, {"tier": "gold"}, REP, "contact")
    assert refused(hidden, "gold") == refusal.value.violations[0].description
    assert taken(hidden, "gold", whom=MANAGER) == {"tier": "gold"}
    assert taken(hidden, "gold", whom=ADMINISTRATOR) == {"tier": "gold"}


def test_a_field_of_another_role_is_not_set_and_may_be_sent_back_as_read() -> None:
    field = a_field(write_roles=["manager"])
    assert refused(field, "gold", {"tier": "silver"}) == "may not be set by the caller"
    assert taken(field, "silver", {"tier": "silver"}) == {"tier": "silver"}
    assert taken(field, "gold", whom=MANAGER) == {"tier": "gold"}


def test_a_deprecated_field_keeps_its_value_or_loses_it_and_takes_no_other() -> None:
    field = a_field(state="DEPRECATED")
    assert refused(field, "gold", {"tier": "silver"}) == "takes no new values: it is deprecated"
    assert taken(field, "silver", {"tier": "silver"}) == {"tier": "silver"}
    assert taken(field, None, {"tier": "silver"}) == {}


def test_a_retired_option_stays_where_it_is_and_comes_nowhere_else() -> None:
    some = a_field(type="MULTI_SELECT", options=TIERS)
    assert taken(some, ["bronze", "gold"], {"tier": ["bronze"]}) == {"tier": ["bronze", "gold"]}
    assert refused(some, ["bronze"], {"tier": ["gold"]}) == "takes bronze no longer"
    assert refused(a_field(type="SELECT", options=TIERS), "lead") == "must be one of gold, silver"


def test_a_required_field_is_missed_in_new_records_and_cannot_be_cleared() -> None:
    schema = a_schema(a_field(required=True), a_field("old", required=True, state="DEPRECATED"))
    assert schema.missing({}, REP) == ["tier"]
    assert refused(a_field(required=True), None, {"tier": "gold"}) == "is required"


def test_a_default_fills_what_was_not_given() -> None:
    schema = a_schema(
        a_field(default_value={"string_value": "silver"}),
        a_field(
            "tags",
            type="MULTI_SELECT",
            options=TIERS,
            default_value={"list_value": {"values": [{"string_value": "gold"}]}},
        ),
        a_field("size", type="INTEGER", default_value={"number_value": 5.0}),
    )
    assert schema.completed({"tier": "gold"}) == {"tier": "gold", "tags": ["gold"], "size": 5}


def test_a_formula_follows_its_inputs_and_nobody_sets_it() -> None:
    net = a_field("net", type="DECIMAL", formula="round(price * (1 - discount / 100), 2)")
    schema = a_schema(a_field("price", type="DECIMAL"), a_field("discount", type="INTEGER"), net)
    row = {"custom_fields": {"price": Decimal128("19.99"), "discount": 10}}
    assert schema.computed(row)["net"] == Decimal128("17.99")
    assert "net" not in schema.computed({"custom_fields": {"net": Decimal128("5")}})
    assert refused(net, "5") == "cannot be set: a formula computes it"


def test_indexes_hold_one_entry_for_each_value() -> None:
    schema = a_schema(
        a_field(type="MULTI_SELECT", options=TIERS, index={"filters": True}),
        a_field("serial", index={"unique": True}),
        a_field("note"),
    )
    entries = schema.entries({"tier": ["gold", "silver"], "serial": "A-1", "note": "x"})
    assert entries == {
        INDEX: [{"k": "tier", "v": "gold"}, {"k": "tier", "v": "silver"}],
        "custom_unique": ["serial=A-1"],
    }
    assert schema.entries({"note": "x"}) == {}


def test_a_catalogue_leaves_out_what_its_caller_may_not_see() -> None:
    schema = a_schema(a_field(read_roles=["manager"]), a_field("price", type="MONEY"))
    contract = Catalogue({})
    assert set(schema.catalogue(contract, REP)) == {
        "custom_fields.price", "custom_fields.price.currency_code", "custom_fields.price.units", "custom_fields.price.nanos",
    }  # fmt: skip
    assert schema.catalogue(contract, REP).hidden == ("custom_fields.tier",)
    assert "custom_fields.tier" in schema.catalogue(contract, MANAGER)
    assert NOTHING.catalogue(contract, REP) is contract


def test_the_version_names_the_revision_of_the_tenants_fields() -> None:
    assert (NOTHING.version, a_schema(a_field()).version) == ("1", "1.1")
