"""Duplicates at the door: who is found, what the tenant's rules do about it, and that nobody slips through at once."""

from concurrent.futures import ThreadPoolExecutor
from dataclasses import replace
from typing import Any

import grpc
import pytest
from crm.common.v1.requests_pb2 import DeleteRequest
from crm.contacts.v1 import contact_pb2, duplicate_pb2, lead_pb2, service_pb2

from chassis.principal import sign
from chassis.testing import Caller, details, key_pair, reason, somebody
from services.contacts.likeness import LIKELY, compare
from services.contacts.portrait import of_person
from tests.builders.contacts import ADA, BEN, a_contact_message
from tests.contacts import febrl
from tests.contacts.cases import ACCOUNT, CONTACT, LEAD, every_noun
from tests.refused import refused

DIFFERENT_ADA = {"given_name": "Ada", "family_name": "Thorne", "birth_date": "1981-04-12"}


def a_rule(caller: Caller, noun: str = "contact", **fields: Any) -> Any:
    """A rule of the caller's tenant."""
    rule = duplicate_pb2.DuplicateRule(noun=noun, **fields)
    return caller.CreateDuplicateRule(duplicate_pb2.CreateDuplicateRuleRequest(duplicate_rule=rule))


def found(caller: Caller, **asked: Any) -> list[Any]:
    """The candidates for a contact."""
    return list(caller.FindContactDuplicates(duplicate_pb2.FindContactDuplicatesRequest(**asked)).candidates)


def details_of(call: Any, *args: Any, **fields: Any) -> Any:
    """What a call is refused with."""
    return details(refused(call, *args, **fields))


def warned(caller: Caller, **fields: Any) -> list[str]:
    """What the answer to making a contact says beside itself."""
    rpc = service_pb2.DESCRIPTOR.services_by_name["ContactsService"].methods_by_name["CreateContact"]
    call = caller.channel.unary_unary(
        f"/{rpc.containing_service.full_name}/{rpc.name}",
        contact_pb2.CreateContactRequest.SerializeToString,
        contact_pb2.Contact.FromString,
    )
    token = sign(caller.whom, key_pair()[0])
    request = contact_pb2.CreateContactRequest(contact=a_contact_message(**fields))
    _, made = call.with_call(request, metadata=(("kith-principal", token), *caller.metadata))
    return [value for key, value in made.trailing_metadata() if key == "possible-duplicates"]


# ---------------------------------------------------------------- finding


def test_the_likes_of_a_draft_are_found_with_reasons(caller: Caller) -> None:
    ada = CONTACT.create(caller, birth_date="1981-04-12")
    CONTACT.create(caller, **BEN)
    [candidate] = found(caller, contact={"given_name": "Thorn", "family_name": "Áda", "birth_date": "1981-04-12"})
    assert (candidate.id, candidate.title, candidate.common_keys) == (ada.id, "Ada Thorn", [])
    assert 0.5 < candidate.score < 1
    assert set(candidate.reasons) == {"birth_date:same", "given_name:swapped", "family_name:swapped"}


def test_a_common_key_comes_first_and_whatever_the_score(caller: Caller) -> None:
    ada = CONTACT.create(caller, birth_date="1981-04-12")
    desk = CONTACT.create(
        caller, given_name="Front", family_name="Desk", emails=[{"address": "Ada@RoseAndThorn.example"}]
    )
    draft = {"given_name": "Ada", "family_name": "Thorn", "birth_date": "1981-04-12"}
    draft["emails"] = [{"address": "ADA@roseandthorn.example"}]
    assert [each.id for each in found(caller, contact=draft)] == [ada.id, desk.id]
    assert found(caller, contact=draft)[1].common_keys == ["email:ada@roseandthorn.example"]
    assert [each.id for each in found(caller, id=desk.id)] == [ada.id]
    assert [each.id for each in found(caller, contact=draft, limit=1)] == [ada.id]


