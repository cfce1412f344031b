"""From a commit in one service to the effect in another."""

import threading

import pytest
from crm.sales.v1 import events_pb2, opportunity_pb2
from opentelemetry.sdk.trace.export.in_memory_span_exporter import InMemorySpanExporter

from chassis import telemetry, transaction
from chassis.call import Call, answering
from chassis.events import Reaction, on, outbox
from chassis.events.fact import headers, reacting_to
from chassis.principal import principal
from chassis.refusals import Refused
from tests.chassis.events.town import TENANT, as_sales, won
from tests.eventually import eventually


class OpportunityUnknown(Refused):
    """The opportunity {id} is not known here."""


def test_an_event_reaches_another_service(town):
    facts = []
    town.relay()
    town.listening(town.hear(lambda event, fact: facts.append((event.opportunity.name, fact, principal()))))
    record = town.announce(won("Chairs"), revision=7)
    eventually(lambda: town.notes(record) == [7])
    name, fact, whom = facts[-1]
    assert name == "Chairs"
    assert (fact.tenant_id, fact.type, fact.subject) == (TENANT, "crm.sales.v1.OpportunityWon", "opportunity.won")
    assert (fact.actor_id, fact.via) == ("sales", "service")
    assert (whom.tenant_id, whom.user_id) == (TENANT, "contacts")


def test_events_of_one_record_come_in_their_order(town):
    town.listening(town.hear())
    records = [town.announce(won(), revision=1) for _ in range(20)]
    for revision in range(2, 11):
        for record in records:
            town.announce(won(), record=record, revision=revision)
    town.relay()
    for record in records:
        eventually(lambda record=record: len(town.notes(record)) == 10)
        assert town.notes(record) == list(range(1, 11))


@pytest.mark.parametrize("number", [17, 700])
def test_many_events_come_in_their_order_when_the_server_knows_one_already(town, number):
    town.listening(town.hear())
    relay = town.relay()
    record = town.announce(won(), revision=1)
    eventually(lambda: town.notes(record) == [1] and town.sales.events.find_one({"published": True}))
    relay.stop()
    for revision in range(2, number + 1):
        town.announce(won(), record=record, revision=revision)
    town.sales.events.update_one({"record_id": record, "revision": 1}, {"$set": {"published": False}})
    town.relay()
    eventually(lambda: len(town.notes(record)) == number, seconds=30)
    assert town.notes(record) == list(range(1, number + 1))
    eventually(lambda: not town.sales.events.find_one({"published": False}))


def test_an_event_that_no_message_can_hold_holds_up_only_its_record(town):
    town.listening(town.hear())
    stuck = town.announce(won("x" * 2_000_000), revision=1)
    town.announce(won(), record=stuck, revision=2)
    others = [town.announce(won()) for _ in range(600)]
    town.relay()
    eventually(lambda: all(town.notes(other) == [1] for other in others[::50]), seconds=30)
    eventually(lambda: town.sales.events.count_documents({"published": False}) == 2)
    assert town.notes(stuck) == []


def test_events_of_one_change_come_in_their_order(town):
    order = []
    town.relay()
    town.listening(town.hear(lambda event, fact: order.append(event.opportunity.name)))
    record = town.announce(*(won(str(number)) for number in range(10)))
    eventually(lambda: len(town.notes(record)) == 10)
    assert order == [str(number) for number in range(10)]


def test_an_undone_change_announces_nothing(town):
    with pytest.raises(ZeroDivisionError), as_sales():
        transaction.run(lambda: (outbox.write(town.sales, "sales", "opp_1", 1, [won()]), 1 / 0))
    assert town.sales.events.count_documents({}) == 0


def test_a_failing_event_is_not_overtaken_by_later_ones_of_its_record(town):
    failures = iter([True, True, False])
    others = threading.Event()

    def fail_twice(event, fact):
        if event.opportunity.name == "bad" and next(failures, False):
            raise ZeroDivisionError
        if event.opportunity.name == "other":
            others.set()

    town.relay()
    town.listening(town.hear(fail_twice), threads=1, back_off=(0.5, 0.5))
    record = town.announce(won("bad"), revision=1)
    town.announce(won(), record=record, revision=2)
    town.announce(won(), record=record, revision=3)
    town.announce(won("other"))
    assert others.wait(0.9)  # other records do not wait
    eventually(lambda: town.notes(record) == [1, 2, 3])


