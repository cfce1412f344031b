"""An answer's own words: without the mail that it quotes, and without signature. For display; the whole text is kept.

A rule of our own, line by line, because the libraries for it look for a quote with expressions over the whole text, which take
minutes for a hostile mail of 50 kB: mail-parser-reply 1.36 took 68 s for the word `On` repeated.
"""

import re

_LONGEST_LINE = 400  # what introduces a quote is short
_BEGINS = re.compile(
    r"\s*(?:on|am|le|el|il|op|den|em|w dniu|dne|在|於|\d{1,4}[./-]\d{1,2}[./-]\d{1,4}|\d{4}年|(?:mon|tue|wed|thu|fri|sat|sun)"
    r"|[^\s<>@]{1,40} [^<>@]{0,60}<[^<>\s]{3,100}@[^<>\s]{3,100}>)",
    re.IGNORECASE,
)
_WROTE = re.compile(
    r"(?:wrote|writes|schrieb|a écrit|escribió|ha scritto|schreef|skrev|pisze|napisał(?:a|\(a\))?|napsal(?:\(a\))?|escreveu"
    r"|пишет|написал(?:\(а\))?|写道|寫道|のメール|さんは書きました|작성)[^:]{0,200}[:：]\s*$",  # noqa: RUF001
    re.IGNORECASE,
)
_SEPARATES = re.compile(
    r"\s*(?:[-_*=]{2,}\s*(?:original|forwarded|ursprüngliche|weitergeleitete|message d'origine|message transféré|mensaje original"
    r"|messaggio originale|oorspronkelijk|oprindelig|originalmeddelande|wiadomość|исходное|пересылаемое|元のメッセージ|原始邮件)"
    r"|begin forwarded message|_{20,}\s*$)",
    re.IGNORECASE,
)
_FROM = re.compile(r"[\s*]*(?:from|von|de|da|van|från|fra|od|от|差出人|发件人|寄件者)[\s*]*[:：]\s*\S", re.IGNORECASE)  # noqa: RUF001
_HEADER = re.compile(
    r"[\s*]*(?:sent|date|to|subject|cc|gesendet|datum|an|betreff|envoyé|à|objet|enviado|para|asunto|inviato|a|oggetto|verzonden"
    r"|aan|onderwerp|skickat|till|ämne|sendt|til|emne|wysłano|do|temat|дата|кому|тема|送信日時|宛先|件名|发送时间|收件人|主题)"
    r"[\s*]*[:：]",  # noqa: RUF001
    re.IGNORECASE,
)
_SENT_FROM = re.compile(
    r"\s*(?:sent from (?:my|yahoo|mail for|outlook)|von meinem|envoyé de(?:puis)? mon|enviado desde mi)\b",
    re.IGNORECASE,
)


def own_words(text: str) -> str:
    """What is new in a text; all of it where nothing else would be left."""
    lines = text.split("\n")
    own = lines[: _end(lines)]
    own = _without_quotes(own)
    own = _without_signature(own)
    return "\n".join(own).strip() or text.strip()


def _end(lines: list[str]) -> int:
    """Where the quoted rest begins, which is quoted without marks."""
    for place, line in enumerate(lines):
        if len(line) > _LONGEST_LINE:
            continue
        if _SEPARATES.match(line):
            return place
        if _FROM.match(line) and sum(bool(_HEADER.match(each)) for each in lines[place + 1 : place + 6]) >= 2:
            return place
        if (width := _introduction(lines, place)) and not _marked(lines, place + width):
            return place
    return len(lines)


def _without_quotes(lines: list[str]) -> list[str]:
    """Without marked lines, and without what introduces them."""
    own, place = [], 0
    while place < len(lines):
        width = _introduction(lines, place)
        if not width and not _is_marked(lines[place]):
            own.append(lines[place])
        place += width or 1
    return own


def _without_signature(lines: list[str]) -> list[str]:
    """Without what follows a line of two hyphens (RFC 3676, 4.3), and without what telephones add."""
    for place, line in enumerate(lines):
        if line.rstrip() == "--" and place:
            return lines[:place]
        if _SENT_FROM.match(line) and any(each.strip() for each in lines[:place]):
            return lines[:place]
    return lines


def _introduction(lines: list[str], place: int) -> int:
    """How many lines from `place` on introduce a quote, `On … wrote:`, which programs break into up to three; 0 for none."""
    if len(lines[place]) > _LONGEST_LINE or not _BEGINS.match(lines[place]):
        return 0
    so_far = ""
    for width, line in enumerate(lines[place : place + 3], start=1):
        so_far = f"{so_far} {line}".strip()
        if len(so_far) > _LONGEST_LINE or not line.strip() or _is_marked(line):
            return 0
        if _WROTE.search(so_far):
            return width
    return 0


def _marked(lines: list[str], place: int) -> bool:
    """Whether the next line with something on it is marked as quoted, so that own words may follow the quote."""
    return next((_is_marked(line) for line in lines[place : place + 5] if line.strip()), False)


def _is_marked(line: str) -> bool:
    return line.lstrip().startswith(">")
