"""Newline-delimited JSON: an object per line."""

from collections.abc import Iterator
from typing import Any

import orjson


def read(text: Any) -> Iterator[dict[str, Any]]:
    """The objects. A line that is none becomes one with the fault under an empty name, so that it is refused alone."""
    for line in text:
        if not line.strip():
            continue
        try:
            found = orjson.loads(line)
        except (orjson.JSONDecodeError, UnicodeEncodeError) as fault:
            yield {"": f"is no JSON: {fault}"[:200]}
            continue
        yield found if isinstance(found, dict) else {"": "is no JSON object"}
