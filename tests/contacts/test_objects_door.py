"""Custom objects at the door: kinds of records that a tenant adds, with fields, references, batches and quotas."""

from typing import Any

import pytest
from crm.common.v1 import listing_pb2, requests_pb2
from crm.contacts.v1 import events_pb2, record_pb2
from crm.schema.v1 import field_definition_pb2, object_definition_pb2, schema_pb2
from google.protobuf import json_format

from chassis import transaction
from chassis.events import outbox
from chassis.testing import Caller, somebody
from services.contacts import object_definition, record
from tests.builders.fields import define
from tests.contacts.cases import CONTACT
from tests.refused import refusal, violations


def an_object(caller: Caller, key: str = "machine", **fields: Any) -> Any:
    given = object_definition_pb2.ObjectDefinition(**({"key": key, "label": key.capitalize()} | fields))
    return caller.CreateObjectDefinition(object_definition_pb2.CreateObjectDefinitionRequest(object_definition=given))


def a_record(caller: Caller, key: str = "machine", name: str = "Mower", **fields: Any) -> Any:
    return caller.CreateRecord(record_pb2.CreateRecordRequest(key=key, record={"name": name, **fields}))


def updated(caller: Caller, id: str, key: str = "machine", **fields: Any) -> Any:
    given = {"id": id, **fields}
    return caller.UpdateRecord(
        record_pb2.UpdateRecordRequest(key=key, record=given, update_mask={"paths": list(fields)})
    )


def upserted(caller: Caller, external_id: str, key: str = "machine", **fields: Any) -> Any:
    request = record_pb2.UpsertRecordRequest(
        key=key, system="erp", external_id=external_id, record={"name": "Mower", **fields}
    )
    return caller.UpsertRecord(request)


def names(caller: Caller, key: str = "machine", **request: Any) -> list[str]:
    asked = json_format.ParseDict({"key": key, **request}, record_pb2.ListRecordsRequest())
    return [each.name for each in caller.ListRecords(asked).records]


def test_records_of_an_object_live_as_those_of_any_noun(caller: Caller) -> None:
    an_object(caller)
    define(caller, "power", "objects.machine", type="INTEGER", index={"filters": True})
    define(caller, "doubled", "objects.machine", type="INTEGER", formula="power * 2")
    mower, press = (
        a_record(caller, custom_fields={"power": 5}),
        a_record(caller, name="Press", custom_fields={"power": 9}),
    )
    assert (mower.object, json_format.MessageToDict(mower.custom_fields)) == ("machine", {"power": 5, "doubled": 10})
    assert caller.GetRecord(record_pb2.GetRecordRequest(key="machine", id=mower.id)) == mower
    assert names(caller) == ["Press", "Mower"]
    assert names(caller, query="mow") == ["Mower"]
    assert names(caller, filter={"field": "custom_fields.power", "op": "gt", "value": 5}) == ["Press"]
    assert names(caller, orderBy=["custom_fields.power"]) == ["Mower", "Press"]
    assert updated(caller, mower.id, name="Big mower").name == "Big mower"
    gone = record_pb2.RecordRequest(key="machine", id=press.id)
    caller.DeleteRecord(gone)
    assert names(caller) == ["Big mower"]
    assert caller.RestoreRecord(gone).name == "Press"
    rows = transaction.database()[outbox.EVENTS].find({"record_id": mower.id}).sort("revision", 1)
    assert [(row["service"], row["subject"]) for row in rows] == [
        ("contacts", "record.created"),
        ("contacts", "record.updated"),
    ]


def test_records_are_upserted_and_written_in_batches(caller: Caller) -> None:
    an_object(caller)
    first = upserted(caller, "1")
    assert upserted(caller, "1", name="Renamed").id == first.id
    assert names(caller) == ["Renamed"]
    items = [{"record": {"name": "Press"}}, {"record": {}}]
    answer = caller.BatchCreateRecords(record_pb2.BatchRecordsRequest(key="machine", items=items))
    assert answer.failed_count == 1
    found = caller.BatchGetRecords(record_pb2.BatchGetRecordsRequest(key="machine", ids=[first.id]))
    assert found.results[0].record.name == "Renamed"
    caller.BatchDeleteRecords(record_pb2.BatchDeleteRecordsRequest(key="machine", ids=[first.id]))
    assert names(caller) == ["Press"]


def test_an_object_sees_no_record_of_another(caller: Caller) -> None:
    an_object(caller)
    an_object(caller, "lease")
    mower = upserted(caller, "1")
    wrong = record_pb2.RecordRequest(key="lease", id=mower.id)
    assert names(caller, "lease") == []
    for call in (
        lambda: caller.GetRecord(record_pb2.GetRecordRequest(key="lease", id=mower.id)),
        lambda: updated(caller, mower.id, "lease", name="x"),
        lambda: caller.DeleteRecord(wrong),
        lambda: caller.RestoreRecord(wrong),
    ):
        assert refusal(call) == "NOT_FOUND"
    assert refusal(lambda: upserted(caller, "1", "lease")) == "ALREADY_EXISTS"


