"""Disclosures at the door: who may ask, of whom, and what contacts tells."""

import json
from typing import Any

from crm.common.v1 import disclosure_pb2 as common
from crm.common.v1.requests_pb2 import DeleteRequest, GetRequest
from crm.contacts.v1 import disclosure_pb2

from chassis import new_id
from chassis.testing import Caller, somebody
from tests.builders.fields import define
from tests.contacts.cases import CONTACT
from tests.contacts.documents import an_offer, shared
from tests.contacts.test_association_door import associate
from tests.contacts.test_association_door import cast as cast
from tests.contacts.test_attachment_door import attached
from tests.contacts.test_findings_door import a_need
from tests.contacts.test_installed_door import an_asset
from tests.contacts.test_interaction_door import logged
from tests.contacts.test_merge_door import merge
from tests.contacts.test_objects_door import a_record, an_object
from tests.contacts.test_share_link_door import opened
from tests.contacts.test_share_link_door import visitor as visitor
from tests.refused import refusal

EMAIL, NUMBER = "ada@roseandthorn.example", "+441632960131"


def asked(caller: Caller, **fields: Any) -> disclosure_pb2.Disclosure:
    return caller.CreateDisclosure(disclosure_pb2.CreateDisclosureRequest(disclosure=fields))


def told(caller: Caller, subject: common.Subject) -> dict[str, list[dict[str, Any]]]:
    """What contacts tells of a person, by collection."""
    records: dict[str, list[dict[str, Any]]] = {}
    for piece in caller.DiscloseContacts(subject):
        records.setdefault(piece.collection, []).extend(map(json.loads, piece.lines.splitlines()))
    return records


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
    assert refusal(lambda: asked(caller, reason="curious")) == "INVALID"
    assert refusal(lambda: asked(caller, contact_id=new_id("con"))) == "NOT_FOUND"
    assert told(caller, common.Subject()) == {}


def test_who_may_read_everything_may_not_put_it_together(caller: Caller, colleague: Any) -> None:
    ada = CONTACT.create(caller)
    subject = common.Subject(contact_ids=[ada.id])
    reader = colleague(grants={"contacts.*.read": "all"})
    manager = colleague(grants={"contacts.*.read": "all", "contacts.*.write": "team"})
    for each in (reader, manager):
        assert refusal(lambda each=each: asked(each, contact_id=ada.id)) == "FORBIDDEN"
        assert refusal(lambda each=each: list(each.DiscloseContacts(subject))) == "FORBIDDEN"


def test_another_tenant_is_told_nothing(caller: Caller, door: Any) -> None:
    ada, stranger = CONTACT.create(caller), door(somebody())
    assert told(stranger, common.Subject(contact_ids=[ada.id], emails=[ada.emails[0].address])) == {}
    assert refusal(lambda: asked(stranger, contact_id=ada.id)) == "NOT_FOUND"


def test_a_person_is_told_all_that_is_tied_to_it(caller: Caller, visitor: Caller, cast: Any) -> None:
    ada, double = CONTACT.create(caller, emails=[{"address": EMAIL}]), CONTACT.create(caller, given_name="Adah")
    done = merge(caller, CONTACT, ada.id, double.id)
    met = logged(caller, contact_ids=[], account_ids=[cast.rose], participants=[{"name": "Ada", "address": EMAIL}])
    files = [attached(caller, record) for record in (ada, met)]
    offer = an_offer(caller, contact_ids=[ada.id])
    link = shared(caller, offer, recipient="Ada", contact_id=ada.id)
    opened(visitor, link)
    tie = associate(caller, "spouse", ada.id, cast.ben)
    an_object(caller)
    define(caller, "keeper", "objects.machine", type="REFERENCE", refers_to="contact")
    define(caller, "friend", type="REFERENCE", refers_to="contact")
    mower = a_record(caller, custom_fields={"keeper": ada.id})
    eve = CONTACT.create(caller, given_name="Eve", emails=[], custom_fields={"friend": ada.id})
    a_record(caller, name="Press")
    subject = caller.DescribeSubject(GetRequest(id=asked(caller, contact_id=ada.id).id))
    assert set(subject.contact_ids) == {ada.id, double.id}
    records = told(caller, subject)
    ids = {name: {each["id"] for each in some} for name, some in records.items()}
    assert met.id in ids["interactions"]
    assert ids["attachments"] == {each.id for each in files}
    assert (ids["documents"], ids["share_links"], ids["associations"]) == ({offer.id}, {link.id}, {tie.id})
    assert (ids["merges"], ids["records"], ids["contacts"]) == ({done.id}, {mower.id}, {ada.id, eve.id})
    [view] = records["document_views"]
    assert view["network"]
    assert {each["before"]["id"] for each in records["merge_images"]} == {ada.id, double.id}
    assert not {"tenant_id", "search_tokens"} & records["merge_images"][0]["before"].keys()
