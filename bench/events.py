"""How long from a commit in one service to the committed reaction in another, and what an event costs each process.

    python -m bench.events --rate 200 --seconds 10

Starts its own mongod and nats-server in a temporary folder. One process commits changes at the rate and relays them, another
reacts to each with one insert. `commit` is the moment at which the writer's transaction has returned.
"""

import argparse
import json
import multiprocessing
import resource
import tempfile
import time
from multiprocessing.synchronize import Event
from pathlib import Path

from crm.sales.v1 import events_pb2

from chassis import transaction
from chassis.bus import Bus
from chassis.embedded import running
from chassis.events import Consumers, Reaction, Relay, outbox
from chassis.ids import new_id
from chassis.principal import acting_as, of_service

SERVICES = ("sales", "contacts")


def main() -> None:
    """Run the two processes and print one line of JSON."""
    parser = argparse.ArgumentParser()
    parser.add_argument("--rate", type=int, default=200, help="events per second")
    parser.add_argument("--seconds", type=int, default=10)
    parser.add_argument(
        "--records", type=int, default=0, help="share the events among so many records; 0: each its own"
    )
    given = parser.parse_args()
    spawn = multiprocessing.get_context("spawn")
    with tempfile.TemporaryDirectory() as folder, running(Path(folder), SERVICES) as servers:
        go, stop, answers = spawn.Event(), spawn.Event(), spawn.Queue()
        urls = {service: (servers.mongo_url(service), servers.nats_url(service)) for service in SERVICES}
        listener = spawn.Process(target=listen, args=(*urls["contacts"], go, stop, answers))
        writer = spawn.Process(target=write, args=(*urls["sales"], given, go, answers))
        listener.start()
        writer.start()
        committed, writing_cpu = answers.get()
        stop.set()
        done, reacting_cpu = answers.get()
        writer.join()
        listener.join()
    print(json.dumps(summary(committed, done, writing_cpu, reacting_cpu)))


def write(mongo_url: str, nats_url: str, given: argparse.Namespace, go: Event, answers: multiprocessing.Queue) -> None:
    """Be sales: commit at the rate and relay."""
    database = transaction.connect(mongo_url)
    outbox.prepare(database)
    bus = Bus(nats_url, "sales")
    bus.start()
    relay = Relay(database, bus, "sales")
    relay.start()
    go.wait()
    committed: dict[str, float] = {}
    cpu, started = _cpu(), time.time()
    total = given.rate * given.seconds
    for number in range(total):
        time.sleep(max(0.0, started + number / given.rate - time.time()))
        record, revision = (f"opp_{number % given.records}", number) if given.records else (new_id("opp"), 1)
        event = events_pb2.OpportunityWon(opportunity={"id": record, "name": "Chairs for the new hall"})
        with acting_as(of_service("sales", "ten_acme")):
            transaction.run(lambda: outbox.write(database, "sales", record, revision, [event]))  # noqa: B023
        committed[f"{record}:{revision}"] = time.time()
    writing = _cpu() - cpu
    while database.events.count_documents({"published": False}):
        time.sleep(0.05)
    time.sleep(1)
    answers.put((committed, writing))
    relay.stop()
    bus.stop()


def listen(mongo_url: str, nats_url: str, go: Event, stop: Event, answers: multiprocessing.Queue) -> None:
    """Be contacts: react to each event with one insert, and note when that was committed."""
    database = transaction.connect(mongo_url)
    database.create_collection("notes")
    database.create_collection("inbox")
    done: dict[str, float] = {}

    class Timed(Reaction):
        def run(self, *given) -> None:
            super().run(*given)
            fact = given[3]
            done[f"{fact.record_id}:{fact.revision}"] = time.time()

    def note(event, fact) -> None:
        database.notes.insert_one(
            {"record": fact.record_id, "tenant_id": fact.tenant_id, "name": event.opportunity.name}
        )

    bus = Bus(nats_url, "contacts")
    bus.start()
    consumers = Consumers(database, bus, "contacts", [Timed(events_pb2.OpportunityWon, note)])
    consumers.start()
    time.sleep(3)
    cpu = _cpu()
    go.set()
    stop.wait()
    answers.put((done, _cpu() - cpu))
    consumers.stop()
    bus.stop()


def summary(committed: dict[str, float], done: dict[str, float], writing: float, reacting: float) -> dict[str, object]:
    """Milliseconds from commit to reaction, and microseconds of CPU per event."""
    waits = sorted((done[key] - at) * 1000 for key, at in committed.items() if key in done)
    count = len(committed)
    return {
        "events": count, "lost": count - len(waits), "p50_ms": round(waits[len(waits) // 2], 2),
        "p99_ms": round(waits[int(len(waits) * 0.99)], 2), "max_ms": round(waits[-1], 2),
        "write_and_relay_cpu_us": round(writing / count * 1e6), "react_cpu_us": round(reacting / count * 1e6),
    }  # fmt: skip


def _cpu() -> float:
    used = resource.getrusage(resource.RUSAGE_SELF)
    return used.ru_utime + used.ru_stime


if __name__ == "__main__":
    main()
