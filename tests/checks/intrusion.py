"""Tries the servers behind the services with no credentials and with another service's."""

import asyncio
import json
import urllib.request
from collections.abc import Iterator
from typing import Any

import nats
from pymongo import MongoClient
from pymongo.errors import PyMongoError

from deploy.local.table import SERVICES
from tests.suite import Suite

NAMES = [service.name for service in SERVICES]
_WAIT = 0.3  # seconds; the server drops what is forbidden without an answer


def into_mongo(suite: Suite) -> Iterator[tuple[str, bool]]:
    """Each attempt in words, and whether MongoDB let it through."""
    for name in NAMES:
        with MongoClient[dict[str, Any]](suite.secret(f"{name}-mongo-url")) as client:
            for other in (*NAMES, "admin", "local", "config"):
                if other != name:
                    yield from _attempts(
                        client, name, other if other in ("admin", "local", "config") else f"kith_{other}"
                    )
    with MongoClient[dict[str, Any]](f"mongodb://127.0.0.1:{suite.ports['mongo']}/?directConnection=true") as client:
        for database in (*(f"kith_{name}" for name in NAMES), "admin"):
            yield from _attempts(client, "nobody", database)


def _attempts(client: MongoClient[dict[str, Any]], whom: str, name: str) -> Iterator[tuple[str, bool]]:
    database = client[name]
    for what, attempt in {
        "read": lambda: database["events"].find_one(),
        "write": lambda: database["accounts"].insert_one({"_id": "intruder"}),
        "change": lambda: database["accounts"].update_many({}, {"$set": {"name": "intruder"}}),
        "delete": lambda: database["events"].delete_many({}),
        "drop": lambda: database.command("dropDatabase"),
        "list": lambda: database.list_collection_names(),
        "make a user of": lambda: database.command("createUser", "intruder", pwd="x", roles=["readWrite"]),
        "watch": lambda: database.watch().close(),
        "log in": lambda: database.command("usersInfo"),
        "run a script in": lambda: database["events"].find_one({"$where": "true"}),
    }.items():
        yield f"mongo: {whom} may {what} {name}", _goes_through(attempt)


def _goes_through(attempt: Any) -> bool:
    try:
        attempt()
    except PyMongoError:
        return False
    return True


def into_nats(suite: Suite) -> list[tuple[str, bool]]:
    """Each attempt in words, and whether NATS let it through."""
    return asyncio.run(_into_nats(suite))


async def _into_nats(suite: Suite) -> list[tuple[str, bool]]:
    door, found = f"127.0.0.1:{suite.ports['nats']}", []
    for whom, url in {
        "nobody": f"nats://{door}", "a guesser": f"nats://sales:guess@{door}", "an unknown": f"nats://root:root@{door}",
    }.items():  # fmt: skip
        found.append((f"nats: {whom} may connect", await _connects(url)))
    for name in NAMES:
        found += await _trespass(suite, name)
    return found


async def _connects(url: str) -> bool:
    try:
        client = await nats.connect(url, allow_reconnect=False, connect_timeout=1, error_cb=_ignore)
    except (nats.errors.Error, OSError, TimeoutError):
        return False
    await client.close()
    return True


async def _trespass(suite: Suite, name: str) -> list[tuple[str, bool]]:
    found, heard = [], []
    client = await nats.connect(
        suite.secret(f"{name}-nats-url"),
        allow_reconnect=False,
        error_cb=_ignore,
        inbox_prefix=f"_INBOX_{name}".encode(),
    )

    async def hear(message: Any) -> None:
        heard.append(message.subject)

    for subject in ("crm.>", ">", "$SYS.>", *(f"_INBOX_{other}.>" for other in NAMES if other != name)):
        await client.subscribe(subject, cb=hear)
    for other in NAMES:
        if other == name:
            continue
        before = _messages(suite, other)
        assert before, f"the stream of {other} is empty, so nothing would show"
        await client.publish(f"crm.intruder.{other}.account.created", b"forged")
        await asyncio.sleep(_WAIT)
        found.append((f"nats: {name} may publish as {other}", _messages(suite, other) != before))
        for verb in ("DELETE", "PURGE", "UPDATE"):
            answered = await _answers(client, f"$JS.API.STREAM.{verb}.{other.upper()}")
            found.append((f"nats: {name} may {verb} the stream of {other}", answered))
        found.append((f"nats: {name} may end a consumer of {other}",
                      await _answers(client, f"$JS.API.CONSUMER.DELETE.{name.upper()}.{other}-from-{name}")))  # fmt: skip
    found.append((f"nats: {name} hears what it should not: {set(heard)}", bool(heard)))
    await client.close()
    return found


async def _answers(client: Any, subject: str) -> bool:
    try:
        await client.request(subject, b"{}", timeout=_WAIT)
    except (nats.errors.Error, TimeoutError):
        return False
    return True


def _messages(suite: Suite, service: str) -> int:
    page = f"http://127.0.0.1:{suite.ports['nats_monitor']}/jsz?streams=true"
    with urllib.request.urlopen(page) as answer:
        accounts = json.load(answer).get("account_details", [])
    streams = [stream for account in accounts for stream in account.get("stream_detail", [])]
    return sum(stream["state"]["messages"] for stream in streams if stream["name"] == service.upper())


async def _ignore(_: Exception) -> None:
    """Refusals come this way; what counts is whether something went through."""
