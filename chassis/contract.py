"""What a noun's and an rpc's contract says about itself, read once from the descriptors."""

import importlib
from dataclasses import dataclass
from functools import cache

from google.protobuf import descriptor_pb2, descriptor_pool, message_factory
from google.protobuf.descriptor import Descriptor, MethodDescriptor
from google.protobuf.message import Message

from chassis import declared
from chassis.declared import IMMUTABLE, INPUT_ONLY, OUTPUT_ONLY, REQUIRED, behaviors


@dataclass(frozen=True)
class NounContract:
    """A noun as its proto describes it."""

    service: str  # `sales`
    noun: str  # `opportunity`
    name: str  # `Opportunity`
    prefix: str  # `opp`
    plural: str  # `opportunities`
    owned: bool
    given: frozenset[str]  # fields that a client gives when the record is made
    changeable: frozenset[str]  # fields that an update may change
    required: frozenset[str]
    fields: frozenset[str]
    input_only: frozenset[str]  # taken from the client, never kept with the record

    @property
    def plural_name(self) -> str:
        """The plural as rpc names have it: `Opportunities`."""
        return "".join(part.capitalize() for part in self.plural.split("_"))

    def permission(self, action: str) -> str:
        """`sales.opportunity.read`"""
        return f"{self.service}.{self.noun}.{action}"

    def event(self, participle: str) -> type[Message] | None:
        """The standard event `<Noun><Participle>`; None where the contract announces none."""
        try:
            return self.message(f"{self.name}{participle}")
        except KeyError:
            return None

    def message(self, name: str) -> type[Message]:
        """A message of the noun's own package by its name. Raises KeyError when there is none."""
        return _message(f"crm.{self.service}.v1", name)


@cache
def _message(package: str, name: str) -> type[Message]:
    for module in ("service_pb2", "events_pb2"):
        importlib.import_module(f"{package}.{module}")
    return message_factory.GetMessageClass(descriptor_pool.Default().FindMessageTypeByName(f"{package}.{name}"))


@cache
def noun_of(descriptor: Descriptor) -> NounContract:
    """The contract of a noun, from its message's descriptor."""
    resource = declared.resource(descriptor)
    behaviour = {field.name: behaviors(field) for field in descriptor.fields}
    kept = {name: kinds for name, kinds in behaviour.items() if INPUT_ONLY not in kinds}
    given = {name for name, kinds in kept.items() if OUTPUT_ONLY not in kinds}
    return NounContract(
        service=descriptor.full_name.split(".")[1],
        noun=_snake(descriptor.name),
        name=descriptor.name,
        prefix=resource.prefix,
        plural=resource.plural,
        owned=resource.owned,
        given=frozenset(given),
        changeable=frozenset(name for name in given if IMMUTABLE not in kept[name]),
        required=frozenset(name for name in given if REQUIRED in kept[name]),
        fields=frozenset(kept),
        input_only=frozenset(behaviour) - frozenset(kept),
    )


@dataclass(frozen=True)
class RpcContract:
    """An rpc as its proto describes it."""

    path: str  # `/crm.sales.v1.SalesService/WinOpportunity`
    name: str
    service: str  # `sales`
    permission: str
    reads: bool
    request: type[Message]
    response: type[Message]
    streams_in: bool = False
    streams_out: bool = False


class ContractBroken(Exception):
    """A contract lacks what every rpc must declare; the service does not start."""


def rpc_of(method: MethodDescriptor) -> RpcContract:
    """The contract of an rpc. Raises ContractBroken when it declares no permission."""
    permission = declared.access(method).permission
    if permission.count(".") != 2:
        raise ContractBroken(f"{method.full_name} declares no permission `<service>.<noun>.<action>`")
    return RpcContract(
        path=f"/{method.containing_service.full_name}/{method.name}",
        name=method.name,
        service=method.full_name.split(".")[1],
        permission=permission,
        reads=method.GetOptions().idempotency_level == descriptor_pb2.MethodOptions.NO_SIDE_EFFECTS,
        request=message_factory.GetMessageClass(method.input_type),
        response=message_factory.GetMessageClass(method.output_type),
        streams_in=method.client_streaming,
        streams_out=method.server_streaming,
    )


def _snake(name: str) -> str:
    return "".join(f"_{letter.lower()}" if letter.isupper() else letter for letter in name).lstrip("_")
