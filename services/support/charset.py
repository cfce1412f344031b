"""Text out of bytes, whatever the mail says they are: names of charsets in the wild, and words of headers (RFC 2047)."""

import base64
import binascii
import codecs
import quopri
import re

# What is named is often a part of what is meant; the wider charset reads both (WHATWG Encoding, 4.2).
_MEANT = {
    "us-ascii": "utf-8", "ascii": "utf-8", "ansi_x3.4-1968": "utf-8", "unknown-8bit": "utf-8", "default": "utf-8",
    "x-unknown": "utf-8", "8bit": "utf-8", "unicode-1-1-utf-8": "utf-8", "utf8": "utf-8",
    "iso-8859-1": "cp1252", "latin1": "cp1252", "iso-8859-9": "cp1254", "iso-8859-8-i": "iso-8859-8",
    "ks_c_5601-1987": "cp949", "euc-kr": "cp949", "shift_jis": "cp932", "shift-jis": "cp932", "sjis": "cp932",
    "x-sjis": "cp932", "gb2312": "gb18030", "gbk": "gb18030", "x-gbk": "gb18030", "big5": "big5hkscs",
    "iso-2022-jp": "iso2022_jp_ext", "windows-874": "cp874", "tis-620": "cp874", "macintosh": "mac_roman",
}  # fmt: skip

_WORD = re.compile(r"=\?([^?*\s]+)(?:\*[^?\s]*)?\?([bBqQ])\?([^?]*)\?=")
_BETWEEN_WORDS = re.compile(r"(=\?[^?\s]+\?[bBqQ]\?[^?]*\?=)\s+(?==\?[^?\s]+\?[bBqQ]\?[^?]*\?=)")
_CONTROL = re.compile(r"[\x00-\x08\x0b\x0c\x0e-\x1f\x7f]")


def text(data: bytes, named: str) -> str:
    """The text that `data` is in the charset `named`; in UTF-8 or Windows-1252, which reads anything, where it is not."""
    name = named.strip().strip("\"'").lower()
    for each in (_MEANT.get(name, name), "utf-8", "cp1252"):
        try:
            return _clean(data.decode(codecs.lookup(each).name))
        except (LookupError, ValueError):  # no such charset, no text encoding, or not in it
            continue
    return _clean(data.decode("cp1252", "replace"))


def unfolded(value: object) -> str:
    """A raw header value in one line; bytes that were sent as they are, are read as UTF-8 or Windows-1252."""
    return re.sub(r"\s+", " ", text(str(value).encode("utf-8", "surrogateescape"), "utf-8")).strip()


def header(value: object) -> str:
    """A header value in one line, with its encoded words decoded. A word that is none stays as it is."""
    line = _BETWEEN_WORDS.sub(r"\1", unfolded(value))
    return re.sub(r"\s+", " ", "".join(_decoded(line))).strip()


def _decoded(line: str) -> list[str]:
    # Neighbours in one charset are joined before they are decoded: some programs cut characters in two.
    found: list[str] = []
    bytes_so_far, charset_so_far, end = b"", "", 0
    for word in _WORD.finditer(line):
        if word.start() != end or word[1].lower() != charset_so_far:
            found.append(text(bytes_so_far, charset_so_far))
            bytes_so_far = b""
        if word.start() != end:
            found.append(line[end : word.start()])
        bytes_so_far += _bytes(word[2], word[3])
        charset_so_far, end = word[1].lower(), word.end()
    return [*found, text(bytes_so_far, charset_so_far), line[end:]]


def _bytes(coding: str, payload: str) -> bytes:
    data = payload.encode("utf-8", "surrogateescape")
    if coding in "qQ":
        return quopri.decodestring(data, header=True)
    try:
        return base64.b64decode(data + b"=" * (-len(data) % 4))
    except binascii.Error:
        return data


def _clean(decoded: str) -> str:
    # MongoDB holds no lone surrogates, and people read no control characters.
    return _CONTROL.sub("", decoded.replace("\r\n", "\n").replace("\r", "\n")).encode("utf-8", "replace").decode()