def test_companies_and_leads_have_their_likes_too(caller: Caller) -> None:
    rose = ACCOUNT.create(caller, domain="roseandthorn.example")
    asked = duplicate_pb2.FindAccountDuplicatesRequest(account={"name": "x", "domain": "www.roseandthorn.example"})
    assert [each.id for each in caller.FindAccountDuplicates(asked).candidates] == [rose.id]
    mina = LEAD.create(caller)
    draft = lead_pb2.Lead(given_name="Mina", family_name="Vale", company_name="VALE GARDENS Ltd.")
    [lead] = caller.FindLeadDuplicates(duplicate_pb2.FindLeadDuplicatesRequest(lead=draft)).candidates
    assert (lead.id, lead.title) == (mina.id, "Vale Gardens")


def test_a_request_names_a_draft_or_a_record(caller: Caller) -> None:
    ada = CONTACT.create(caller)
    for asked in ({}, {"id": ada.id, "contact": ADA}):
        assert list(details_of(found, caller, **asked)["violations"]) == ["contact"]
    assert details_of(found, caller, id=f"{ada.id[:-4]}aaaa")["reason"] == "NOT_FOUND"
    assert list(details_of(found, caller, contact={"emails": [{"address": "no mailbox"}]})["violations"]) == [
        "contact.emails[0].address"
    ]


def test_only_what_the_caller_may_see_is_found(caller: Caller, colleague: Any) -> None:
    CONTACT.create(caller)
    assert found(caller, contact=ADA)
    assert not found(colleague(grants={"contacts.*.*": "own"}), contact=ADA)
    assert not found(replace(caller, whom=somebody()), contact=ADA)


def test_what_is_deleted_or_has_changed_is_no_longer_found(caller: Caller) -> None:
    ada, again = CONTACT.create(caller), CONTACT.create(caller, emails=[])
    CONTACT.update(caller, again.id, given_name="Zoe", family_name="Quill")
    CONTACT.call(caller, "Delete", DeleteRequest(id=ada.id))
    assert not found(caller, contact=ADA)


# ---------------------------------------------------------------- rules


def test_without_a_rule_everything_comes_in(caller: Caller) -> None:
    CONTACT.create(caller)
    assert warned(caller) == []


def test_a_blocked_key_is_refused_with_who_has_it(caller: Caller) -> None:
    a_rule(caller, on_exact="BLOCK")
    ada = CONTACT.create(caller)
    said = details_of(CONTACT.create, caller, given_name="Front", family_name="Desk")
    assert (said["reason"], said["keywords"]) == (
        "DUPLICATE_FOUND",
        {"noun": "contact", "by": "email", "candidates": ada.id},
    )
    CONTACT.create(caller, emails=[])  # the likest person without the key
    CONTACT.update(caller, ada.id, job_title="Head gardener")  # who has it keeps it
    ben = CONTACT.create(caller, **BEN)
    assert details_of(CONTACT.update, caller, ben.id, emails=ADA["emails"])["reason"] == "DUPLICATE_FOUND"


def test_who_may_not_be_seen_is_not_named(caller: Caller, colleague: Any) -> None:
    a_rule(caller, on_exact="BLOCK")
    CONTACT.create(caller)
    said = details_of(CONTACT.create, colleague(grants={"contacts.*.*": "own"}))
    assert said["keywords"]["candidates"] == "one that you may not see"


def test_a_like_is_blocked_only_when_it_is_certain_enough(caller: Caller) -> None:
    a_rule(caller, on_similar="BLOCK", minimum_percent=95)
    CONTACT.create(caller, birth_date="1981-04-12")
    CONTACT.create(caller, given_name="Ada", family_name="Thorne", emails=[])
    said = details_of(CONTACT.create, caller, **DIFFERENT_ADA)
    assert (said["reason"], said["keywords"]["by"]) == ("DUPLICATE_FOUND", "likeness")


def test_a_warning_names_the_likes_and_takes_the_record(caller: Caller, colleague: Any) -> None:
    a_rule(caller, on_exact="WARN", on_similar="WARN")
    ada = CONTACT.create(caller)
    once = caller.saying(idempotency_key="twice")
    [hint] = warned(once, given_name="Ada")
    assert hint.startswith(f"{ada.id};of=con_")
    assert hint.endswith(";percent=99")
    assert warned(once, given_name="Ada") == [hint], "also when the answer is given again"
    assert warned(colleague(grants={"contacts.*.*": "own"})) == []


