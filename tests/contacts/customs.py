"""What tests of custom fields at the door ask and expect."""

from typing import Any

from crm.common.v1 import listing_pb2
from crm.schema.v1 import field_definition_pb2
from google.protobuf import json_format

from chassis.testing import Caller
from tests.contacts.cases import CONTACT, Case

PLAIN = {"contacts.*.*": "all", "schema.field_definition.read": "all"}


def made(caller: Caller, *, case: Case = CONTACT, **custom: Any) -> Any:
    return case.create(caller, custom_fields=custom)


def changed(caller: Caller, id: str, **custom: Any) -> Any:
    return CONTACT.update(caller, id, mask=("custom_fields",), custom_fields=custom)


def fields_of(record: Any) -> dict[str, Any]:
    return json_format.MessageToDict(record.custom_fields)


def asked(**given: Any) -> listing_pb2.ListRequest:
    return json_format.ParseDict(given, listing_pb2.ListRequest())


def where(key: str, op: str, value: Any) -> dict[str, Any]:
    return {"filter": {"field": f"custom_fields.{key}", "op": op, "value": value}}


def of_definition(definition: Any, **more: Any) -> Any:
    return field_definition_pb2.FieldDefinitionRequest(noun=definition.noun, id=definition.id, **more)


def redefined(caller: Caller, definition: Any, *mask: str, **fields: Any) -> Any:
    given = field_definition_pb2.FieldDefinition(id=definition.id, **fields)
    request = field_definition_pb2.UpdateFieldDefinitionRequest(
        noun=definition.noun, field_definition=given, update_mask={"paths": mask or list(fields)}
    )
    return caller.UpdateFieldDefinition(request)