def test_an_object_that_is_not_there_has_no_records(caller: Caller, door: Any) -> None:
    assert refusal(lambda: a_record(caller, "machine")) == "NOT_FOUND"
    an_object(caller)
    assert refusal(lambda: a_record(door(somebody()), "machine")) == "NOT_FOUND"
    assert refusal(lambda: define(caller, "x", "objects.lease")) == "NOT_FOUND"


def test_records_refer_to_nouns_and_nouns_to_records(caller: Caller) -> None:
    an_object(caller)
    define(caller, "keeper", "objects.machine", type="REFERENCE", refers_to="contact")
    define(caller, "machine", "contact", type="REFERENCE", refers_to="objects.machine")
    contact = CONTACT.create(caller)
    mower = a_record(caller, custom_fields={"keeper": contact.id})
    assert CONTACT.create(caller, custom_fields={"machine": mower.id}).id
    no_contact, no_machine = {"keeper": mower.id}, {"machine": contact.id}
    assert list(violations(a_record, caller, custom_fields=no_contact)) == ["record.custom_fields.keeper"]
    assert list(violations(CONTACT.create, caller, custom_fields=no_machine)) == ["contact.custom_fields.machine"]


def test_an_object_is_described(caller: Caller) -> None:
    an_object(caller)
    define(caller, "power", "objects.machine", type="INTEGER")
    schema = caller.GetSchema(schema_pb2.GetSchemaRequest(noun="objects.machine"))
    assert schema.noun == "objects.machine"
    assert {"name", "owner_id", "custom_fields.power"} <= {field.path for field in schema.fields}


def test_a_hidden_field_of_an_object_stays_hidden(caller: Caller, colleague: Any) -> None:
    an_object(caller)
    define(caller, "cost", "objects.machine", type="INTEGER", read_roles=["manager"])
    mower = a_record(caller, custom_fields={"cost": 5})
    rep = colleague(grants={"contacts.record.*": "all"}, roles=("sales_rep",))
    assert not rep.GetRecord(record_pb2.GetRecordRequest(key="machine", id=mower.id)).custom_fields.fields
    assert not updated(rep, mower.id, name="Mine").custom_fields.fields
    assert refusal(lambda: names(rep, filter={"field": "custom_fields.cost", "op": "gt", "value": 1})) == "INVALID"
    row = transaction.database()[outbox.EVENTS].find_one({"record_id": mower.id, "subject": "record.updated"})
    assert events_pb2.RecordUpdated.FromString(row["body"]).record.custom_fields["cost"] == 5


def test_an_object_goes_when_it_has_no_records(caller: Caller) -> None:
    machine = an_object(caller)
    mower = a_record(caller)
    caller.DeleteRecord(record_pb2.RecordRequest(key="machine", id=mower.id))
    gone = requests_pb2.DeleteRequest(id=machine.id)
    assert refusal(lambda: caller.DeleteObjectDefinition(gone)) == "OBJECT_IN_USE"
    lease = an_object(caller, "lease")
    caller.DeleteObjectDefinition(requests_pb2.DeleteRequest(id=lease.id))
    assert refusal(lambda: names(caller, "lease")) == "NOT_FOUND"
    assert refusal(lambda: an_object(caller, "lease")) == "ALREADY_EXISTS"


@pytest.mark.parametrize("key", ["Machine", "1st", "a-b"])
def test_a_faulty_key_is_refused(caller: Caller, key: str) -> None:
    assert refusal(lambda: an_object(caller, key)) == "INVALID"


def test_quotas_hold(caller: Caller, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(object_definition, "MOST_OBJECTS", 2)
    monkeypatch.setattr(record, "MOST_RECORDS", 1)
    monkeypatch.setattr(record, "_COUNTED_EVERY", 0.0)
    an_object(caller)
    an_object(caller, "lease")
    assert refusal(lambda: an_object(caller, "vehicle")) == "OBJECT_QUOTA_REACHED"
    a_record(caller)
    assert refusal(lambda: a_record(caller)) == "RECORD_QUOTA_REACHED"
    assert a_record(caller, "lease").id


def test_objects_are_defined_by_those_who_may(caller: Caller, colleague: Any) -> None:
    rep = colleague(grants={"contacts.*.*": "all", "schema.*.read": "all"})
    assert refusal(lambda: an_object(rep)) == "FORBIDDEN"
    an_object(caller)
    assert [each.key for each in rep.ListObjectDefinitions(listing_pb2.ListRequest()).object_definitions] == ["machine"]
    in_use = field_definition_pb2.ListFieldDefinitionsRequest(noun="objects.machine")
    assert not rep.ListFieldDefinitions(in_use).field_definitions
