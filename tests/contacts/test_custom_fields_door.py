"""Fields of a tenant's own at the door: filled, computed, unique, found, told in events."""

from concurrent.futures import ThreadPoolExecutor
from typing import Any

import grpc
import pytest
from crm.common.v1 import requests_pb2
from crm.contacts.v1 import events_pb2
from crm.schema.v1 import schema_pb2

from chassis import transaction
from chassis.events import outbox
from chassis.fields import memory
from chassis.testing import Caller, reason
from tests.builders.fields import TIERS, define
from tests.contacts.cases import ACCOUNT, CONTACT, LEAD, Case, every_noun
from tests.contacts.customs import asked, changed, fields_of, made, redefined, where
from tests.refused import violations

# ---------------------------------------------------------------- values


@every_noun
def test_a_record_holds_typed_values_and_gives_them_back(case: Case, caller: Caller) -> None:
    noun = case.field
    define(caller, "tier", noun, type="SELECT", options=TIERS)
    define(caller, "limit", noun, type="DECIMAL")
    define(caller, "seen", noun, type="INSTANT")
    define(caller, "budget", noun, type="MONEY")
    given = {
        "tier": "gold", "limit": "12.50", "seen": "2026-11-22T10:30:00+01:00",
        "budget": {"currency_code": "EUR", "units": "12"},
    }  # fmt: skip
    record = case.create(caller, custom_fields=given)
    shown = {
        "tier": "gold", "limit": "12.5", "seen": "2026-11-22T09:30:00.000Z",
        "budget": {"currency_code": "EUR", "units": "12", "nanos": 0},
    }  # fmt: skip
    assert fields_of(record) == shown
    assert fields_of(case.call(caller, "Get", requests_pb2.GetRequest(id=record.id))) == shown


def test_an_unfit_value_is_refused_by_its_key(caller: Caller) -> None:
    define(caller, "size", type="INTEGER")
    faults = violations(lambda: made(caller, size="big", colour="red"))
    assert faults == {
        "contact.custom_fields.size": "must be a whole number",
        "contact.custom_fields.colour": "there is no such field",
    }


def test_a_text_that_no_field_takes_is_refused_by_its_key(caller: Caller) -> None:
    define(caller, "notes", type="LONG_TEXT")
    faults = violations(lambda: made(caller, notes="x" * 10_001))
    assert faults == {"contact.custom_fields.notes": "must be at most 10000 characters long"}


def test_a_change_takes_the_keys_that_it_names(caller: Caller) -> None:
    define(caller, "tier")
    define(caller, "branch")
    contact = made(caller, tier="gold", branch="Bonn")
    assert fields_of(changed(caller, contact.id, branch=None)) == {"tier": "gold"}
    assert fields_of(changed(caller, contact.id, tier="silver", branch="Köln")) == {"tier": "silver", "branch": "Köln"}


def test_a_new_record_gets_defaults_and_must_have_what_is_required(caller: Caller) -> None:
    define(caller, "tier", default_value={"string_value": "silver"})
    define(caller, "branch", required=True)
    assert violations(lambda: made(caller)) == {"contact.custom_fields.branch": "is required"}
    contact = made(caller, branch="Bonn")
    assert fields_of(contact) == {"tier": "silver", "branch": "Bonn"}
    assert violations(lambda: changed(caller, contact.id, branch=None)) == {
        "contact.custom_fields.branch": "is required"
    }


def test_a_formula_follows_every_write(caller: Caller) -> None:
    define(caller, "price", type="DECIMAL")
    define(caller, "gross", type="DECIMAL", formula="round(price * 1.19, 2)")
    define(caller, "called", formula="concat(upper(family_name), ', ', given_name)")
    contact = made(caller, price="10")
    assert fields_of(contact) == {"price": "10", "gross": "11.9", "called": "THORN, Ada"}
    assert fields_of(CONTACT.update(caller, contact.id, family_name="Rose"))["called"] == "ROSE, Ada"
    assert "gross" not in fields_of(changed(caller, contact.id, price=None))
    assert violations(lambda: changed(caller, contact.id, gross="5"))


