"""The services whose contract is installed, and what their rpcs are about."""

import importlib
from collections.abc import Iterator
from functools import cache
from typing import Any

from google.protobuf import descriptor_pool
from google.protobuf.descriptor import Descriptor, MethodDescriptor, ServiceDescriptor

from chassis.contract import noun_of, rpc_of
from chassis.declared import is_noun
from chassis.kinds import OF_MANY_KINDS

CONTEXTS = ("contacts", "sales", "support", "campaigns", "identity")
EVERYWHERE = "schema"  # what every service answers for its own nouns; a request says for which by its `noun`


def services() -> Iterator[ServiceDescriptor]:
    """The services that the generated messages know; one that is not built yet is left out."""
    for context in (*CONTEXTS, EVERYWHERE):
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


@cache
def listed_by(method: MethodDescriptor) -> tuple[Descriptor, ...]:
    """What conditions and projections of an rpc are about: its subject, or all that its answer lists, as members of a list."""
    several = [each.message_type for each in method.output_type.fields if each.is_repeated and each.message_type]
    nouns = [each for each in several if is_noun(each)]
    subject = subject_of(method)
    return tuple(nouns) if len(nouns) > 1 else (subject,) if subject else ()


@cache
def _homes() -> dict[str, str]:
    found: dict[str, str] = {}
    for service in services():
        for file in (service.file, *service.file.dependencies):
            for message in file.message_types_by_name.values():
                if is_noun(message) and file.package.split(".")[1] in CONTEXTS:
                    found[noun_of(message).noun] = noun_of(message).service
    return found


def home_of(noun: str) -> str:
    """The service that keeps a noun, `contacts` for `contact` and `objects.machine`; empty for one that is unknown."""
    return _homes().get(OF_MANY_KINDS.get(noun.partition(".")[0], noun), "")


def type_name(field: Any) -> str:
    """Full name of a message field's type; empty for other fields."""
    return field.message_type.full_name if field.message_type else ""
