"""Fields of a tenant's own at the gateway: which service is asked, how they are written, and what they look like."""

import pytest
from crm.contacts.v1 import contact_pb2
from crm.schema.v1 import field_definition_pb2
from google.protobuf import json_format

from chassis.principal import verify
from chassis.refusals import FieldForbidden, Violation
from services.gateway.contract import home_of
from tests.gateway.cast import PUBLIC_KEY, a_principal


@pytest.mark.parametrize(
    ("noun", "service"),
    [
        ("contact", "contacts"),
        ("opportunity", "sales"),
        ("ticket", "support"),
        ("objects.machine", "contacts"),
        ("x", ""),
    ],
)
def test_a_noun_has_one_home(noun: str, service: str) -> None:
    assert home_of(noun) == service


def test_a_schema_of_a_noun_that_nobody_keeps_is_not_found(gateway, stand_in):
    answer = gateway.get("/v1/schema/spaceship")
    assert (answer.status_code, answer.json["type"]) == (404, "/problems/not-found")
    assert "GetSchema" not in [name for name, _, _ in stand_in.asked]


def test_a_new_field_is_made_below_its_noun(gateway, stand_in):
    stand_in.says["CreateFieldDefinition"] = lambda asked: field_definition_pb2.FieldDefinition(
        id="fld_1", noun=asked.noun
    )
    answer = gateway.post("/v1/schema/contact/fields", json={"key": "tier", "label": "Tier", "type": "SELECT"})
    assert (answer.status_code, answer.headers["Location"]) == (201, "/v1/schema/contact/fields/fld_1")
    asked, _ = stand_in.last("CreateFieldDefinition")
    assert (asked.noun, asked.field_definition.key) == ("contact", "tier")


def test_values_go_in_and_come_out_as_json(gateway, stand_in):
    stand_in.says["UpdateContact"] = lambda asked: asked.contact
    custom = {"tier": "gold", "size": 5, "tags": ["a"], "budget": {"currency_code": "EUR", "units": "12"}, "old": None}
    answer = gateway.patch("/v1/contacts/con_1", json={"custom_fields": custom})
    assert answer.json["custom_fields"] == custom
    assert list(stand_in.last("UpdateContact")[0].update_mask.paths) == ["custom_fields"]


def test_a_parameter_of_a_custom_field_is_a_condition(gateway, stand_in):
    gateway.get("/v1/contacts?custom_fields.tier=gold&custom_fields.size=5&custom_fields.size=6")
    asked, _ = stand_in.last("ListContacts")
    assert json_format.MessageToDict(asked.filter) == {
        "all": [
            {"field": "custom_fields.tier", "op": "eq", "value": "gold"},
            {"field": "custom_fields.size", "op": "in", "value": ["5", "6"]},
        ]
    }
    assert gateway.get("/v1/products?custom_fields.tier=gold").status_code == 400


def test_a_forbidden_field_is_told_by_its_pointer(gateway, stand_in):
    def forbid(_: contact_pb2.UpdateContactRequest) -> None:
        raise FieldForbidden([Violation("contact.custom_fields.tier", "may not be set by the caller")])

    stand_in.says["UpdateContact"] = forbid
    answer = gateway.patch("/v1/contacts/con_1", json={"custom_fields": {"tier": "gold"}})
    assert (answer.status_code, answer.json["type"]) == (403, "/problems/field-forbidden")
    assert answer.json["errors"] == [{"pointer": "/custom_fields/tier", "detail": "may not be set by the caller"}]
    assert answer.json["detail"] == "The caller may see custom_fields.tier and not set it."


def test_roles_travel_with_the_principal(gateway, stand_in):
    stand_in.says["Authenticate"] = lambda _: a_principal(roles=["manager"])
    gateway.get("/v1/contacts")
    assert verify(stand_in.last("ListContacts")[1]["kith-principal"], PUBLIC_KEY).roles == ("manager",)
