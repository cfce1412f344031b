"""The contract's comments, which are the API's manual, from the descriptor set that `make protos` builds."""

import re
from functools import cache
from pathlib import Path

from crm.options.v1 import options_pb2
from google.protobuf import descriptor_pb2

_REFUSED = re.compile(r"Refused with ((?:[A-Z][A-Za-z]+(?:, | and )?)+)")
_FILE, _MESSAGES, _ENUMS, _SERVICES = (
    2,
    4,
    5,
    6,
)  # field numbers of FileDescriptorProto: what a location's path starts with


@cache
def comments() -> dict[str, str]:
    """Comment by full name of every element; empty where the descriptor set was not built."""
    path = Path(options_pb2.__file__).parents[3] / "kith.binpb"
    if not path.exists():
        return {}
    found: dict[str, str] = {}
    for file in descriptor_pb2.FileDescriptorSet.FromString(path.read_bytes()).file:
        if file.package.startswith("crm."):
            _read_file(file, found)
    return found


def comment(full_name: str) -> str:
    """The comment on one element, one line per paragraph."""
    return comments().get(full_name, "")


def refusals(full_name: str) -> list[str]:
    """The refusals that an rpc's comment names: `OpportunityAlreadyClosed`."""
    match = _REFUSED.search(comment(full_name))
    return re.findall(r"[A-Z][A-Za-z]+", match[1]) if match else []


def summary(text: str) -> str:
    """The first sentence."""
    return re.split(r"(?<=[.;:])\s", text, maxsplit=1)[0].rstrip(".;:")


def _read_file(file: descriptor_pb2.FileDescriptorProto, found: dict[str, str]) -> None:
    for location in file.source_code_info.location:
        if location.leading_comments and location.path and location.path[0] in (_MESSAGES, _ENUMS, _SERVICES):
            name = _name(file, list(location.path))
            found[name] = " ".join(line.strip() for line in location.leading_comments.strip().splitlines())


def _name(file: descriptor_pb2.FileDescriptorProto, path: list[int]) -> str:
    # A path is pairs of field number and index, each leading one element deeper.
    element, names = file, [file.package]
    for number, index in zip(path[::2], path[1::2], strict=False):
        element = getattr(element, element.DESCRIPTOR.fields_by_number[number].name)[index]
        names.append(element.name)
    return ".".join(names)
