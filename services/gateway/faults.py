"""Everything that is wrong with one request, collected before it is refused once."""

from typing import TypedDict

LIMIT = 100  # a hostile body can hold a fault per byte; nobody reads more than these


class Fault(TypedDict, total=False):
    """One fault: a JSON pointer (RFC 6901) into the body, or the name of a parameter or header, and a sentence."""

    pointer: str
    parameter: str
    header: str
    detail: str


class Faults:
    """The faults of one request, at most 100."""

    def __init__(self) -> None:
        self.found: list[Fault] = []

    def __bool__(self) -> bool:
        return bool(self.found)

    def at(self, pointer: str, detail: str) -> None:
        """Note a fault in the body."""
        self._note({"pointer": pointer, "detail": detail})

    def parameter(self, name: str, detail: str) -> None:
        """Note a fault of a path or query parameter."""
        self._note({"parameter": name, "detail": detail})

    def header(self, name: str, detail: str) -> None:
        """Note a fault of a header."""
        self._note({"header": name, "detail": detail})

    def _note(self, fault: Fault) -> None:
        if len(self.found) < LIMIT:
            self.found.append(fault)


def escaped(name: str) -> str:
    """A key as a step of a JSON pointer."""
    return "/" + name.replace("~", "~0").replace("/", "~1")
