"""What people are called: the parts of a name put together in the order and script of its owner. Pure.

East Asian names stand family name first and without a blank; written in Katakana alone they transcribe foreign names, which
keep their order and get a middle dot (Unicode CLDR, Person Names). All others stand given name first unless their owner says
otherwise: no script tells a Hungarian or Vietnamese name from the rest.
"""

import re
from typing import Any, NamedTuple

FAMILY_FIRST = "FAMILY_FIRST"

PARTS = (
    "honorific", "given_name", "middle_name", "family_name", "suffix", "nickname", "phonetic_given_name",
    "phonetic_family_name", "name_order",
)  # fmt: skip

_FIELDS = {
    "honorific": "honorific", "given": "given_name", "middle": "middle_name", "family": "family_name", "suffix": "suffix",
    "nickname": "nickname", "order": "name_order",
}  # fmt: skip

# Blocks of the Unicode standard, with the iteration marks that names are written with: 佐々木.
_KATAKANA = "\u30a0-\u30ff\u31f0-\u31ff\uff66-\uff9f"
_HAN = "\u3005-\u3007\u3400-\u4dbf\u4e00-\u9fff\uf900-\ufaff\U00020000-\U0003ffff"
_HANGUL = "\u1100-\u11ff\u3130-\u318f\ua960-\ua97f\uac00-\ud7ff"
_ALL_KATAKANA = re.compile(f"[{_KATAKANA}]+")
_EAST_ASIAN = re.compile(f"[{_HAN}{_HANGUL}{_KATAKANA}\u3040-\u309f\u3100-\u312f\u31a0-\u31bf]+")


class Name(NamedTuple):
    """The parts of a name without the space around them, empty where there are none."""

    honorific: str = ""
    given: str = ""
    middle: str = ""
    family: str = ""
    suffix: str = ""
    nickname: str = ""
    order: str = ""

    @classmethod
    def of(cls, record: Any) -> "Name":
        """The name of a contact or a lead."""
        told = {field: getattr(record, name) for field, name in _FIELDS.items()}
        return cls(**{field: (part or "").strip() for field, part in told.items()})

    @property
    def shown(self) -> str:
        """The name as lists show it, else the nickname: `Ada Thorn`, `Martin King Jr.`, `山田太郎`. Empty without either."""
        if not (self.given or self.middle or self.family):
            return self.nickname
        return f"{self._body()} {self.suffix}".strip()

    @property
    def formal(self) -> str:
        """The name as a letter has it, with the honorific where its script puts it: `Dr. Ada Thorn`, `山田太郎様`."""
        if self.honorific and _EAST_ASIAN.fullmatch(self.honorific):
            return f"{self.shown}{self.honorific}" if self.shown else ""
        return f"{self.honorific} {self.shown}".strip() if self.shown else ""

    def _body(self) -> str:
        given_first, family_first = (self.given, self.middle, self.family), (self.family, self.given, self.middle)
        names = [name for name in given_first if name]
        if not all(_EAST_ASIAN.fullmatch(name) for name in names):
            return " ".join(filter(None, family_first if self.order == FAMILY_FIRST else given_first))
        foreign = all(_ALL_KATAKANA.fullmatch(name) for name in names)
        if self.order == FAMILY_FIRST or not (self.order or foreign):
            return "".join(family_first)
        return ("・" if foreign else " ").join(names)
