"""Document ⇄ message. Storage has the shape of the wire: the same names, enums by name, nested messages as dicts.

So a stored row becomes a message in one constructor call, and only the other direction needs a reader, compiled once
per message type. Absent strings and messages are not stored; numbers and booleans are, so that filters compare them.
"""

from collections.abc import Callable, Collection
from datetime import UTC, datetime
from functools import cache
from typing import TYPE_CHECKING, Any, TypeVar

from google.protobuf import json_format, struct_pb2
from google.protobuf.descriptor import Descriptor, FieldDescriptor
from google.protobuf.message import Message
from mongoengine.fields import BaseField

from chassis.declared import INPUT_ONLY, behaviors
from chassis.fields.value import shown

M = TypeVar("M", bound=Message)

DUPLICATE_KEYS = "duplicate_keys"
CHASSIS_FIELDS = frozenset(
    # `run`: how a job goes on
    {"tenant_id", "revision", "search_tokens", "custom_index", "custom_unique", DUPLICATE_KEYS, "run"}
)

_EPOCH = datetime(1970, 1, 1, tzinfo=UTC)
_HOLDERS = (dict, list)
_TEXT = (FieldDescriptor.CPPTYPE_STRING,)


def as_wire(row: dict[str, Any]) -> dict[str, Any]:
    """The constructor arguments of a noun's message, from its stored row. Takes `row` over."""
    row["id"] = row.pop("_id")
    row["etag"] = str(row.pop("revision", ""))
    row.pop("tenant_id", None)
    row.pop("search_tokens", None)
    row.pop(DUPLICATE_KEYS, None)
    row.pop("custom_index", None)
    row.pop("custom_unique", None)
    row.pop("list_ids", None)
    row.pop("run", None)
    if custom := row.get("custom_fields"):
        row["custom_fields"] = {key: shown(value) for key, value in custom.items()}
    for name, value in row.items():
        if type(value) is datetime:
            row[name] = _wire_instant(value)
    return row


def _wire_instant(at: datetime) -> dict[str, int]:
    # Protobuf takes datetimes too, at eight times the price, and a page of records has a hundred of them.
    since = at - _EPOCH
    return {"seconds": since.days * 86400 + since.seconds, "nanos": since.microseconds * 1000}


def message(contract: type[M], row: dict[str, Any]) -> M:
    """The message of a stored row.

    A row that a newer version of the service wrote may hold fields that this contract does not know; they are left out.
    """
    wire = as_wire(row)
    try:
        return contract(**wire)
    except ValueError:
        return contract(**_known(contract.DESCRIPTOR, wire))


def _known(descriptor: Any, wire: dict[str, Any]) -> dict[str, Any]:
    known = {}
    for name, value in wire.items():
        field = descriptor.fields_by_name.get(name)
        if field is None:
            continue
        nested = field.message_type
        if nested is not None and not nested.full_name.startswith("google.") and not _is_map(field):
            value = [_known(nested, each) for each in value] if field.is_repeated else _known(nested, value)
        known[name] = value
    return known


def values(message: Message, names: Collection[str]) -> dict[str, Any]:
    """The stored values of the named fields of `message`; None where a field is not set."""
    always, readers = _shape(message.DESCRIPTOR)
    given = {field.name: readers[field.name](value) for field, value in message.ListFields() if field.name in names}
    return {name: given[name] if name in given else always.get(name) for name in names}


def stored(message: Message) -> dict[str, Any]:
    """The stored shape of a nested message."""
    always, readers = _shape(message.DESCRIPTOR)
    return always | {field.name: readers[field.name](value) for field, value in message.ListFields()}


@cache
def _shape(descriptor: Descriptor) -> tuple[dict[str, Any], dict[str, Callable[[Any], Any]]]:
    """What messages of a type are always stored with, by field, and what turns the value of each field that is set."""
    always = {field.name: field.default_value for field in descriptor.fields if _is_always_stored(field)}
    return always, {field.name: _reader(field) for field in descriptor.fields}


def _is_always_stored(field: FieldDescriptor) -> bool:
    is_text = field.cpp_type in _TEXT or field.enum_type is not None
    return not (field.is_repeated or field.has_presence or is_text)


