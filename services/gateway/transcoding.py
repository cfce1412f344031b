"""REST routes from the contract's `google.api.http` annotations.

A strict subset is understood, so that every path reads the same: literal segments, `{id}` or `{noun.id}` or
`by-external-id/{system}/{external_id}`, one `:verb` at the end, body `*` or one message field. Below `/v1/schema` and
`/v1/objects` the name of a noun may stand before the rest: `{noun}`, `{key}`. Anything else stops the start.
"""

import re
from collections.abc import Iterable
from dataclasses import dataclass
from typing import Any

from google.api import annotations_pb2, http_pb2
from google.protobuf.descriptor import Descriptor, FieldDescriptor, MethodDescriptor, ServiceDescriptor
from werkzeug.routing import BaseConverter

from chassis.contract import RpcContract, rpc_of
from chassis.declared import is_noun

_TEMPLATE = re.compile(r"(/v1(?:/[a-z0-9-]+|/\{[a-z_.]+\})+)(?::([a-zA-Z]+))?\Z")
_VARIABLE = re.compile(r"\{([a-z_.]+)\}")
_VARIABLES = ("id", "system", "external_id", "noun", "key")
_BODILESS = ("GET", "DELETE")


class ContractFault(Exception):
    """The contract has routes that cannot be offered; one sentence per fault."""

    def __init__(self, faults: list[str]) -> None:
        super().__init__("\n".join(faults))


class Segment(BaseConverter):
    """A path variable that ends at a slash or at the colon before a verb."""

    regex = "[^/:]+"


class Rest(BaseConverter):
    """The last path variable where other systems' ids stand, which may hold anything."""

    regex = ".+"
    part_isolating = False


@dataclass(frozen=True)
class Variable:
    """A path variable and the field it fills: `id` and (`contact`, `id`)."""

    name: str
    path: tuple[str, ...]


@dataclass(frozen=True)
class Route:
    """One verb and path of one rpc."""

    rpc: RpcContract
    method: MethodDescriptor
    verb: str  # `PATCH`
    path: str  # `/v1/contacts/{id}`, as documents show it
    variables: tuple[Variable, ...]
    body: str  # field that the body fills; `*` for all, empty for no body
    custom: str  # `win`; empty for standard methods

    @property
    def creates(self) -> bool:
        """Whether it is a standard Create: a POST on a collection that answers the new record."""
        return (
            self.verb == "POST" and not self.custom and not self.path.endswith("}") and is_noun(self.method.output_type)
        )

    @property
    def rule(self) -> str:
        """The path in Flask's spelling, variables named by position, since fields may be dotted."""
        rule = self.path
        for variable in self.variables:
            kind = "rest" if variable.name == "external_id" else "segment"
            rule = rule.replace(f"{{{variable.name}}}", f"<{kind}:{variable.name}>")
        return rule

    @property
    def places(self) -> dict[str, str]:
        """Field path → name, of the path variables."""
        return {".".join(variable.path): variable.name for variable in self.variables}


def routes(services: Iterable[ServiceDescriptor]) -> list[Route]:
    """All routes.

    Raises ContractFault with every annotation that is not in the subset, and every path that is offered twice.
    """
    faults: list[str] = []
    found: dict[tuple[str, str], Route] = {}
    for service in services:
        for method in service.methods:
            for rule in _bindings(method):
                try:
                    route = _route(method, rule)
                except ValueError as fault:
                    faults.append(f"{method.full_name}: {fault}")
                    continue
                shape = (route.verb, _VARIABLE.sub("{}", route.path))
                if shape in found:
                    faults.append(f"{method.full_name}: {route.verb} {route.path} is {found[shape].method.full_name}'s")
                found[shape] = route
    if faults:
        raise ContractFault(faults)
    return list(found.values())


def _bindings(method: MethodDescriptor) -> list[http_pb2.HttpRule]:
    options = method.GetOptions()
    if not options.HasExtension(annotations_pb2.http):
        return []
    rule = options.Extensions[annotations_pb2.http]
    return [rule, *rule.additional_bindings]


def _route(method: MethodDescriptor, rule: http_pb2.HttpRule) -> Route:
    pattern = rule.WhichOneof("pattern")
    if pattern not in ("get", "post", "put", "patch", "delete"):
        raise ValueError(f"{pattern or 'no'} method; GET, POST, PUT, PATCH and DELETE are understood")
    if rule.response_body:
        raise ValueError("response_body is not understood; answers carry the message itself")
    verb, template = pattern.upper(), getattr(rule, pattern)
    match = _TEMPLATE.match(template)
    if not match:
        raise ValueError(f"path {template!r} is not /v1 with literals, {{id}} and one :verb")
    variables = tuple(_variable(method.input_type, name) for name in _VARIABLE.findall(template))
    if len({variable.name for variable in variables}) < len(variables):
        raise ValueError(f"path {template!r} has a variable twice")
    _check_body(method.input_type, verb, rule.body)
    path = _VARIABLE.sub(lambda found: "{" + found[1].split(".")[-1] + "}", template)
    return Route(rpc_of(method), method, verb, path, variables, rule.body, match[2] or "")


def _variable(message: Descriptor, name: str) -> Variable:
    path = tuple(name.split("."))
    if path[-1] not in _VARIABLES or len(path) > 2 or (len(path) == 2 and path[1] != "id"):
        raise ValueError(f"variable {{{name}}} is none of {{id}}, {{noun.id}}, {', '.join(_VARIABLES[1:])}")
    field: Any = message.fields_by_name.get(path[0])
    if len(path) == 2 and field is not None:
        field = field.message_type and field.message_type.fields_by_name.get("id")
    if field is None or field.type != FieldDescriptor.TYPE_STRING or field.is_repeated:
        raise ValueError(f"variable {{{name}}} is no text field of {message.full_name}")
    return Variable(path[-1], path)


def _check_body(message: Descriptor, verb: str, body: str) -> None:
    if verb in _BODILESS and body:
        raise ValueError(f"{verb} takes no body")
    if verb not in _BODILESS and not body:
        raise ValueError(f"{verb} needs body `*` or one field")
    if body in ("", "*"):
        return
    field = message.fields_by_name.get(body)
    if field is None or not field.message_type or field.is_repeated:
        raise ValueError(f"body {body!r} is no message field of {message.full_name}")
