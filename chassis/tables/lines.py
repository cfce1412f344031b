"""Newline-delimited JSON: an object per line."""

from collections.abc import Iterator
from typing import Any

import orjson

from chassis.tables.broken import Broken


def read(text: Any) -> Iterator[dict[str, Any] | Broken]:
    """The objects; empty lines are none."""
    for line in text:
        if not line.strip():
            continue
        try:
            found = orjson.loads(line)
        except (orjson.JSONDecodeError, UnicodeEncodeError) as fault:
            yield Broken(f"is no JSON: {fault}"[:200], [line])
            continue
        yield found if isinstance(found, dict) else Broken("is no JSON object", [line])