def test_a_reference_names_a_record_that_its_writer_sees(caller: Caller) -> None:
    define(caller, "bank", type="REFERENCE", refers_to="account")
    bank, elsewhere = ACCOUNT.create(caller), LEAD.create(caller)
    contact = made(caller, bank=bank.id)
    assert fields_of(contact) == {"bank": bank.id}
    assert violations(lambda: made(caller, bank=elsewhere.id)) == {
        "contact.custom_fields.bank": f"there is no account {elsewhere.id}"
    }
    caller.DeleteAccount(requests_pb2.DeleteRequest(id=bank.id))
    assert fields_of(CONTACT.update(caller, contact.id, job_title="Gardener")) == {"bank": bank.id}


def test_of_two_records_with_one_unique_value_only_one_is_kept(caller: Caller) -> None:
    define(caller, "serial", index={"unique": True})

    def attempt(_: int) -> str:
        try:
            return str(made(caller, serial="A-1").id)
        except grpc.RpcError as refusal:
            return reason(refusal)

    with ThreadPoolExecutor(8) as pool:
        outcomes = list(pool.map(attempt, range(8)))
    assert sorted(set(outcomes) - {"ALREADY_EXISTS"}) == [each.id for each in caller.ListContacts(asked()).contacts]
    assert outcomes.count("ALREADY_EXISTS") == 7
    assert made(caller, serial="A-2").id


# ---------------------------------------------------------------- finding


def test_a_value_that_is_taken_away_is_in_no_index_any_more(caller: Caller) -> None:
    define(caller, "badge", index={"unique": True, "filters": True})
    first = made(caller, badge="7")
    changed(caller, first.id, badge=None)
    assert not caller.ListContacts(asked(**where("badge", "eq", "7"))).contacts
    assert fields_of(made(caller, badge="7")) == {"badge": "7"}


@pytest.mark.parametrize("indexed", [True, False])
def test_records_are_found_and_sorted_by_their_own_fields(indexed: bool, caller: Caller) -> None:
    index = {"filters": indexed}
    define(caller, "tier", type="MULTI_SELECT", options=TIERS, index=index)
    define(caller, "limit", type="DECIMAL", index=index)
    define(caller, "seen", type="INSTANT", index=index)
    ids = {
        "low": made(caller, tier=["gold"], limit="9.5", seen="2026-01-01T00:00:00Z").id,
        "high": made(caller, tier=["gold", "silver"], limit="10", seen="2026-01-02T00:00:00Z").id,
        "none": made(caller).id,
    }

    def found(**request: Any) -> set[str]:
        hits = {contact.id for contact in caller.ListContacts(asked(**request)).contacts}
        return {name for name, id in ids.items() if id in hits}

    assert found(**where("limit", "gt", 9.75)) == {"high"}
    assert found(**where("limit", "eq", "9.50")) == {"low"}
    assert found(**where("limit", "ne", 10)) == {"low", "none"}
    assert found(**where("limit", "empty", True)) == {"none"}
    assert found(**where("limit", "exists", True)) == {"low", "high"}
    assert found(**where("tier", "eq", "silver")) == {"high"}
    assert found(**where("tier", "nin", ["silver"])) == {"low", "none"}
    assert found(**where("tier", "starts_with", "gol")) == {"low", "high"}
    assert found(**where("seen", "between", ["2026-01-01T00:00:00Z", "2026-01-01T12:00:00Z"])) == {"low"}
    walk, token = [], ""
    while not walk or token:
        page = caller.ListContacts(asked(order_by=["-custom_fields.limit"], page_size=1, page_token=token))
        walk, token = [*walk, *(each.id for each in page.contacts)], page.next_page_token
    assert walk == [ids["high"], ids["low"], ids["none"]]


