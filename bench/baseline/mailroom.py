"""`python -m bench.baseline.mailroom <port> <mongo url>`: what `bench.mails` is measured against.

aiosmtpd, Python's parser and PyMongo, as a careful developer writes them: the raw mail and a ticket of it are on disk before the
sender hears 250.
"""

import asyncio
import email
import email.policy
import sys
from datetime import UTC, datetime
from typing import Any, cast

from aiosmtpd.smtp import SMTP, Envelope, Session
from bson import ObjectId
from pymongo import MongoClient, WriteConcern
from pymongo.database import Database


class Desk:
    """Keeps what comes."""

    def __init__(self, database: Database[dict[str, Any]]) -> None:
        self._database = database

    async def handle_DATA(self, server: SMTP, session: Session, envelope: Envelope) -> str:  # noqa: ARG002, N802  aiosmtpd calls it so
        """A ticket of each mail."""
        await asyncio.to_thread(self._keep, envelope.original_content or b"")
        return "250 2.0.0 Kept"

    def _keep(self, raw: bytes) -> None:
        mail, id = email.message_from_bytes(raw, policy=email.policy.default), ObjectId()
        body = cast(Any, mail).get_body(("plain", "html"))
        ticket = {
            "_id": id, "subject": str(mail["Subject"]), "requester": str(mail["From"]), "status": "NEW",
            "message_id": str(mail["Message-ID"]), "open_time": datetime.now(UTC),
            "text": body.get_content() if body else "",
        }  # fmt: skip
        self._database["raw_mails"].insert_one({"_id": id, "raw": raw})
        self._database["tickets"].insert_one(ticket)


async def _serve(port: int, url: str) -> None:
    client: MongoClient[dict[str, Any]] = MongoClient(url, tz_aware=True)
    desk = Desk(client.get_default_database(write_concern=WriteConcern("majority", j=True)))
    loop = asyncio.get_running_loop()
    server = await loop.create_server(lambda: SMTP(desk, loop=loop, enable_SMTPUTF8=True), "127.0.0.1", port)
    async with server:
        await server.serve_forever()


if __name__ == "__main__":
    asyncio.run(_serve(int(sys.argv[1]), sys.argv[2]))
