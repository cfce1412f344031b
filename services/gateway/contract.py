"""The services whose contract is installed, and what their rpcs are about."""

import importlib
from collections.abc import Iterator
from functools import cache
from typing import Any

from google.protobuf import descriptor_pool
from google.protobuf.descriptor import Descriptor, MethodDescriptor, ServiceDescriptor

from chassis.contract import rpc_of

CONTEXTS = ("contacts", "sales", "support", "campaigns", "identity")


def services() -> Iterator[ServiceDescriptor]:
    """The services that the generated messages know; one that is not built yet is left out."""
    for context in CONTEXTS:
        package = f"crm.{context}.v1"
        try:
            module = importlib.import_module(f"{package}.service_pb2")
        except ModuleNotFoundError:
            continue
        yield from module.DESCRIPTOR.services_by_name.values()


@cache
def methods() -> dict[str, MethodDescriptor]:
    """Every rpc by its name, which no two services share."""
    return {method.name: method for service in services() for method in service.methods}


@cache
def subject_of(method: MethodDescriptor) -> Descriptor | None:
    """What an rpc is about: the message that its permission names. None where the permission names none.

    `sales.opportunity.read` is about `crm.sales.v1.Opportunity`, for a list as for a report, and
    `campaigns.audience_member.read` about `crm.campaigns.v1.AudienceMember`, which is no noun but is listed as one.
    """
    service, noun, _ = rpc_of(method).permission.split(".")
    name = "".join(word.capitalize() for word in noun.split("_"))
    try:
        return descriptor_pool.Default().FindMessageTypeByName(f"crm.{service}.v1.{name}")
    except KeyError:
        return None


def type_name(field: Any) -> str:
    """Full name of a message field's type; empty for other fields."""
    return field.message_type.full_name if field.message_type else ""
