"""JSON bodies, read with suspicion (RFC 8259, RFC 7493).

Refused: broken UTF-8, lone surrogates, NaN, Infinity and numbers too great for a binary64 (by orjson), nesting deeper
than 64, and a key given twice in one object, which two parsers would understand in two ways.
"""

import json
import re
from typing import Any

import orjson

DEPTH = 64

_STRINGS = re.compile(rb'"(?:[^"\\]++|\\.)*+"\s*+(:?)', re.DOTALL)


def loads(body: bytes) -> Any:
    """The value of a JSON text. Raises ValueError with a sentence."""
    try:
        value = orjson.loads(body)
    except orjson.JSONDecodeError as fault:
        raise ValueError(_sentence(fault)) from None
    keys, depth = _measure(value)
    if depth > DEPTH:
        raise ValueError(f"it nests deeper than {DEPTH}")
    # A string followed by a colon is a key: if there are more in the text than in the value, some key was given twice.
    if keys != _STRINGS.findall(body).count(b":"):
        raise ValueError(f"the key {_repeated(body)!r} is given twice in one object")
    return value


def _measure(value: Any) -> tuple[int, int]:
    """How many keys a value has in all, and how deep it nests."""
    keys, depth, level = 0, 0, [value]
    while level:
        inner: list[Any] = []
        for each in level:
            if isinstance(each, dict):
                keys += len(each)
                inner.extend(each.values())
            elif isinstance(each, list):
                inner.extend(each)
        depth += any(isinstance(each, dict | list) for each in level)
        level = inner
    return keys, depth


def _repeated(body: bytes) -> str:
    found: list[str] = []

    def notice(pairs: list[tuple[str, Any]]) -> None:
        seen: set[str] = set()
        for key, _ in pairs:
            if key in seen:
                found.append(key)
            seen.add(key)

    json.loads(body, object_pairs_hook=notice)
    return found[0][:80] if found else ""


def _sentence(fault: orjson.JSONDecodeError) -> str:
    return f"{fault.msg} (line {fault.lineno}, column {fault.colno})"
