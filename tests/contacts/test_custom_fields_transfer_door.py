"""Fields of a tenant's own in files: recognised, read by their type, found wrong by their column, and put out again."""

import re
from collections.abc import Callable
from typing import Any

import orjson
import pytest

from chassis.testing import Caller, somebody
from tests.builders.fields import TIERS, define
from tests.contacts.customs import PLAIN, fields_of, made
from tests.contacts.importing import after, an_import, contacts, counts, done, result, state, targets
from tests.contacts.test_export_door import an_export, the_rows

FULL = {
    "tier": "gold", "notes": "two; three", "seats": 12, "rate": "12.5", "vip": True, "since": "2026-02-03",
    "seen": "2026-11-22T09:30:00.000Z", "wishes": ["a", "b"], "direct": "+4915123456789",
    "budget": {"currency_code": "EUR", "units": "1234", "nanos": 500_000_000},
}  # fmt: skip


def every_type(caller: Caller) -> None:
    define(caller, "tier", type="SELECT", options=TIERS)
    define(caller, "notes", type="LONG_TEXT")
    define(caller, "seats", type="INTEGER")
    define(caller, "rate", type="DECIMAL")
    define(caller, "vip", type="BOOLEAN")
    define(caller, "since", type="DATE")
    define(caller, "seen", type="INSTANT")
    define(caller, "wishes", type="MULTI_SELECT", options=[{"value": "a"}, {"value": "b"}])
    define(caller, "direct", type="PHONE")
    define(caller, "budget", type="MONEY")
    define(caller, "twice", type="INTEGER", formula="seats * 2")


def test_columns_are_recognised_by_key_label_and_path(caller: Caller) -> None:
    define(caller, "tier", label="Customer tier")
    define(caller, "seats", type="INTEGER")
    define(caller, "rate", type="DECIMAL")
    draft = an_import(caller, "Family name,Customer Tier,Seats,custom_fields.rate\nThorn,gold,3,1\n")
    assert targets(draft) == {
        "Family name": "family_name", "Customer Tier": "custom_fields.tier", "Seats": "custom_fields.seats",
        "custom_fields.rate": "custom_fields.rate",
    }  # fmt: skip


def test_cells_are_read_as_their_country_writes_them(caller: Caller) -> None:
    every_type(caller)
    text = (
        "family_name|tier|notes|seats|rate|vip|since|seen|wishes|direct|budget\n"
        "Thorn|gold|two; three|12|12,5|ja|03.02.2026|2026-11-22T09:30:00Z|a;b|01512 3456789|1.234,50 €\n"
    )
    run = done(caller, text, decimal_mark=",", date_order="DMY", country_code="DE")
    assert counts(run) == {"done": 1, "created": 1}, result(caller, run)
    assert fields_of(contacts(caller)[0]) == FULL | {"twice": 24}


def test_a_cell_that_does_not_fit_is_told_with_its_column(caller: Caller) -> None:
    every_type(caller)
    run = done(caller, "family_name,Seats,Tier\nThorn,many,gold\nRose,1,platinum\nLee,2,silver\n")
    assert counts(run) == {"done": 3, "created": 1, "refused": 2}
    assert [line[:3] for line in result(caller, run)] == [["1", "Seats", "many"], ["2", "Tier", "platinum"]]


@pytest.mark.parametrize("told", ["gold", "Gold", "GOLD", " gold ", "金"])
def test_a_choice_is_told_by_its_value_or_a_label_in_any_case(caller: Caller, told: str) -> None:
    define(caller, "tier", type="SELECT", options=TIERS)
    run = done(caller, f"family_name,Tier\nThorn,{told}\n")
    assert counts(run) == {"done": 1, "created": 1}, result(caller, run)
    assert fields_of(contacts(caller)[0]) == {"tier": "gold"}


def test_rows_change_only_the_keys_that_they_name_and_a_revert_gives_them_back(caller: Caller) -> None:
    define(caller, "tier", index={"filters": True})
    define(caller, "branch")
    known = made(caller, tier="gold", branch="Bonn")
    run = done(caller, f"id,tier\n{known.id},silver\n", match_keys=["id"])
    assert counts(run) == {"done": 1, "updated": 1}
    assert fields_of(contacts(caller)[0]) == {"tier": "silver", "branch": "Bonn"}
    assert state(after(caller, "Revert", run.id)) == "REVERTED"
    assert fields_of(contacts(caller)[0]) == {"tier": "gold", "branch": "Bonn"}


def test_two_rows_with_one_unique_value_make_one_record(caller: Caller) -> None:
    define(caller, "badge", type="INTEGER", index={"unique": True})
    run = done(caller, "family_name,badge\nThorn,7\nRose,07\nLee,8\n")
    assert counts(run) == {"done": 3, "created": 2, "refused": 1}
    [line] = result(caller, run)
    assert line[0] == "2"
    assert "badge" in line[3]


@pytest.mark.parametrize("format", ["CSV", "XLSX", "NDJSON"])
def test_what_went_out_comes_in_again(caller: Caller, format: str, door: Any) -> None:
    every_type(caller)
    made(caller, **FULL)
    _, data = an_export(caller, format=format)
    elsewhere = door(somebody())
    every_type(elsewhere)
    run = done(elsewhere, data, f"contacts.{format.lower()}")
    assert counts(run) == {"done": 1, "created": 1}, result(elsewhere, run)
    assert fields_of(contacts(elsewhere)[0]) == FULL | {"twice": 24}


def test_lines_tell_numbers_and_instants_as_answers_do(caller: Caller) -> None:
    every_type(caller)
    made(caller, **FULL)
    _, line = an_export(caller, format="NDJSON")
    told = orjson.loads(line)["custom_fields"]
    assert [type(told["seats"]), type(told["budget"]["nanos"])] == [int, int], "12 and not 12.0"
    _, table = an_export(caller, columns=["create_time"])
    assert re.fullmatch(r"\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d\.\d{3}Z", the_rows(table)[0]["create_time"])


def test_what_the_user_may_not_see_neither_goes_out_nor_comes_in(
    secret: Any, rep: Caller, colleague: Callable[..., Caller]
) -> None:
    _, data = an_export(rep)
    assert the_rows(data)[0]["custom_fields.tier"] == "gold"
    assert not {"custom_fields.margin", "custom_fields.worth"} & the_rows(data)[0].keys()
    _, lines = an_export(rep, format="NDJSON")
    assert orjson.loads(lines)["custom_fields"] == {"tier": "gold"}
    assert "custom_fields.margin" not in targets(an_import(rep, "family_name,margin\nThorn,3\n")).values()
    _, whole = an_export(colleague(grants=PLAIN, roles=("manager",)))
    assert the_rows(whole)[0]["custom_fields.margin"] == "40"
