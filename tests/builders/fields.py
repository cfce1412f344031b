"""Builders of custom fields, with their cast: the tier of a customer, the discount that goes with it, and what it may owe."""

from typing import Any

from crm.schema.v1 import field_definition_pb2

from chassis.fields import CustomField, Schema
from chassis.testing import Caller

TIERS = [
    {"value": "gold", "label": "Gold", "labels": {"ja": "金"}},
    {"value": "silver"},
    {"value": "bronze", "retired": True},
]


def a_definition_message(key: str = "tier", **fields: Any) -> field_definition_pb2.FieldDefinition:
    """A line of text to define."""
    return field_definition_pb2.FieldDefinition(**({"key": key, "label": key.capitalize(), "type": "TEXT"} | fields))


def a_field(key: str = "tier", **fields: Any) -> CustomField:
    """A line of text, as its definition is stored."""
    return CustomField(
        {"_id": f"fld_{key}", "key": key, "label": key.capitalize(), "type": "TEXT", "state": "ACTIVE"} | fields
    )


def a_schema(*fields: CustomField) -> Schema:
    """A tenant's fields of a noun."""
    return Schema(1, fields)


def define(
    caller: Caller, key: str = "tier", noun: str = "contact", **fields: Any
) -> field_definition_pb2.FieldDefinition:
    """Define a field at a door."""
    request = field_definition_pb2.CreateFieldDefinitionRequest(
        noun=noun, field_definition=a_definition_message(key, **fields)
    )
    return caller.CreateFieldDefinition(request)  # type: ignore[no-any-return]
