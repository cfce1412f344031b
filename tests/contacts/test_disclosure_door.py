"""Disclosures at the door: who may ask, of whom, and what contacts tells."""

import json
from typing import Any

import grpc
import pytest
from crm.common.v1 import disclosure_pb2 as common
from crm.common.v1.requests_pb2 import DeleteRequest, GetRequest
from crm.contacts.v1 import disclosure_pb2

from chassis import new_id
from chassis.testing import Caller, reason, somebody
from tests.contacts.cases import CONTACT
from tests.contacts.test_findings_door import a_need
from tests.contacts.test_installed_door import an_asset

EMAIL, NUMBER = "ada@roseandthorn.example", "+441632960131"


def asked(caller: Caller, **fields: Any) -> disclosure_pb2.Disclosure:
    return caller.CreateDisclosure(disclosure_pb2.CreateDisclosureRequest(disclosure=fields))


def told(caller: Caller, subject: common.Subject) -> dict[str, list[dict[str, Any]]]:
    """What contacts tells of a person, by collection."""
    records: dict[str, list[dict[str, Any]]] = {}
    for piece in caller.DiscloseContacts(subject):
        records.setdefault(piece.collection, []).extend(map(json.loads, piece.lines.splitlines()))
    return records


def refused(call: Any) -> str:
    with pytest.raises(grpc.RpcError) as error:
        call()
    return reason(error.value)


def test_a_person_is_told_whole_and_nobody_else(caller: Caller) -> None:
    ada = CONTACT.create(caller, emails=[{"address": EMAIL}], phones=[{"number": NUMBER}])
    other = CONTACT.create(caller, emails=[{"address": "eve@roseandthorn.example"}])
    need, asset = a_need(caller, contact_id=ada.id), an_asset(caller, contact_id=ada.id)
    a_need(caller, contact_id=other.id)
    disclosure = asked(caller, email=EMAIL.upper(), reason="asked by letter")
    assert (list(disclosure.contact_ids), disclosure.actor_id) == ([ada.id], caller.whom.user_id)
    subject = caller.DescribeSubject(GetRequest(id=disclosure.id))
    assert EMAIL in subject.emails
    assert list(subject.phones) == [NUMBER]
    records = told(caller, subject)
    assert [each["id"] for each in records["needs"]] == [need.id]
    assert [each["id"] for each in records["assets"]] == [asset.id]
    [contact] = records["contacts"]
    assert (contact["id"], contact["emails"][0]["address"]) == (ada.id, EMAIL)
    assert contact["create_time"][:4].isdigit()
    assert not {"tenant_id", "search_tokens", "_id"} & contact.keys()
    assert [each["id"] for each in records["disclosures"]] == [disclosure.id]


def test_a_deleted_contact_is_still_told(caller: Caller) -> None:
    ada = CONTACT.create(caller)
    caller.DeleteContact(DeleteRequest(id=ada.id))
    subject = caller.DescribeSubject(GetRequest(id=asked(caller, contact_id=ada.id).id))
    assert [each["id"] for each in told(caller, subject)["contacts"]] == [ada.id]


def test_nothing_is_told_of_whom_nobody_names(caller: Caller) -> None:
    CONTACT.create(caller)
    assert refused(lambda: asked(caller, reason="curious")) == "INVALID"
    assert refused(lambda: asked(caller, contact_id=new_id("con"))) == "NOT_FOUND"
    assert told(caller, common.Subject()) == {}


def test_who_may_read_everything_may_not_put_it_together(caller: Caller, colleague: Any) -> None:
    ada = CONTACT.create(caller)
    subject = common.Subject(contact_ids=[ada.id])
    reader = colleague(grants={"contacts.*.read": "all"})
    manager = colleague(grants={"contacts.*.read": "all", "contacts.*.write": "team"})
    for each in (reader, manager):
        assert refused(lambda each=each: asked(each, contact_id=ada.id)) == "FORBIDDEN"
        assert refused(lambda each=each: list(each.DiscloseContacts(subject))) == "FORBIDDEN"


def test_another_tenant_is_told_nothing(caller: Caller, door: Any) -> None:
    ada, stranger = CONTACT.create(caller), door(somebody())
    assert told(stranger, common.Subject(contact_ids=[ada.id], emails=[ada.emails[0].address])) == {}
    assert refused(lambda: asked(stranger, contact_id=ada.id)) == "NOT_FOUND"
