"""Whether a row of a table names a person."""

import pytest

from chassis import Person
from services.contacts.mention import Mention

ADA = Mention(Person(("con_1",), ("ada@thorn.example",), ("+441632960131",), ("Ada Thorn",)))


@pytest.mark.parametrize(
    "cells",
    [
        ["Ada", "Thorn"], ["THORN", "", "ada"], ["Ms Ada Thorn, gardens"], ["x", "Ada@Thorn.example"],
        ["+44 (1632) 960-131"], ["+44 1632 960131"], ["id", "con_1"], [{"emails": [{"address": "ada@thorn.example"}]}],
    ],
)  # fmt: skip
def test_a_row_names_the_person(cells: list[object]) -> None:
    assert ADA.stands_in(cells)


@pytest.mark.parametrize("cells", [[], ["Ada"], ["Adah", "Thorn"], ["Ada", "Thornton"], ["+44 1632 960132"], [None, 7]])
def test_a_row_names_somebody_else(cells: list[object]) -> None:
    assert not ADA.stands_in(cells)


def test_nobody_is_named_by_nothing() -> None:
    assert not Mention(Person((), (), (), ())).stands_in(["Ada Thorn"])
