"""What a file is, by its first bytes. What a client says of it decides nothing; its ending only chooses among what fits."""

import puremagic

HEAD = 8192  # bytes that are enough to tell

_PDF = b"%PDF-"
_UNKNOWN, _TEXT = "application/octet-stream", "text/plain"

# Text has no signature: here the ending may say what kind of text it is, of kinds that no program executes.
_TEXTS = {
    "csv": "text/csv", "json": "application/json", "jsonl": "application/x-ndjson", "md": "text/markdown",
    "ndjson": "application/x-ndjson", "tsv": "text/tab-separated-values", "vcf": "text/vcard",
}  # fmt: skip


def media_type(head: bytes, name: str) -> str:
    """The media type of a file that begins with `head` and is called `name`: `application/pdf`."""
    ending = name.rpartition(".")[2].lower()
    if head.startswith(_PDF):  # a small one may be text throughout
        return "application/pdf"
    if is_text(head):  # before signatures: many a text begins like something else
        return _TEXTS.get(ending, _TEXT)
    try:
        found = puremagic.magic_string(head)
    except (puremagic.PureError, ValueError):
        return _UNKNOWN
    fitting = [match for match in found if match.extension == f".{ending}"] or found
    return fitting[0].mime_type or _UNKNOWN


def is_text(head: bytes) -> bool:
    """Whether the bytes are text in UTF-8, UTF-16 with its mark, or an encoding of single bytes without control characters."""
    if head.startswith((b"\xff\xfe", b"\xfe\xff")):
        return True
    return not any(byte < 32 and byte not in b"\t\n\r\f\x1b" for byte in head) and 127 not in head
