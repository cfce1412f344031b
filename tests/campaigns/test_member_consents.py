"""What was said about reaching one contact, as an overview of the contact asks."""

from datetime import timedelta
from typing import Any

from crm.campaigns.v1 import consent_pb2

from chassis import now, transaction
from chassis.testing import Caller, details
from tests.campaigns.conftest import Marketing, address
from tests.plans import plan
from tests.refused import refusal, refused

NUMBER = "+4915123456789"


def said(caller: Caller, contact_id: str, **asked: Any) -> consent_pb2.ListConsentsResponse:
    request = consent_pb2.ListAudienceMemberConsentsRequest(id=contact_id, **asked)
    return caller.ListAudienceMemberConsents(request)


def test_its_own_words_and_those_about_its_address_come_latest_first(marketing: Marketing) -> None:
    contact, day = marketing.meet(consents=False), timedelta(days=1)
    by_post = marketing.consent(contact_id=contact.id, channel="POST", occur_time=now() - 2 * day)
    before = marketing.consent(address=address(contact).lower(), occur_time=now() - 3 * day)  # whose, was not known
    by_number = marketing.consent(contact_id=contact.id, channel="SMS", phone_number=NUMBER)
    marketing.consent(address="somebody.else@rose.example")
    found = said(marketing.caller, contact.id).consents
    assert [each.id for each in found] == [by_number.id, by_post.id, before.id]


def test_only_the_fields_that_are_asked_for_come(marketing: Marketing) -> None:
    contact = marketing.meet(consents=False)
    marketing.consent(contact_id=contact.id, proof="Send me news.")
    [word] = said(marketing.caller, contact.id, fields=["topic", "state"]).consents
    assert (word.topic, word.state) == ("news", consent_pb2.Consent.OPTED_IN)
    assert (word.proof, word.address) == ("", "")


def test_a_page_goes_on_where_the_last_one_ended(marketing: Marketing) -> None:
    contact = marketing.meet(consents=False)
    earlier = marketing.consent(contact_id=contact.id, occur_time=now() - timedelta(days=1))
    later = marketing.consent(contact_id=contact.id, state="OPTED_OUT")
    first = said(marketing.caller, contact.id, page_size=1)
    rest = said(marketing.caller, contact.id, page_size=1, page_token=first.next_page_token)
    assert [each.id for each in (*first.consents, *rest.consents)] == [later.id, earlier.id]
    assert not rest.next_page_token


def test_nobody_is_told_of_a_contact_that_the_audience_does_not_have(marketing: Marketing) -> None:
    contact = marketing.meet()
    assert refusal(said, marketing.stranger, contact.id) == "NOT_FOUND"


def test_a_field_that_there_is_not_is_named(marketing: Marketing) -> None:
    error = refused(said, marketing.caller, marketing.meet().id, fields=["colour"])
    assert "fields" in next(iter(details(error)["violations"]))


def test_they_are_found_by_indexes_in_their_order(marketing: Marketing) -> None:
    about = [{"contact_id": "con_1"}, {"address": "ada@rose.example"}]
    query = {"tenant_id": marketing.caller.whom.tenant_id, "deleted_time": None, "$and": [{"$or": about}]}
    stages, indexes = plan(transaction.database()["consents"], query, [("occur_time", -1), ("_id", -1)])
    assert not {"COLLSCAN", "SORT"} & stages
    assert indexes == {("tenant_id", field, "occur_time", "_id") for field in ("contact_id", "address")}
