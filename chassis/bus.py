"""The one thread with the one event loop that owns the NATS connection, and what the blocking rest of a process may ask of it.

nats-py is asyncio, everything else here is threads. So the loop lives in a thread of its own; coroutines that speak NATS
run there, and threads hand them over with `run`. The connection is kept for as long as the bus is started: a server that
is away, restarts or refuses the password is tried again for good, and `ready` says how it stands.

What a service may do on the server (and what its user must be granted): publish on `crm.*.<service>.>` into its own stream
`SERVICE`, create, inspect and update that stream, and read the streams of others through durable consumers of its own.
"""

import asyncio
import json
import threading
import urllib.request
import uuid
from collections.abc import Callable, Coroutine, Sequence
from concurrent.futures import Future
from typing import Any, TypeVar

import nats
import structlog
from nats.aio.client import Client
from nats.js import JetStreamContext
from nats.js.api import DiscardPolicy, RetentionPolicy, StorageType, StreamConfig
from nats.js.errors import APIError, NoStreamResponseError, NotFoundError

Answer = TypeVar("Answer")

STREAM_DAYS = 7
DUPLICATE_WINDOW_SECONDS = 120
_ACK_SECONDS = 2.0  # a message sent again does no harm, one that waits for a server that died does
_ACK_TOGETHER_SECONDS = 5.0
_RETRY_SECONDS = 0.25
_IN_FLIGHT = 256
MOST_TOGETHER = 500  # messages; nats-server takes 1,000

_log = structlog.get_logger(__name__)


class NotAcknowledged(Exception):
    """The server did not confirm that it keeps the message; whether it does is unknown."""


class StreamMissing(NotAcknowledged):
    """No stream takes the subject."""


class NotTaken(NotAcknowledged):
    """The server kept none of the messages that were to be kept together; one by one it says what is wrong with which."""


Message = tuple[str, bytes, dict[str, str]]
"""Subject, body and headers."""


def stream_of(service: str) -> str:
    """The name of the stream that keeps a service's events."""
    return service.upper()