def test_a_filter_by_an_indexed_field_reads_no_other_record(caller: Caller) -> None:
    define(caller, "tier", index={"filters": True})
    for tier in ("gold", "silver", "silver", "bronze"):
        made(caller, tier=tier)
    query = {"tenant_id": caller.whom.tenant_id, "custom_index": {"$elemMatch": {"k": "tier", "v": {"$eq": "gold"}}}}
    plan = transaction.database().command(
        "explain", {"find": "contacts", "filter": {**query, "deleted_time": None}}, verbosity="executionStats"
    )
    assert plan["executionStats"]["totalDocsExamined"] == 1
    assert "COLLSCAN" not in str(plan["queryPlanner"]["winningPlan"])


def test_words_of_a_field_are_found_by_a_query(caller: Caller) -> None:
    define(caller, "hobby", index={"words": True})
    define(caller, "note")
    gardener = made(caller, hobby="Growing Röses", note="secretive")
    assert [each.id for each in caller.ListContacts(asked(query="roses")).contacts] == [gardener.id]
    assert not caller.ListContacts(asked(query="secretive")).contacts


def test_a_page_may_ask_for_single_fields(caller: Caller) -> None:
    define(caller, "tier")
    define(caller, "branch")
    contact = made(caller, tier="gold", branch="Bonn")
    asked_for = requests_pb2.GetRequest(id=contact.id, fields=["custom_fields.tier"])
    assert fields_of(caller.GetContact(asked_for)) == {"tier": "gold"}


# ---------------------------------------------------------------- events, memory


def test_events_carry_every_value_and_the_version_of_the_schema(secret: Any, caller: Caller, rep: Caller) -> None:
    changed(rep, secret.id, tier="silver")
    version = caller.GetSchema(schema_pb2.GetSchemaRequest(noun="contact")).version
    rows = transaction.database()[outbox.EVENTS].find({"record_id": secret.id}).sort("revision", 1)
    created, updated = list(rows)
    assert fields_of(events_pb2.ContactCreated.FromString(created["body"]).contact)["margin"] == 40
    event = events_pb2.ContactUpdated.FromString(updated["body"])
    assert fields_of(event.contact) == {"tier": "silver", "margin": 40, "worth": 80}
    assert list(event.changed_fields) == ["custom_fields"]
    assert updated["schema_version"] == version
    assert version.startswith("1.")


def test_a_definition_is_announced_by_the_service_that_keeps_the_noun(caller: Caller) -> None:
    tier = define(caller, "tier")
    [row] = transaction.database()[outbox.EVENTS].find({"record_id": tier.id})
    assert (row["service"], row["subject"], row["type"]) == (
        "contacts", "field_definition.created", "crm.schema.v1.FieldDefinitionCreated",
    )  # fmt: skip


def test_another_process_learns_of_a_new_field_at_once_and_of_a_change_within_a_second(caller: Caller) -> None:
    tier = define(caller, "tier")
    made(caller, tier="gold")
    # What another process would remember: the schema of before.
    key = caller.whom.tenant_id, "contact"
    before = memory._known[key]
    define(caller, "branch")
    redefined(caller, tier, write_roles=["manager"])
    memory._known[key] = before
    assert fields_of(made(caller, branch="Bonn")) == {"branch": "Bonn"}


def test_ordinary_records_ask_nothing_of_definitions(caller: Caller) -> None:
    made(caller)
    key = caller.whom.tenant_id, "contact"
    remembered, until = memory._known[key]
    made(caller)
    caller.ListContacts(asked())
    assert memory._known[key] == (remembered, until)
    assert not remembered


def test_a_definition_keeps_its_key_and_its_noun(caller: Caller) -> None:
    tier = define(caller, "tier")
    assert violations(lambda: redefined(caller, tier, key="rank")).keys() == {"field_definition.key"}