@pytest.mark.parametrize(("via", "blocked"), [("session", False), ("api_key", True), ("import", False)])
def test_a_rule_is_for_its_channel(caller: Caller, colleague: Any, via: str, blocked: bool) -> None:
    a_rule(caller, channel="API", on_exact="BLOCK")
    CONTACT.create(caller)
    comes = colleague(via=via)
    if blocked:
        assert details_of(CONTACT.create, comes)["reason"] == "DUPLICATE_FOUND"
    else:
        assert CONTACT.create(comes).id


def test_of_several_rules_the_strictest_applies(caller: Caller) -> None:
    a_rule(caller, on_exact="WARN")
    a_rule(caller, channel="UI", on_exact="BLOCK", keys=["phone"])
    phones = [{"number": "+4915123456789"}]
    CONTACT.create(caller, phones=phones)
    assert warned(caller)
    assert details_of(CONTACT.create, caller, emails=[], phones=phones)["reason"] == "DUPLICATE_FOUND"


def test_a_rule_that_is_gone_no_longer_applies(caller: Caller) -> None:
    rule = a_rule(caller, on_exact="BLOCK")
    CONTACT.create(caller)
    caller.DeleteDuplicateRule(DeleteRequest(id=rule.id))
    CONTACT.create(caller)


def test_a_batch_meets_its_own_records(caller: Caller) -> None:
    a_rule(caller, on_exact="BLOCK")
    answer = CONTACT.batch(caller, "Create", [{"contact": a_contact_message()}, {"contact": a_contact_message()}])
    assert answer.failed_count == 1
    assert answer.results[1].error.code == grpc.StatusCode.ALREADY_EXISTS.value[0]


@every_noun
def test_rules_are_for_every_noun_that_can_be_double(caller: Caller, case: Any) -> None:
    a_rule(caller, noun=case.field, on_exact="BLOCK", keys=["email", "domain"])
    key = {"domain": "roseandthorn.example"} if case is ACCOUNT else {}
    case.create(caller, **key)
    assert details_of(case.create, caller, **key)["reason"] == "DUPLICATE_FOUND"


def test_of_sixteen_that_race_for_a_blocked_key_one_comes_in(caller: Caller) -> None:
    a_rule(caller, on_exact="BLOCK")

    def race(number: int) -> str:
        try:
            return CONTACT.create(caller, given_name=f"Racer {number}").id
        except grpc.RpcError as error:
            return reason(error)

    with ThreadPoolExecutor(16) as pool:
        ended = list(pool.map(race, range(16)))
    assert ended.count("DUPLICATE_FOUND") == 15
    assert len(found(caller, contact=ADA)) == 1


# ---------------------------------------------------------------- the service finds what the kernel measures


@pytest.mark.whole
@pytest.mark.skipif(not febrl.DATA.exists(), reason=f"the persons are not in {febrl.DATA}")
def test_the_planted_doubles_are_found_at_the_door(caller: Caller) -> None:
    people = febrl.people(1)
    ids: dict[str, str] = {}
    rows = list(people.items())
    for begin in range(0, len(rows), 200):
        part = rows[begin : begin + 200]
        answer = CONTACT.batch(caller, "Create", [{"client_ref": name, "contact": row} for name, row in part])
        ids |= {each.contact.id: each.client_ref for each in answer.results}
    assert len(ids) == len(people)
    pairs = {
        frozenset((name, ids[candidate.id])): candidate.score
        for id, name in ids.items()
        for candidate in found(caller, id=id)
    }
    true = febrl.doubles(people)
    assert len(pairs.keys() & true) / len(pairs) >= 0.98
    assert len(pairs.keys() & true) / len(true) >= 0.95
    for pair, score in pairs.items():
        assert score == pytest.approx(compare(*(of_person(people[name]) for name in pair)).score)
        assert score >= LIKELY
