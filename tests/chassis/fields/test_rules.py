"""What a definition must be."""

from typing import Any

import pytest
from crm.contacts.v1 import account_pb2

from chassis.fields.rules import faults
from chassis.listing import catalogue
from tests.builders.fields import TIERS, a_field

ACCOUNTS = catalogue(account_pb2.Account.DESCRIPTOR)
SIBLINGS = [
    a_field("price", type="DECIMAL"),
    a_field("margin", type="DECIMAL", read_roles=["manager", "controller"]),
    a_field("net", type="DECIMAL", formula="price"),
]


def faults_of(key: str = "tier", **fields: Any) -> list[str]:
    return [field for field, _ in faults(a_field(key, **fields).row, SIBLINGS, ACCOUNTS)]


@pytest.mark.parametrize(
    "fields",
    [
        {}, {"type": "SELECT", "options": TIERS}, {"type": "REFERENCE", "refers_to": "account"},
        {"type": "REFERENCE", "refers_to": "objects.machine"}, {"index": {"unique": True, "filters": True, "words": True}},
        {"type": "DECIMAL", "formula": "price * 2 + employee_count"}, {"type": "DECIMAL", "formula": "annual_revenue / 2"},
        {"type": "DECIMAL", "formula": "margin", "read_roles": ["manager"]},
        {"formula": "price if price > 10 else name"}, {"formula": "concat(name, ' ', price)"},
        {"type": "BOOLEAN", "formula": "not name"}, {"type": "INTEGER", "formula": "coalesce(name, 3)"},
        {"type": "INTEGER", "formula": "days('2026-02-01', create_time)"}, {"type": "DATE", "formula": "'2026-02-01'"},
        {"default_value": {"string_value": "gold"}, "required": True},
        {"read_roles": ["manager", "sales_rep"], "write_roles": ["manager"]},
    ],
)  # fmt: skip
def test_a_sound_definition_has_no_fault(fields: dict[str, Any]) -> None:
    assert faults_of(**fields) == []


@pytest.mark.parametrize(
    ("fault", "fields"),
    [
        ("key", {"key": "1st"}), ("key", {"key": "a-b"}), ("key", {"key": "name"}), ("key", {"key": "round"}),
        ("key", {"key": "if"}),
        ("options", {"type": "SELECT"}), ("options", {"options": TIERS}), ("options", {"type": "SELECT", "options": TIERS[2:]}),
        ("options[3].value", {"type": "SELECT", "options": [*TIERS, TIERS[0]]}), ("refers_to", {"type": "REFERENCE"}),
        ("refers_to", {"refers_to": "account"}), ("refers_to", {"type": "REFERENCE", "refers_to": "No Noun"}),
        ("index.unique", {"type": "BOOLEAN", "index": {"unique": True}}),
        ("index.filters", {"type": "LONG_TEXT", "index": {"filters": True}}),
        ("index.filters", {"type": "MONEY", "index": {"filters": True}}),
        ("index.words", {"type": "INTEGER", "index": {"words": True}}),
        ("index.words", {"index": {"words": True}, "read_roles": ["manager"]}),
        ("default_value", {"type": "INTEGER", "default_value": {"string_value": "big"}}),
        ("default_value", {"type": "SELECT", "options": TIERS, "default_value": {"string_value": "bronze"}}),
        ("default_value", {"index": {"unique": True}, "default_value": {"string_value": "gold"}}),
        ("write_roles", {"read_roles": ["manager"], "write_roles": ["sales_rep"]}),
        ("formula", {"formula": "price +"}), ("formula", {"formula": "nothing * 2"}), ("formula", {"formula": "net * 2"}),
        ("formula", {"formula": "phones"}), ("formula", {"formula": "price", "required": True}),
        ("formula", {"type": "EMAIL", "formula": "name"}),
        ("formula", {"formula": "name + region"}), ("formula", {"type": "DATE", "formula": "price * 2"}),
        ("formula", {"type": "BOOLEAN", "formula": "price"}), ("formula", {"type": "DECIMAL", "formula": "-name"}),
        ("formula", {"type": "INTEGER", "formula": "days(price, price)"}),
        ("formula", {"type": "DECIMAL", "formula": "round(name) if price > 1 else price"}),
        ("read_roles", {"formula": "margin"}), ("read_roles", {"formula": "margin", "read_roles": ["manager", "sales_rep"]}),
    ],
)  # fmt: skip
def test_a_fault_is_told_with_its_field(fault: str, fields: dict[str, Any]) -> None:
    assert faults_of(**fields) == [fault]