def test_an_effect_happens_once_however_often_the_event_comes(town):
    town.relay()
    town.listening(town.hear())
    record = town.announce(won())
    eventually(lambda: town.notes(record) == [1])
    row = town.sales.events.find_one({"record_id": record})
    # The server's own window would hide the copy, so it is given another message id.
    body, bus = row["body"], town.bus("sales")
    eventually(lambda: bus.ready)
    bus.run(bus.publish(f"crm.{TENANT}.sales.opportunity.won", body, headers(row) | {"Nats-Msg-Id": "copy"}))
    later = town.announce(won(), record=record, revision=2)
    eventually(lambda: town.notes(later) == [1, 2])


def test_each_reaction_to_an_event_stands_for_itself(town):
    def refuse(event, fact):
        raise OpportunityUnknown(id=fact.record_id)

    town.relay()
    town.listening(Reaction(events_pb2.OpportunityWon, refuse), town.hear())
    record = town.announce(won())
    eventually(lambda: town.notes(record) == [1])
    eventually(lambda: town.contacts.dead_letters.count_documents({"reaction": "refuse"}) == 1)


def test_an_event_that_nobody_listens_to_is_published_and_left_alone(town):
    town.relay()
    town.listening(town.hear())
    town.announce(events_pb2.OpportunityLost(opportunity={"name": "Chairs"}))
    event = eventually(lambda: town.sales.events.find_one({"published": True}))
    # Others' events may still be on their way to the same consumer.
    assert not [row for row in town.contacts.inbox.find({}) if event["_id"] in row["_id"]]


def test_an_event_names_its_request_and_trace(town):
    traceparent = "00-0123456789abcdef0123456789abcdef-0123456789abcdef-01"
    with answering(Call(request_id="req-1")), telemetry.span("rpc", carrier={"traceparent": traceparent}):
        town.announce(won())
    row = town.sales.events.find_one({})
    assert (row["request_id"], row["correlation_id"], row["causation_id"]) == ("req-1", "req-1", "")
    assert row["traceparent"] == traceparent


def test_a_reaction_is_a_part_of_the_trace_that_its_event_came_of(town):
    kept, caused = InMemorySpanExporter(), []
    telemetry.start_traces("sales", kept)
    town.open.callback(telemetry.stop_traces)
    town.relay()
    town.listening(town.hear(lambda event, fact: caused.append(telemetry.trace_id())))
    with telemetry.span("rpc"):
        trace = telemetry.trace_id()
        record = town.announce(won())
    eventually(lambda: town.notes(record) == [1])
    assert set(caused) == {trace}


def test_an_event_that_comes_of_another_names_it_as_its_cause(town):
    caused = []

    def react_with_an_event(event, fact):
        assert reacting_to.get() is fact
        caused.extend(outbox.rows("contacts", "acc_1", 1, []))
        outbox.write(town.sales, "sales", "opp_caused", 1, [events_pb2.OpportunityReopened()])

    town.relay()
    town.listening(town.hear(react_with_an_event))
    with answering(Call(request_id="req-1")):
        town.announce(won())
    eventually(lambda: town.sales.events.count_documents({"record_id": "opp_caused"}) == 1)
    first, second = town.sales.events.find({}).sort("_id", 1)
    assert (second["causation_id"], second["correlation_id"]) == (first["_id"], "req-1")
    assert second["actor_id"] == "contacts"


def test_a_message_that_is_no_event_cannot_be_announced_or_heard(town):
    with pytest.raises(TypeError, match="declares no option"), as_sales():
        outbox.rows("sales", "opp_1", 1, [opportunity_pb2.Opportunity()])
    with pytest.raises(TypeError, match="declares no option"):
        on(opportunity_pb2.Opportunity)(lambda event, fact: None)


def test_an_event_of_another_service_cannot_be_announced(town):
    with pytest.raises(TypeError, match="no event of contacts"), as_sales():
        outbox.rows("contacts", "opp_1", 1, [won()])
