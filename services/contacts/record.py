"""Records of custom objects. What they hold, the tenant defines; the object of a request narrows all that is asked in it."""

import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from contextvars import ContextVar
from typing import Any, Self

from crm.contacts.v1 import record_pb2

from chassis import AlreadyExists, CustomFields, NotFound, Owned, StringField, principal
from services.contacts.object_definition import ObjectDefinition
from services.contacts.refusals import RecordQuotaReached

MOST_RECORDS = 100_000  # of one object of one tenant
_COUNTED_EVERY = 10.0  # seconds: the quota is exact to what comes in so long

_object: ContextVar[str] = ContextVar("object", default="")
_counted: dict[tuple[str, str], tuple[bool, float]] = {}


class Record(Owned):
    """A record of a custom object."""

    contract = record_pb2.Record
    meta = {"collection": "records"}
    searched = ("name",)
    indexed = (("object",), ("object", "name"))

    object = StringField()
    name = StringField()
    custom_fields = CustomFields()

    @classmethod
    @contextmanager
    def of_kind(cls, kind: str) -> Iterator[type[Self]]:
        """Work with the records of an object, `objects.machine`. Refused with NotFound."""
        key = kind.removeprefix("objects.")
        if ObjectDefinition.objects(key=key, deleted_time=None).first() is None:
            raise NotFound(noun="object", id=key)
        token = _object.set(key)
        try:
            yield cls
        finally:
            _object.reset(token)

    @classmethod
    def kind_name(cls) -> str:
        """`objects.machine`"""
        return f"objects.{_object.get()}"

    @classmethod
    def kind_of(cls, message: Any) -> str:
        """The kind of a record that was answered."""
        return f"objects.{message.object}"

    @classmethod
    def all_records(cls) -> dict[str, Any]:
        """All records of the object."""
        return {**super().all_records(), "object": _object.get()}

    @classmethod
    def visible(cls, action: str = "read") -> dict[str, Any]:
        """Those of the object that the caller may do `action` with; what time purges is of every object."""
        if action == "purge":
            return super().visible(action)
        return {**super().visible(action), "object": _object.get()}

    @classmethod
    def fresh(cls, id: str = "", **fields: Any) -> Self:
        """A new record of the object."""
        return super().fresh(id, object=_object.get(), **fields)

    @classmethod
    def of_external_id(cls, system: str, external_id: str) -> Self | None:
        """The object's record that another system names so. Refused with AlreadyExists when it is another object's."""
        found = super().of_external_id(system, external_id)
        if found is not None and found.object != _object.get():
            raise AlreadyExists(noun="record", field="external_ids", system=system, id=external_id)
        return found

    def arrive(self) -> None:
        """Within the quota."""
        super().arrive()
        if _is_full(principal().tenant_id, _object.get()):
            raise RecordQuotaReached(object=_object.get(), most=MOST_RECORDS)


def _is_full(tenant_id: str, key: str) -> bool:
    full, until = _counted.get((tenant_id, key), (False, 0.0))
    if time.monotonic() >= until:
        held = {"tenant_id": tenant_id, "object": key}
        full = Record._get_collection().count_documents(held, limit=MOST_RECORDS) >= MOST_RECORDS
        _counted[tenant_id, key] = full, time.monotonic() + _COUNTED_EVERY
    return full


def keyed(methods: type) -> type:
    """The rpc methods of records, each within the object that `request.key` names."""

    def within(answer: Callable[..., Any]) -> Callable[..., Any]:
        def narrowed(self: Any, request: Any, context: Any) -> Any:
            with Record.of_kind(f"objects.{request.key}"):
                return answer(self, request, context)

        return narrowed

    narrowed = {name: within(answer) for name, answer in vars(methods).items() if callable(answer)}
    return type("Keyed", (), narrowed)
