"""In which of the one-byte encodings a text is: the one in which its words are words of some language.

Lists of names and addresses are short and of many languages, so frequencies of letters tell little. What tells is whether the
letters beyond ASCII that stand together in a word belong to one alphabet: `Dvořák` read as Western European is `Dvoøák`, and no
language has both ø and á beside each other; `Łódź` becomes `£ódŸ`.
"""

import re
from collections import Counter
from collections.abc import Iterator
from itertools import islice

# What lower-case letters beyond ASCII each language has. Where two encodings fit equally well, the first one is meant.
_LATIN = {
    "cp1252": (
        "àâæçéèêëîïôœùûüÿ",  # French
        "áéíñóúü",  # Spanish
        "áâãàçéêíóôõúü",  # Portuguese
        "äöüß",  # German
        "åäöéü",  # Swedish, Finnish
        "æøåéöäü",  # Danish, Norwegian
        "áðéíóúýþæö",  # Icelandic
        "àèéìíîòóùú",  # Italian
        "áëïéèöüóç",  # Dutch
        "àçèéíïòóúü",  # Catalan
        "äöõüšž",  # Estonian
    ),
    "cp1250": (
        "ąćęłńóśźż",  # Polish
        "áčďéěíňóřšťúůýž",  # Czech
        "áäčďéíĺľňóôŕšťúýž",  # Slovak
        "áéíóöőúüű",  # Hungarian
        "ăâîşţ",  # Romanian
        "čćđšž",  # Croatian, Slovene, Bosnian
        "äöüß",  # German
    ),
    "cp1254": ("çğıiöşüâîû",),  # Turkish
}
_OTHER = {
    # Before Cyrillic, whose small letters have the same bytes: names in Cyrillic have capitals.
    "cp1255": ("אבגדהוזחטיכלמנסעפצקרשתםןץףך",),
    "cp1251": (
        "абвгдежзийклмнопрстуфхцчшщъыьэюяё",  # Russian, Bulgarian
        "абвгдежзийклмнопрстуфхцчшщьюяґєіїыэёў",  # Ukrainian, Belarusian
        "абвгдежзијклмнопрстуфхцчшђљњћџѓќѕ",  # Serbian, Macedonian
    ),
    "cp1253": ("αβγδεζηθικλμνξοπρστυφχψωςάέήίόύώϊϋΐΰ",),
}
_ENOUGH = 1000  # words to judge by
_CAPITALS = {"İ": "i"}  # those whose small letter is no single character
_MARKS = "’‘‚“”„–—…€°·«»¿¡§©®™\xa0"  # stand beside words in every language
_WORD = re.compile(rf"[^\x00-@\[-`{{-\x7f{_MARKS}]+")


def fit(text: str, encoding: str) -> float:
    """How well a text that was decoded so is words of the encoding's languages, and of a single one: from 0 to 2."""
    telling = (each[0] for each in _WORD.finditer(text) if not each[0].isascii())
    words = list(islice(telling, _ENOUGH))
    if not words:
        return 2.0
    native, languages = 0, Counter[int]()
    for word in words:
        speakers = list(_speakers(word, encoding))
        native += bool(speakers)
        languages.update(speakers)
    return (native + max(languages.values(), default=0)) / len(words)


def _speakers(word: str, encoding: str) -> Iterator[int]:
    if any(letter.isupper() and not letter.isascii() for letter in word[1:]) and not word.isupper():
        return  # a capital within a word
    letters = {_CAPITALS.get(letter) or letter.lower() for letter in word}
    if encoding not in ENCODINGS:
        if not any(letter < "ᄀ" for letter in letters):  # all of them beyond the alphabets: Kana, Han, Hangul
            yield 0
        return
    own = {letter for letter in letters if not letter.isascii()} if encoding in _LATIN else letters
    for place, alphabet in enumerate(_LATIN.get(encoding) or _OTHER[encoding]):
        if own <= set(alphabet):
            yield place


ENCODINGS = (*_LATIN, *_OTHER)
