"""Nothing is lost and nothing happens twice, whatever dies in between."""

import multiprocessing
import os
import shutil
import signal
import threading
import time

from chassis import transaction
from chassis.bus import Bus
from chassis.events import Consumers, Relay
from tests.chassis.events.town import as_sales, won
from tests.eventually import eventually


def kill(child):
    """Kill a server as the kernel would; its supervisor starts it again."""
    os.kill(child.pid, signal.SIGKILL)


def announce_through(town, fault, *, count=60):
    """Commit changes for a second or two with a fault in the middle; answers the record of each committed one."""
    records = []
    while len(records) < count:
        try:
            records.append(town.announce(won()))
        except transaction.PyMongoError:
            time.sleep(0.1)  # a writer is told that its change did not happen
        if len(records) == count // 2:
            fault()
            fault = lambda: None  # noqa: E731
        time.sleep(0.01)
    return records


def assert_once_each(town, records):
    eventually(
        lambda: town.contacts.notes.distinct("record", {"record": {"$in": records}}).__len__() == len(records), 60
    )
    time.sleep(0.5)
    assert town.contacts.notes.count_documents({"record": {"$in": records}}) == len(records)


def test_nothing_is_lost_or_done_twice_when_nats_is_killed(own_town):
    own_town.relay()
    own_town.listening(own_town.hear())
    records = announce_through(own_town, lambda: kill(own_town.servers.nats))
    assert_once_each(own_town, records)


def test_nothing_is_lost_or_done_twice_when_mongod_is_killed(own_town):
    own_town.relay()
    own_town.listening(own_town.hear())
    records = announce_through(own_town, lambda: kill(own_town.servers.mongod))
    assert_once_each(own_town, records)
    assert own_town.contacts.dead_letters.count_documents({}) == 0


def test_changes_are_kept_while_nats_is_away_and_come_when_it_is_back(own_town):
    own_town.relay()
    own_town.listening(own_town.hear())
    os.kill(own_town.servers.nats.pid, signal.SIGSTOP)
    records = [own_town.announce(won()) for _ in range(20)]
    os.kill(own_town.servers.nats.pid, signal.SIGCONT)
    assert_once_each(own_town, records)


def test_a_service_whose_connection_was_closed_listens_again_and_stops(town):
    town.relay()
    bus = Bus(town.servers.nats_url("contacts"), "contacts")
    consumers = Consumers(town.contacts, bus, "contacts", [town.hear()])
    bus.start()
    consumers.start()
    assert_once_each(town, [town.announce(won())])
    bus.run(bus.client.close())
    assert_once_each(town, [town.announce(won())])
    time.sleep(2)  # longer than whoever still listened on the old connection would rest before trying the new one
    stopping = threading.Thread(target=lambda: (consumers.stop(), bus.stop()), daemon=True)
    stopping.start()
    stopping.join(20)
    assert not stopping.is_alive()


def test_a_deleted_stream_is_rebuilt_from_the_outbox(own_town):
    own_town.relay()
    early = own_town.announce(won(), revision=1)
    eventually(lambda: own_town.sales.events.count_documents({"published": True}) == 1)
    shutil.rmtree(own_town.servers.nats._state / "data")
    kill(own_town.servers.nats)
    late = own_town.announce(won(), revision=1)
    own_town.listening(own_town.hear())  # has heard nothing before the loss
    assert_once_each(own_town, [early, late])


class Hesitant(Relay):
    """Marks nothing until it may."""

    may_mark = False

    def _mark(self):
        if self.may_mark:
            super()._mark()


def test_what_a_lost_stream_acknowledged_and_nobody_has_marked_is_published_again(own_town):
    relay = Hesitant(own_town.sales, own_town.bus("sales"), "sales", sweep_seconds=60.0)
    relay.start()
    own_town.open.callback(relay.stop)
    early = own_town.announce(won())
    eventually(lambda: relay._unmarked)
    shutil.rmtree(own_town.servers.nats._state / "data")
    kill(own_town.servers.nats)
    relay.may_mark = True
    own_town.listening(own_town.hear())
    assert_once_each(own_town, [early])


def test_effects_stay_single_when_a_stream_is_rebuilt(own_town):
    own_town.relay()
    own_town.listening(own_town.hear())
    records = [own_town.announce(won()) for _ in range(10)]
    assert_once_each(own_town, records)
    shutil.rmtree(own_town.servers.nats._state / "data")
    kill(own_town.servers.nats)
    records.append(own_town.announce(won()))
    assert_once_each(own_town, records)


def relay_that_never_marks(mongo_url, nats_url):
    """A process of its own, to be killed between publishing and marking."""
    database = transaction.connect(mongo_url)
    bus = Bus(nats_url, "sales")
    bus.start()
    Forgetful(database, bus, "sales", lease_seconds=2).start()
    time.sleep(600)


class Forgetful(Relay):
    """Always between publishing and marking, so that a kill meets it there."""

    def _mark(self):
        pass


def test_an_event_published_by_a_relay_that_died_before_marking_has_one_effect(town):
    spawn = multiprocessing.get_context("spawn")
    urls = town.servers.mongo_url("sales"), town.servers.nats_url("sales")
    doomed = spawn.Process(target=relay_that_never_marks, args=urls, daemon=True)
    doomed.start()
    town.listening(town.hear())
    eventually(lambda: town.sales.leases.count_documents({}) == 1)
    record = town.announce(won(), revision=1)
    eventually(lambda: town.notes(record) == [1])
    doomed.kill()
    doomed.join()
    assert town.sales.events.count_documents({"published": False}) == 1
    town.relay()
    eventually(lambda: town.sales.events.count_documents({"published": True}) == 1)
    town.announce(won(), record=record, revision=2)
    eventually(lambda: town.notes(record) == [1, 2])


def test_of_two_relays_one_is_active_and_the_other_takes_over(town):
    first, second = town.relay(), town.relay()
    eventually(lambda: first.active or second.active)
    time.sleep(1)
    assert first.active != second.active
    active, idle = (first, second) if first.active else (second, first)
    active.stop()
    eventually(lambda: idle.active)
    town.listening(town.hear())
    record = town.announce(won(), revision=1)
    eventually(lambda: town.notes(record) == [1])


def test_events_that_a_stopped_service_had_in_hand_go_to_its_next_process(town):
    town.relay()
    first = town.listening(town.hear(lambda event, fact: 1 / 0), back_off=(60.0,))
    record = town.announce(won(), revision=1)
    eventually(lambda: town.sales.events.count_documents({"published": True}) == 1)
    time.sleep(0.3)
    first.stop()
    town.listening(town.hear())
    eventually(lambda: town.notes(record) == [1], 10)


def test_an_event_that_is_committed_before_any_server_is_there_waits_for_it(town):
    with as_sales():
        record = town.announce(won(), revision=1)
    time.sleep(0.2)
    town.listening(town.hear())
    town.relay()
    eventually(lambda: town.notes(record) == [1])