def _reader(field: FieldDescriptor) -> Callable[[Any], Any]:
    if _is_map(field):
        return dict
    convert = _converter(field)
    return (lambda value: [convert(each) for each in value]) if field.is_repeated else convert


def _converter(field: FieldDescriptor) -> Callable[[Any], Any]:
    if field.enum_type is not None:
        names = {number: value.name for number, value in field.enum_type.values_by_number.items()}
        return names.__getitem__
    if field.message_type is None:
        return lambda value: value
    if field.message_type.full_name == "google.protobuf.Timestamp":
        return _instant
    if field.message_type.full_name == struct_pb2.Struct.DESCRIPTOR.full_name:
        return json_format.MessageToDict
    return stored


def _instant(timestamp: Any) -> datetime:
    instant = timestamp.ToDatetime(tzinfo=UTC)
    return instant.replace(microsecond=instant.microsecond // 1000 * 1000)


def copied(value: Any) -> Any:
    """A copy of a stored value that shares no list and no dictionary with it."""
    if isinstance(value, dict):
        return {name: copied(each) if isinstance(each, _HOLDERS) else each for name, each in value.items()}
    if isinstance(value, list):
        return [copied(each) if isinstance(each, _HOLDERS) else each for each in value]
    return value


def _is_map(field: FieldDescriptor) -> bool:
    return field.message_type is not None and field.message_type.GetOptions().map_entry


class Part(BaseField):
    """A nested message of the contract, kept as a dictionary of its stored shape."""

    if TYPE_CHECKING:  # on a document it is the value

        def __get__(self, instance: Any, owner: Any) -> Any: ...
        def __set__(self, instance: Any, value: Any) -> None: ...

    def __init__(self, shape: type[Message], **options: Any) -> None:
        self.shape = shape
        super().__init__(**options)

    def validate(self, value: Any, clean: bool = True) -> None:  # noqa: ARG002  MongoEngine's signature
        """Refuse what is no dictionary; the contract has checked what is in it."""
        if not isinstance(value, dict):
            self.error(f"a {self.shape.DESCRIPTOR.name} is kept as a dictionary")


class Parts(BaseField):
    """A repeated nested message of the contract, kept as a list of dictionaries."""

    if TYPE_CHECKING:

        def __get__(self, instance: Any, owner: Any) -> Any: ...
        def __set__(self, instance: Any, value: Any) -> None: ...

    def __init__(self, shape: type[Message], **options: Any) -> None:
        self.shape = shape
        super().__init__(default=list, **options)

    def validate(self, value: Any, clean: bool = True) -> None:  # noqa: ARG002  MongoEngine's signature
        """Refuse what is no list of dictionaries; the contract has checked what is in them."""
        if not isinstance(value, list) or not all(isinstance(each, dict) for each in value):
            self.error(f"{self.shape.DESCRIPTOR.name} entries are kept as a list of dictionaries")

    def to_mongo(self, value: Any) -> Any:
        """An empty list is not stored."""
        return value or None


class CustomFields(BaseField):
    """Values of the tenant's own fields, kept as a dictionary; `chassis.fields` has checked what is in it."""

    if TYPE_CHECKING:

        def __get__(self, instance: Any, owner: Any) -> Any: ...
        def __set__(self, instance: Any, value: Any) -> None: ...

    def validate(self, value: Any, clean: bool = True) -> None:  # noqa: ARG002  MongoEngine's signature
        """Refuse what is no dictionary."""
        if not isinstance(value, dict):
            self.error("custom fields are kept as a dictionary")


class MirrorBroken(Exception):
    """A document and its contract have different fields; the service does not start."""


def check(document: Any, contract: type[Message]) -> None:
    """Refuse to start with a document whose fields are not those of its contract."""
    declared = set(document._fields) - CHASSIS_FIELDS | {"etag"}
    promised = {field.name for field in contract.DESCRIPTOR.fields if INPUT_ONLY not in behaviors(field)}
    if declared != promised:
        raise MirrorBroken(
            f"{document.__name__} and {contract.DESCRIPTOR.full_name} differ: "
            f"only in the document {sorted(declared - promised)}, only in the contract {sorted(promised - declared)}"
        )