class Bus:
    """A service's connection to NATS."""

    def __init__(self, url: str, service: str, *, monitor_url: str = "", replicas: int = 1) -> None:
        """`url` carries user and password; `monitor_url` is the server's monitoring address, if it may be asked whether it
        keeps what it acknowledges (`sync_interval: always`); `replicas` is the number of copies of the service's stream."""
        self.service = service
        self.loop = asyncio.new_event_loop()
        self._url, self._monitor_url, self._replicas = url, monitor_url, replicas
        self._thread = threading.Thread(target=self._run_loop, name="bus", daemon=True)
        self._client: Client | None = None
        self._streams: JetStreamContext | None = None
        self.durable = True
        """False once the server has shown that it acknowledges before it syncs: a power loss would take events."""
        self._fault = ""
        self._on_connect: list[Callable[[], None]] = []
        self._publishing = asyncio.Semaphore(_IN_FLIGHT)

    def start(self) -> None:
        """Start to connect; returns at once."""
        self._thread.start()
        self._keeper = self.spawn(self._stay_connected())

    def stop(self) -> None:
        """Send what is under way, close the connection and end the thread."""
        self._keeper.cancel()
        try:
            self.run(self._close(), 5)
        except TimeoutError:
            _log.warning("the connection to NATS did not drain in time")
        self.loop.call_soon_threadsafe(self.loop.stop)
        self._thread.join()
        self.loop.close()

    @property
    def connected(self) -> bool:
        """Whether there is a connection at this moment."""
        return self._client is not None and self._client.is_connected

    @property
    def ready(self) -> bool:
        """Whether there is a connection to a server that, as far as is known, syncs before it acknowledges."""
        return self.connected and self.durable

    @property
    def client(self) -> Client:
        """The connection, for coroutines on the loop. Raises NotAcknowledged before the first one."""
        if self._client is None:
            raise NotAcknowledged("there is no connection to NATS yet")
        return self._client

    @property
    def streams(self) -> JetStreamContext:
        """JetStream over the connection. Raises NotAcknowledged before the first one."""
        if self._streams is None:
            raise NotAcknowledged("there is no connection to NATS yet")
        return self._streams

    def spawn(self, work: Coroutine[Any, Any, Answer]) -> "Future[Answer]":
        """Start a coroutine on the loop, from any thread."""
        return asyncio.run_coroutine_threadsafe(work, self.loop)

    def run(self, work: Coroutine[Any, Any, Answer], seconds: float = 30) -> Answer:
        """Run a coroutine on the loop and wait for its answer. Raises TimeoutError, and what the coroutine raises."""
        future = self.spawn(work)
        try:
            return future.result(seconds)
        except TimeoutError:
            future.cancel()
            raise

    def on_connect(self, callback: Callable[[], None]) -> None:
        """Call back on the loop after each time a connection came to be, also after a break."""
        self._on_connect.append(callback)
        if self.connected:
            self.loop.call_soon_threadsafe(callback)

    async def publish(self, subject: str, body: bytes, headers: dict[str, str]) -> None:
        """Publish one message and return when the stream has it for good. Raises NotAcknowledged, StreamMissing.

        Many may publish at once; messages whose order matters must wait for one another.
        """
        async with self._publishing:
            if not self.connected:
                raise NotAcknowledged("there is no connection to NATS")
            try:
                await self.streams.publish(subject, body, headers=headers)
            except NoStreamResponseError as fault:
                raise StreamMissing(subject) from fault
            except (nats.errors.Error, APIError, TimeoutError) as fault:
                raise NotAcknowledged(f"{subject}: {fault!r}") from fault

    async def publish_together(self, messages: Sequence[Message]) -> None:
        """Publish up to `MOST_TOGETHER` messages of one stream, in their order, and return when it has them all for good.

        It keeps all or none, with one sync for all: https://github.com/nats-io/nats-architecture-and-design, ADR-50. Raises
        NotTaken, for one when the server has a message of the same id already; NotAcknowledged, StreamMissing.
        """
        if not self.connected:
            raise NotAcknowledged("there is no connection to NATS")
        told, last = {"Nats-Batch-Id": uuid.uuid4().hex}, len(messages)
        try:
            for place, (subject, body, headers) in enumerate(messages[:-1], 1):
                await self.client.publish(subject, body, headers=headers | told | {"Nats-Batch-Sequence": str(place)})
            subject, body, headers = messages[-1]
            closing = headers | told | {"Nats-Batch-Sequence": str(last), "Nats-Batch-Commit": "1"}
            answer = await self.client.request(subject, body, timeout=_ACK_TOGETHER_SECONDS, headers=closing)
        except nats.errors.NoRespondersError as fault:
            raise StreamMissing(subject) from fault
        except nats.errors.MaxPayloadError as fault:  # the server forgets the others, for nothing closes them
            raise NotTaken(f"a message for {subject} is too large") from fault
        except (nats.errors.Error, TimeoutError) as fault:
            raise NotAcknowledged(f"{last} messages together: {fault!r}") from fault
        if refusal := json.loads(answer.data).get("error"):
            raise NotTaken(refusal.get("description"))

    async def ensure_stream(self) -> bool:
        """Create the service's stream, or bring its settings up to date. True when it had to be created.

        Raises NotAcknowledged when the server cannot be asked.
        """
        wanted = _stream(self.service, self._replicas)
        try:
            streams = self.streams
            try:
                found = (await streams.stream_info(stream_of(self.service))).config
            except NotFoundError:
                await streams.add_stream(wanted)
                return True
            if any(getattr(found, name) != getattr(wanted, name) for name in _SETTLED):
                await streams.update_stream(wanted)
            return False
        except (nats.errors.Error, APIError, TimeoutError) as fault:
            raise NotAcknowledged(f"stream of {self.service}: {fault!r}") from fault

    def _run_loop(self) -> None:
        asyncio.set_event_loop(self.loop)
        self.loop.run_forever()
        left = asyncio.all_tasks(self.loop)
        for task in left:
            task.cancel()
        self.loop.run_until_complete(asyncio.gather(*left, return_exceptions=True))

    async def _stay_connected(self) -> None:
        # nats-py reconnects by itself, but closes for good on some errors, a refused password among them; then it is begun anew.
        while True:
            closed = asyncio.Event()
            try:
                self._client = await self._connect(closed)
                self._streams = self._client.jetstream(timeout=_ACK_SECONDS)
            except (nats.errors.Error, OSError, TimeoutError) as fault:
                _log.warning("cannot connect to NATS", error=repr(fault))
            else:
                await self._connected()
                await closed.wait()
                _log.warning("the connection to NATS was closed; connecting anew")
            await asyncio.sleep(_RETRY_SECONDS)

    async def _connect(self, closed: asyncio.Event) -> Client:
        async def on_closed() -> None:
            closed.set()

        return await nats.connect(
            self._url, name=self.service, inbox_prefix=f"_INBOX_{self.service}", max_reconnect_attempts=-1,
            reconnect_time_wait=_RETRY_SECONDS, connect_timeout=2, ping_interval=10, drain_timeout=4, error_cb=self._report,
            disconnected_cb=self._disconnected, reconnected_cb=self._connected, closed_cb=on_closed,
        )  # fmt: skip

    async def _connected(self) -> None:
        self._fault = ""
        _log.info("connected to NATS")
        await self._prove_durable()
        for callback in self._on_connect:
            callback()

    async def _prove_durable(self) -> None:
        if not self._monitor_url:
            return
        try:
            self.durable = await asyncio.to_thread(_syncs_always, self._monitor_url)
        except (OSError, ValueError) as fault:
            _log.warning("nats-server cannot be asked whether it syncs always", error=repr(fault))
        if not self.durable:
            _log.error("nats-server runs without sync_interval: always; a power loss would take acknowledged events")

    async def _report(self, fault: Exception) -> None:
        if repr(fault) != self._fault:  # every attempt to reconnect reports the same
            self._fault = repr(fault)
            _log.warning("NATS reports an error", error=self._fault)

    async def _disconnected(self) -> None:
        if not self._keeper.cancelled():
            _log.warning("the connection to NATS broke; reconnecting")

    async def _close(self) -> None:
        if self._client is not None and self._client.is_connected:
            await self._client.drain()
        elif self._client is not None:
            await self._client.close()


_SETTLED = ("subjects", "max_age", "duplicate_window", "num_replicas", "discard", "allow_atomic")


def _stream(service: str, replicas: int) -> StreamConfig:
    return StreamConfig(
        name=stream_of(service), subjects=[f"crm.*.{service}.>"], retention=RetentionPolicy.LIMITS,
        storage=StorageType.FILE, discard=DiscardPolicy.NEW, max_age=STREAM_DAYS * 86400.0,
        duplicate_window=DUPLICATE_WINDOW_SECONDS, num_replicas=replicas, max_msgs=-1, max_bytes=-1, max_consumers=-1,
        allow_atomic=True,
    )  # fmt: skip


def _syncs_always(monitor_url: str) -> bool:
    with urllib.request.urlopen(f"{monitor_url.rstrip('/')}/varz", timeout=2) as answer:  # noqa: S310 (a setting)
        config = json.load(answer).get("jetstream", {}).get("config", {})
    return bool(config.get("sync_always"))
