"""Keeps secrets out of the logs: by the name of a value, and by its look."""

import re
from collections.abc import Mapping
from typing import Any

HIDDEN = "[hidden]"

_NAME = re.compile(
    r"passw|secret|token|authori[sz]ation|credential|api_?key|private_?key|cookie|traceback_locals", re.IGNORECASE
)
_LOOK = re.compile(
    r"(?P<api_key>kith_[A-Za-z0-9_-]{8,})"
    r"|(?P<jwt>eyJ[\w-]{8,}\.[\w-]+\.[\w-]*)"
    r"|(?P<scheme>\b(?:Bearer|Basic)\s+)[\w.~+/=-]{6,}"
    r"|(?P<user>://[^\s:/@]*:)[^\s@]+(?=@)"
    r"|(?P<key>-----BEGIN [A-Z ]*PRIVATE KEY-----).*?-----END [A-Z ]*PRIVATE KEY-----",
    re.DOTALL,
)


def redact(value: Any) -> Any:
    """The value without what must not be read: entries named like secrets, and strings that look like keys or tokens."""
    if isinstance(value, str):
        return _LOOK.sub(_hide, value)
    if isinstance(value, Mapping):
        return {name: _named(str(name), each) for name, each in value.items()}
    if isinstance(value, list | tuple):
        return [redact(each) for each in value]
    return value


def _named(name: str, value: Any) -> Any:
    return HIDDEN if value and _NAME.search(name) else redact(value)


def _hide(match: re.Match[str]) -> str:
    return (match["scheme"] or match["user"] or "") + HIDDEN
