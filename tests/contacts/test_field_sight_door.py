"""Who sees and sets which of a tenant's own fields: what is hidden is hidden in every path."""

from collections.abc import Callable
from typing import Any

import grpc
import pytest
from crm.common.v1 import requests_pb2
from crm.schema.v1 import field_definition_pb2, schema_pb2

from chassis.testing import Caller, details, reason
from tests.builders.fields import define
from tests.contacts.cases import CONTACT
from tests.contacts.customs import PLAIN, asked, changed, fields_of, made, of_definition, redefined, where
from tests.refused import refusal, violations

SEEN = {"tier": "gold"}


def test_those_of_the_role_see_a_restricted_field(secret: Any, colleague: Callable[..., Caller]) -> None:
    manager = colleague(grants=PLAIN, roles=("manager",))
    assert fields_of(manager.GetContact(requests_pb2.GetRequest(id=secret.id))) == {
        "tier": "gold",
        "margin": 40,
        "worth": 80,
    }
    assert manager.ListContacts(asked(**where("margin", "gt", 1))).contacts


@pytest.mark.parametrize("fields", [[], ["custom_fields"], ["id", "custom_fields", "custom_fields.tier"]])
def test_a_hidden_field_is_in_no_read(secret: Any, rep: Caller, fields: list[str]) -> None:
    assert fields_of(rep.GetContact(requests_pb2.GetRequest(id=secret.id, fields=fields))) == SEEN
    [listed] = rep.ListContacts(asked(fields=fields)).contacts
    assert fields_of(listed) == SEEN
    [result] = rep.BatchGetContacts(requests_pb2.BatchGetRequest(ids=[secret.id], fields=fields)).results
    assert fields_of(result.contact) == SEEN


def test_a_hidden_field_is_in_no_answer_of_a_write(secret: Any, rep: Caller) -> None:
    assert fields_of(CONTACT.update(rep, secret.id, job_title="Gardener")) == SEEN
    assert fields_of(changed(rep, secret.id, tier="gold")) == SEEN
    [result] = CONTACT.batch(rep, "Update", [{"contact": {"id": secret.id, "job_title": "x"}}]).results
    assert fields_of(result.contact) == SEEN
    assert fields_of(rep.DeleteContact(requests_pb2.DeleteRequest(id=secret.id))) == SEEN
    assert fields_of(rep.RestoreContact(requests_pb2.RestoreRequest(id=secret.id))) == SEEN


@pytest.mark.parametrize(
    "request_of",
    [
        lambda: where("margin", "gt", 1), lambda: where("margin", "exists", True), lambda: where("worth", "eq", 80),
        lambda: {"filter": {"not": where("margin", "eq", 40)["filter"]}}, lambda: {"order_by": ["custom_fields.margin"]},
        lambda: {"order_by": ["-custom_fields.worth"]}, lambda: {"fields": ["custom_fields.margin"]},
        lambda: {"filter": {"field": "custom_fields", "op": "exists", "value": True}},
        lambda: {"filter": {"field": "custom_index", "op": "exists", "value": True}},
        lambda: {"filter": {"field": "custom_index.v", "op": "eq", "value": 40}}, lambda: {"order_by": ["custom_unique"]},
    ],
)  # fmt: skip
def test_a_hidden_field_is_neither_filtered_nor_sorted_nor_asked_for(secret: Any, rep: Caller, request_of: Any) -> None:
    assert violations(lambda: rep.ListContacts(asked(**request_of())))


def test_a_hidden_field_is_answered_to_writers_as_one_that_is_not_there(secret: Any, rep: Caller) -> None:
    assert violations(lambda: changed(rep, secret.id, margin=5)) == {
        "contact.custom_fields.margin": "there is no such field"
    }


@pytest.mark.parametrize("roles", ["read_roles", "write_roles"])
def test_a_field_is_for_roles_that_there_are(roles: str, caller: Caller) -> None:
    unknown = violations(lambda: define(caller, "margin", **{roles: ["manager", "unicorn"]}))
    assert unknown.keys() == {f"field_definition.{roles}[1]"}


@pytest.mark.parametrize("roles", ["read_roles", "write_roles"])
def test_nobody_must_give_what_they_may_not_set(roles: str, caller: Caller, rep: Caller) -> None:
    define(caller, "margin", required=True, **{roles: ["manager"]})
    assert made(rep).id
    assert violations(lambda: made(caller)) == {"contact.custom_fields.margin": "is required"}


def test_a_hidden_field_stays_when_those_who_do_not_see_it_write(secret: Any, rep: Caller, caller: Caller) -> None:
    changed(rep, secret.id, tier="silver")
    assert fields_of(caller.GetContact(requests_pb2.GetRequest(id=secret.id)))["margin"] == 40


def test_a_hidden_field_is_in_no_schema_and_no_list_of_definitions(secret: Any, rep: Caller) -> None:
    schema = rep.GetSchema(schema_pb2.GetSchemaRequest(noun="contact"))
    assert [field.path for field in schema.fields if field.custom] == ["custom_fields.tier"]
    definitions = rep.ListFieldDefinitions(field_definition_pb2.ListFieldDefinitionsRequest(noun="contact"))
    assert [each.key for each in definitions.field_definitions] == ["tier"]


def test_a_field_of_another_role_is_forbidden_by_its_name(caller: Caller, rep: Caller) -> None:
    define(caller, "tier", write_roles=["manager"])
    contact = made(caller, tier="gold")
    with pytest.raises(grpc.RpcError) as refusal:
        changed(rep, contact.id, tier="silver")
    assert refusal.value.code() is grpc.StatusCode.PERMISSION_DENIED
    assert reason(refusal.value) == "FIELD_FORBIDDEN"
    assert details(refusal.value)["violations"] == {"contact.custom_fields.tier": "may not be set by the caller"}
    assert fields_of(CONTACT.update(rep, contact.id, job_title="Gardener")) == {"tier": "gold"}


def test_definitions_are_changed_by_those_who_may(caller: Caller, rep: Caller) -> None:
    tier = define(caller, "tier")
    for call in (
        lambda: define(rep, "branch"),
        lambda: redefined(rep, tier, label="Rank"),
        lambda: rep.DeprecateFieldDefinition(of_definition(tier)),
        lambda: rep.DeleteFieldDefinition(of_definition(tier)),
    ):
        assert refusal(call) == "FORBIDDEN"
