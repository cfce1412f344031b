"""What any text must be: bounded, and without control characters."""

import re

# Of a string whose rules name no max_length, in Unicode code points.
MAX_LENGTH = 255

# Unicode category Cc but for line feed, carriage return and tab.
_CONTROL = re.compile(r"[\x00-\x08\x0b\x0c\x0e-\x1f\x7f-\x9f]")


def text_fault(text: str, longest: int = MAX_LENGTH) -> str:
    """What is wrong with `text` as free text of at most `longest` code points; empty when nothing is."""
    if len(text) > longest:
        return f"must be at most {longest} characters long"
    # isprintable runs at the speed of C and is true for nearly every text; it is false for line feeds too.
    if not text.isprintable() and _CONTROL.search(text):
        return "must not contain control characters"
    return ""
