"""Takes from answers what their caller may not see of custom fields.

Reads never fetch it: the catalogue of the caller is compiled into every query. This is for the answers of writes, which hold the
record as it was kept, and for every answer that a verb of a later day may give.
"""

from collections.abc import Callable, Iterator, Sequence
from typing import Any

from google.protobuf.message import Message

from chassis.declared import is_noun
from chassis.fields.custom import FIELDS
from chassis.fields.memory import schema_of
from chassis.kinds import OF_MANY_KINDS
from chassis.principal import principal

_DEEPEST = 4  # levels of messages around a record: a batch has results, and each holds a record

Walk = Callable[[Any], Iterator[Any]]
Find = tuple[Walk, Any]  # what finds the records in an answer, and their noun


def concealing(response: type[Message], nouns: Sequence[Any]) -> Callable[[Any], None] | None:
    """What conceals in an answer of this type; None where it can hold no record of `nouns` with custom fields."""
    finds = list(_finds(response.DESCRIPTOR, {noun.contract.DESCRIPTOR.full_name: noun for noun in nouns}, _DEEPEST))
    return (lambda answer: _conceal(answer, finds)) if finds else None


def _conceal(answer: Any, finds: Sequence[Find]) -> None:
    whom = principal()
    for walk, noun in finds:
        many = noun.about().noun in OF_MANY_KINDS.values()
        if many or schema_of(whom.tenant_id, noun.kind_name()).hidden(whom):  # else there is no need to look
            for record in walk(answer):
                for key in schema_of(whom.tenant_id, noun.kind_of(record)).hidden(whom):
                    record.custom_fields.fields.pop(key, None)


def _finds(descriptor: Any, nouns: dict[str, Any], depth: int) -> Iterator[Find]:
    if is_noun(descriptor):
        if FIELDS in descriptor.fields_by_name and descriptor.full_name in nouns:
            yield (lambda message: iter((message,))), nouns[descriptor.full_name]
        return
    for field in descriptor.fields if depth else ():
        if field.message_type is not None and field.message_type.file.package.startswith("crm."):
            for walk, noun in _finds(field.message_type, nouns, depth - 1):
                yield _inside(field, walk), noun


def _inside(field: Any, walk: Walk) -> Walk:
    name = field.name
    if field.is_repeated:
        return lambda message: (found for each in getattr(message, name) for found in walk(each))
    return lambda message: walk(getattr(message, name)) if message.HasField(name) else iter(())
