"""Where a fault is, for who sent the request: field paths of the message as pointers into the body or parameters."""

import re
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field

from services.gateway.faults import Fault, escaped

_STEP = re.compile(r"[^.\[\]]+")
_CONDITION = re.compile(r"filter\.all\[(\d+)\]")


@dataclass
class Places:
    """How one request was put together: from path variables, a body, and query parameters."""

    body: str = ""  # the field that the body fills; `*` for the whole message, empty for none
    variables: Mapping[str, str] = field(default_factory=dict)  # field path → name of the path variable
    conditions: Sequence[str] = ()  # parameters that became conditions of `filter.all`, in order

    def fault(self, path: str, detail: str) -> Fault:
        """The fault of a field, `contact.emails[0].address`, in the caller's terms, `/emails/0/address`."""
        if path in self.variables:
            return {"parameter": self.variables[path], "detail": detail}
        if self.body == "*":
            return {"pointer": pointer(path), "detail": detail}
        if self.body and re.match(rf"{re.escape(self.body)}(?=[.\[]|\Z)", path):
            return {"pointer": pointer(path[len(self.body) :]), "detail": detail}
        condition = _CONDITION.match(path)
        if condition and int(condition[1]) < len(self.conditions):
            return {"parameter": self.conditions[int(condition[1])], "detail": detail}
        return {"parameter": re.split(r"[.\[]", path)[0], "detail": detail}


def pointer(path: str) -> str:
    """`emails[0].address` → `/emails/0/address` (RFC 6901)."""
    return "".join(escaped(step) for step in _STEP.findall(path))
