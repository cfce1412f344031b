"""Everything that is wrong with one request, collected before it is refused once."""

from collections.abc import Iterable
from difflib import get_close_matches
from typing import TypedDict

LIMIT = 100  # a hostile body can hold a fault per byte; nobody reads more than these

_HINTED = 10  # faults of a request that are told what was meant
_LONGEST, _ALIKE, _FEW = 40, 0.75, 12
# What other CRMs call what we have by another name.
_ELSEWHERE = {
    "email": ("emails.address", "emails"), "phone": ("phones.number", "phones"), "mobilephone": ("phones.number", "phones"),
    "firstname": ("given_name",), "lastname": ("family_name",), "surname": ("family_name",), "title": ("job_title",),
    "company": ("account_id", "company_name"), "limit": ("page_size",), "after": ("page_token",), "sort": ("order_by",),
    "orderby": ("order_by",), "website": ("websites.url", "websites"), "properties": ("custom_fields",),
}  # fmt: skip


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

    def unknown(self, name: str, known: Iterable[str], what: str) -> str:
        """The sentence on a name that nothing has, with the one that was meant, or with all where there are few."""
        said = f"there is no {what} of this name here"
        if len(self.found) > _HINTED:  # whoever sends nonsense gets no help with it
            return said
        names = {_bare(each): each for each in known}
        bare = _bare(name[:_LONGEST])
        nearest = [names[each] for each in get_close_matches(bare, names, n=1, cutoff=_ALIKE)]
        elsewhere = [each for each in _ELSEWHERE.get(bare, ()) if each in names.values()]
        if meant := [*elsewhere, *nearest]:
            return f"{said}; did you mean {meant[0]}?"
        return f"{said}; known are {', '.join(names.values())}" if 0 < len(names) <= _FEW else said

    def _note(self, fault: Fault) -> None:
        if len(self.found) < LIMIT:
            self.found.append(fault)


def _bare(name: str) -> str:
    return name.casefold().replace("_", "").replace("-", "")


def escaped(name: str) -> str:
    """A key as a step of a JSON pointer."""
    return "/" + name.replace("~", "~0").replace("/", "~1")
