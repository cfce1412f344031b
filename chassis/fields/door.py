"""The door to a service's schema: what its records are made of, and the fields that tenants give them."""

from collections.abc import Callable, Sequence
from typing import Any

from crm.schema.v1 import field_definition_pb2, service_pb2_grpc

from chassis.document import Noun
from chassis.fields.custom import FIELDS
from chassis.fields.definition import FieldDefinition
from chassis.fields.description import described
from chassis.kinds import know, noun_called
from chassis.refusals import NotFound


class SchemaServicer(service_pb2_grpc.SchemaServiceServicer):
    """Answers for the nouns of one service."""

    def __init__(self, nouns: Sequence[type[Noun]]) -> None:
        know(nouns)
        self._own = frozenset(noun.about().noun for noun in nouns)
        self.nouns = (FieldDefinition,) if any(FIELDS in noun.about().fields for noun in nouns) else ()

    def GetSchema(self, request: Any, context: Any) -> Any:
        """What the records of a noun are made of."""
        with self._noun(request.noun).of_kind(request.noun) as noun:
            noun.visible()
            return described(noun)

    def GetFieldDefinition(self, request: Any, context: Any) -> Any:
        """One definition."""
        found = FieldDefinition.get(request)
        if self._extended(request.noun) and FieldDefinition.find(request.id).noun != request.noun:
            raise FieldDefinition.missing(request.id)
        return found

    def ListFieldDefinitions(self, request: Any, context: Any) -> Any:
        """The definitions of a noun."""
        self._extended(request.noun)
        within = {**FieldDefinition.visible(), "noun": request.noun}
        return FieldDefinition.page(request, field_definition_pb2.ListFieldDefinitionsResponse, within)

    def CreateFieldDefinition(self, request: Any, context: Any) -> Any:
        """A new field."""
        self._extended(request.noun)
        return FieldDefinition.create(request.field_definition, noun=request.noun).message()

    def UpdateFieldDefinition(self, request: Any, context: Any) -> Any:
        """Other values."""
        message = request.field_definition
        definition = FieldDefinition.of_noun(request.noun, message.id)
        definition.amend(message, list(request.update_mask.paths) or [field.name for field, _ in message.ListFields()])
        definition.keep()
        return definition.message()

    def DeprecateFieldDefinition(self, request: Any, context: Any) -> Any:
        """No new values."""
        return _changed(request, FieldDefinition.deprecate)

    def ReactivateFieldDefinition(self, request: Any, context: Any) -> Any:
        """New values again."""
        return _changed(request, FieldDefinition.reactivate)

    def DeleteFieldDefinition(self, request: Any, context: Any) -> Any:
        """Gone, for a time."""
        return _changed(request, FieldDefinition.remove, "delete")

    def RestoreFieldDefinition(self, request: Any, context: Any) -> Any:
        """Back."""
        self._extended(request.noun)
        definition = FieldDefinition.restore(request.id)
        if definition.noun != request.noun:
            raise FieldDefinition.missing(request.id)
        definition.stay_in_quota()
        return definition.message()

    def _noun(self, kind: str) -> type[Noun]:
        noun: type[Noun] | None = noun_called(kind)
        if noun is None or noun.about().noun not in self._own:
            raise NotFound(noun="noun", id=kind)
        return noun

    def _extended(self, kind: str) -> type[Noun]:
        """The noun that `kind` names, where it takes fields of a tenant's own. Refused with NotFound."""
        with self._noun(kind).of_kind(kind) as noun:
            if FIELDS not in noun.about().fields:
                raise NotFound(noun="noun with fields of a tenant's own", id=kind)
            return noun


def _changed(request: Any, verb: Callable[[FieldDefinition], None], action: str = "write") -> Any:
    definition = FieldDefinition.of_noun(request.noun, request.id, action)
    verb(definition)
    definition.keep()
    return definition.message()
