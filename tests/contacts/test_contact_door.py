"""Contacts at the door: how a person is found, reached and shown."""

from typing import Any

import pytest
from crm.common.v1.listing_pb2 import Filter, ListRequest
from crm.contacts.v1 import contact_pb2

from chassis.testing import Caller
from tests.builders.contacts import BEN
from tests.contacts.cases import ACCOUNT, CONTACT
from tests.refused import violations


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
        ({"language_code": "de_DE"}, "contact.language_code"),
        ({"phones": [{"type": "work"}]}, "contact.phones[0].number"),
        ({"phones": [{"raw": "0151 23456789"}]}, "contact.phones[0].raw"),
        ({"phones": [{"number": "0151 23456789"}]}, "contact.phones[0].number"),
        ({"websites": [{"url": "https://ada.example"}, {"url": "ada.example"}]}, "contact.websites[1].url"),
        ({"websites": [{"type": "work"}]}, "contact.websites[0].url"),
        ({"addresses": [{"country_code": "XX"}]}, "contact.addresses[0].country_code"),
    ],
)
def test_what_does_not_fit_is_refused_where_it_stands(caller: Caller, fields: dict[str, Any], field: str) -> None:
    assert list(violations(CONTACT.create, caller, **fields)) == [field]


def test_clearing_the_last_name_and_address_is_refused(caller: Caller) -> None:
    ada = CONTACT.create(caller)
    cleared = ("given_name", "family_name", "emails")
    assert list(violations(CONTACT.update, caller, ada.id, mask=cleared)) == ["contact.family_name"]


def test_a_person_is_found_by_every_name_and_shown_in_the_owners_order(caller: Caller) -> None:
    names = {"given_name": "太郎", "family_name": "山田", "phonetic_family_name": "やまだ", "nickname": "Taro"}
    yamada = CONTACT.create(caller, **names, emails=[])
    assert yamada.display_name == "山田太郎"
    for query in ("山田太", "太郎", "やまだ", "taro"):
        assert CONTACT.ids(caller, ListRequest(query=query)) == [yamada.id], query
    assert CONTACT.update(caller, yamada.id, name_order="GIVEN_FIRST").display_name == "太郎 山田"


def test_what_was_read_can_be_sent_back_whole(caller: Caller) -> None:
    address = {"lines": ["Rosenweg 7"], "locality": "Trier", "country_code": "DE"}
    ada = CONTACT.create(caller, addresses=[address], phones=[{"raw": "0151 234 567 89 ext. 4"}], language_code="de-at")
    assert ada.phones[0].number == "+4915123456789"
    assert (ada.phones[0].extension, ada.language_code) == ("4", "de-AT")
    assert list(ada.addresses[0].missing_parts) == ["postal_code"]
    assert list(ada.addresses[0].formatted_lines) == ["Rosenweg 7", "Trier"]
    mask = [field.name for field, _ in ada.ListFields() if field.name != "id"]
    again = caller.UpdateContact(contact_pb2.UpdateContactRequest(contact=ada, update_mask={"paths": mask}))
    assert again == ada
