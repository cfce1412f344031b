"""Names in the order and script of their owners: pure, with their laws."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from services.contacts.names import Name

PART = st.text(max_size=12).map(str.strip)
ORDER = st.sampled_from(["", "GIVEN_FIRST", "FAMILY_FIRST"])


@pytest.mark.parametrize(
    ("name", "shown"),
    [
        (Name(given="Ada", family="Thorn"), "Ada Thorn"),
        (Name(given="Martin", middle="Luther", family="King", suffix="Jr."), "Martin Luther King Jr."),
        (Name(given="Béla", family="Bartók", order="FAMILY_FIRST"), "Bartók Béla"),
        (Name(given="Minh", middle="Chí", family="Hồ"), "Minh Chí Hồ"),
        (Name(given="太郎", family="山田"), "山田太郎"),
        (Name(given="さくら", family="佐々木"), "佐々木さくら"),
        (Name(given="エミ", family="山田"), "山田エミ"),
        (Name(given="ジョン", family="スミス"), "ジョン・スミス"),
        (Name(given="ジョン", family="スミス", order="FAMILY_FIRST"), "スミスジョン"),
        (Name(given="철수", family="김"), "김철수"),
        (Name(given="小龙", family="李"), "李小龙"),
        (Name(given="小龙", family="李", order="GIVEN_FIRST"), "小龙 李"),
        (Name(given="Bruce", family="李"), "Bruce 李"),
        (Name(given="Мария", family="Кюри"), "Мария Кюри"),
        (Name(family="山田"), "山田"),
        (Name(nickname="Buddy"), "Buddy"),
        (Name(given="Earl", family="Carter", nickname="Buddy"), "Earl Carter"),
        (Name(), ""),
        (Name(honorific="Dr.", suffix="PhD"), ""),
    ],
)
def test_a_name_is_shown_as_its_owner_writes_it(name: Name, shown: str) -> None:
    assert name.shown == shown


@pytest.mark.parametrize(
    ("name", "formal"),
    [
        (Name(honorific="Dr.", given="Ada", family="Thorn"), "Dr. Ada Thorn"),
        (Name(honorific="様", given="太郎", family="山田"), "山田太郎様"),
        (Name(honorific="Dr.", given="太郎", family="山田"), "Dr. 山田太郎"),
        (Name(given="Ada"), "Ada"),
        (Name(honorific="Dr."), ""),
        (Name(honorific="様"), ""),
    ],
)
def test_a_letter_puts_the_honorific_where_its_script_does(name: Name, formal: str) -> None:
    assert name.formal == formal


@given(PART, PART, PART, PART, ORDER)
def test_no_part_of_a_name_is_lost(given_name, middle, family, suffix, order) -> None:
    shown = Name(given=given_name, middle=middle, family=family, suffix=suffix, order=order).shown
    assert shown == shown.strip()
    if given_name or middle or family:
        assert all(part in shown for part in (given_name, middle, family, suffix))


@given(PART, PART)
def test_the_order_changes_nothing_but_the_order(given_name, family) -> None:
    one = Name(given=given_name, family=family, order="GIVEN_FIRST").shown
    other = Name(given=given_name, family=family, order="FAMILY_FIRST").shown
    assert sorted(one.replace(" ", "").replace("・", "")) == sorted(other.replace(" ", "").replace("・", ""))
