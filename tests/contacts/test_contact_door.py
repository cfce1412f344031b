"""Contacts at the door: how a person is found, reached and shown."""

from typing import Any

import grpc
import pytest
from crm.common.v1.listing_pb2 import Filter, ListRequest

from chassis.testing import Caller, details
from tests.builders.contacts import BEN
from tests.contacts.cases import ACCOUNT, CONTACT


def violations(call: Any, *args: Any, **fields: Any) -> dict[str, str]:
    with pytest.raises(grpc.RpcError) as error:
        call(*args, **fields)
    return details(error.value)["violations"]


def test_a_person_is_shown_by_name_and_reached_at_one_address_first(caller: Caller) -> None:
    emails = [{"address": "Ada@RoseAndThorn.EXAMPLE", "type": "work"}, {"address": "ada@home.example", "primary": True}]
    ada = CONTACT.create(caller, emails=emails, phones=[{"number": "+4915123456789"}])
    assert ada.display_name == "Ada Thorn"
    assert [(email.address, email.primary) for email in ada.emails] == [
        ("Ada@roseandthorn.example", False),
        ("ada@home.example", True),
    ]
    assert ada.phones[0].primary
    renamed = CONTACT.update(caller, ada.id, mask=("given_name", "family_name"))
    assert renamed.display_name == "ada@home.example"


def test_a_person_is_found_by_names_addresses_and_telephone_digits(caller: Caller) -> None:
    ada = CONTACT.create(caller, given_name="Ádá", phones=[{"number": "+4915123456789"}], job_title="Head gardener")
    CONTACT.create(caller, **BEN)
    for query in ("ada thorn", "TH", "ada@rose", "roseandthorn ada", "015123456789", "+49 151 2345"):
        assert CONTACT.ids(caller, ListRequest(query=query)) == [ada.id], query
    assert CONTACT.ids(caller, ListRequest(query="gardener")) == []


def test_people_are_listed_by_account_and_by_name(caller: Caller) -> None:
    account = ACCOUNT.create(caller)
    ben = CONTACT.create(caller, **BEN, account_id=account.id)
    ada = CONTACT.create(caller, account_id=account.id)
    CONTACT.create(caller)
    theirs = Filter(field="account_id", op="eq", value={"string_value": account.id})
    assert CONTACT.ids(caller, ListRequest(filter=theirs, order_by=["display_name"])) == [ada.id, ben.id]


@pytest.mark.parametrize(
    ("fields", "field"),
    [
        ({"given_name": "", "family_name": "", "emails": []}, "contact.family_name"),
        ({"emails": [{"address": "no mailbox"}]}, "contact.emails[0].address"),
        ({"emails": [{"address": "a@x.example"}, {"address": "A@X.example"}]}, "contact.emails[1].address"),
        (
            {"emails": [{"address": "a@x.example", "primary": True}, {"address": "b@x.example", "primary": True}]},
            "contact.emails[1].primary",
        ),
        ({"birth_date": "2026-02-30"}, "contact.birth_date"),
        ({"time_zone": "Europe/Atlantis"}, "contact.time_zone"),
    ],
)
def test_what_does_not_fit_is_refused_where_it_stands(caller: Caller, fields: dict[str, Any], field: str) -> None:
    assert list(violations(CONTACT.create, caller, **fields)) == [field]


def test_clearing_the_last_name_and_address_is_refused(caller: Caller) -> None:
    ada = CONTACT.create(caller)
    cleared = ("given_name", "family_name", "emails")
    assert list(violations(CONTACT.update, caller, ada.id, mask=cleared)) == ["contact.family_name"]
