"""Reads what the contract declares about a message or a field: its options, in one place and typed."""

from typing import Any

from crm.options.v1 import options_pb2
from google.api import field_behavior_pb2

OUTPUT_ONLY = field_behavior_pb2.OUTPUT_ONLY
INPUT_ONLY = field_behavior_pb2.INPUT_ONLY
IMMUTABLE = field_behavior_pb2.IMMUTABLE
REQUIRED = field_behavior_pb2.REQUIRED


def behaviors(field: Any) -> frozenset[int]:
    """The `google.api.field_behavior` of a field: REQUIRED, OUTPUT_ONLY, …"""
    return frozenset(field.GetOptions().Extensions[field_behavior_pb2.field_behavior])


def rules(field: Any) -> options_pb2.Rules:
    """The `crm.options.v1.rules` of a field; empty ones where it has none."""
    return field.GetOptions().Extensions[options_pb2.rules]


def without_secrets(message: Any) -> Any:
    """A copy of a message without the fields that the contract marks with `debug_redact`, at any depth."""
    copy = type(message)()
    copy.CopyFrom(message)
    _clear_secrets(copy)
    return copy


def _clear_secrets(message: Any) -> None:
    for field, value in message.ListFields():
        if field.GetOptions().debug_redact:
            message.ClearField(field.name)
        elif field.message_type is not None and not field.message_type.GetOptions().map_entry:
            for each in value if field.is_repeated else [value]:
                _clear_secrets(each)


def is_noun(descriptor: Any) -> bool:
    """Whether a message is a record with an identity: it has `crm.options.v1.resource`."""
    return bool(descriptor.GetOptions().HasExtension(options_pb2.resource))


def resource(descriptor: Any) -> options_pb2.Resource:
    """The `crm.options.v1.resource` of a noun; an empty one for any other message."""
    return descriptor.GetOptions().Extensions[options_pb2.resource]


def access(method: Any) -> options_pb2.Access:
    """The `crm.options.v1.access` of an rpc; an empty one where it has none."""
    return method.GetOptions().Extensions[options_pb2.access]
