"""One durable consumer on another service's stream.

The server is asked for as many events as there is room for, and each is handed over as it comes. That needs fewer words than
nats-py's `fetch`, which waits for a whole batch.
"""

import asyncio
import json
from collections.abc import Callable, Sequence
from contextlib import suppress
from functools import partial

import nats
import structlog
from nats.aio.msg import Msg
from nats.js.api import AckPolicy, ConsumerConfig, DeliverPolicy

from chassis.bus import Bus, NotAcknowledged, stream_of
from chassis.events import measures
from chassis.events.delivery import Delivery
from chassis.events.in_hand import InHand
from chassis.events.reactions import Reaction

_ACK_WAIT_SECONDS = 10.0  # how long the events wait that a killed process had in hand
_MOST_UNACKNOWLEDGED = 4000  # of all replicas together
_BATCH = 100
_FETCH_SECONDS = 5.0
_RETRY_SECONDS = 1.0
_ENDED = ("404", "408")  # nothing there, time over: ask again

_log = structlog.get_logger(__name__)


class Subscription:
    """What one service hears from another."""

    def __init__(
        self, bus: Bus, service: str, source: str, reactions: Sequence[Reaction], put: Callable[[Delivery], None]
    ) -> None:
        """`put` gets each delivery, on the bus's loop, and must return at once."""
        self._bus, self._service, self._put = bus, service, put
        self._stream, self._durable = stream_of(source), f"{service}-from-{source}"
        self._reactions = reactions
        self._in_hand = InHand(bus)
        self._listening: asyncio.Task[None] | None = None
        self._stopped = False
        self._fault = ""

    def start(self) -> None:
        """Listen whenever there is a connection."""
        self._bus.run(self._in_hand.start())
        self._bus.on_connect(self._listen_anew)

    def stop_fetching(self) -> None:
        """Ask for no more events; what is in hand is still acknowledged."""
        self._bus.run(self._stop_listening())

    def stop(self) -> None:
        """Acknowledge what is settled and give the rest back to the server."""
        self._bus.run(self._in_hand.stop())

    def _listen_anew(self) -> None:
        # A request for events does not outlive its connection.
        if self._listening is not None:
            self._listening.cancel()
        if not self._stopped:
            self._listening = self._bus.loop.create_task(self._listen())

    async def _stop_listening(self) -> None:
        self._stopped = True
        if self._listening is not None:
            self._listening.cancel()

    async def _listen(self) -> None:
        while True:
            try:
                await self._ensure_consumer()
                await self._fetch_for_good()
            except (nats.errors.Error, NotAcknowledged, TimeoutError) as fault:
                self._report(repr(fault))
                await asyncio.sleep(_RETRY_SECONDS)

    def _report(self, fault: str) -> None:
        if fault != self._fault:
            _log.info("cannot listen yet", consumer=self._durable, stream=self._stream, error=fault)
        self._fault = fault

    async def _ensure_consumer(self) -> None:
        # The same request creates the consumer and brings its subjects up to date.
        wanted = ConsumerConfig(
            name=self._durable, durable_name=self._durable, deliver_policy=DeliverPolicy.ALL,
            ack_policy=AckPolicy.EXPLICIT, ack_wait=_ACK_WAIT_SECONDS, max_deliver=-1,
            max_ack_pending=_MOST_UNACKNOWLEDGED,
            filter_subjects=sorted({reaction.subject for reaction in self._reactions}),
        )  # fmt: skip
        await self._bus.streams.add_consumer(self._stream, wanted)
        self._fault = ""
        _log.info("listening", consumer=self._durable, stream=self._stream)

    async def _fetch_for_good(self) -> None:
        client = self._bus.client
        inbox = client.new_inbox()
        fetch = _Fetch(self._take)
        subscription = await client.subscribe(f"{inbox}.*", cb=fetch.hear)
        try:
            number = 0
            while True:
                number += 1
                request = fetch.begin(f"{inbox}.{number}", min(_BATCH, await self._in_hand.room()))
                await client.publish(
                    f"$JS.API.CONSUMER.MSG.NEXT.{self._stream}.{self._durable}", request, fetch.address
                )
                # Not by `wait_for`, which forgets a cancellation that comes with the answer.
                async with asyncio.timeout(_FETCH_SECONDS + 2):
                    await fetch.over.wait()
                fetch.demand_success()
        finally:
            with suppress(nats.errors.Error):  # it went with its connection; a cancellation goes on
                await subscription.unsubscribe()

    def _take(self, message: Msg) -> None:
        headers = message.headers or {}
        reactions = [each for each in self._reactions if each.type == headers.get("ce-type")]
        if not reactions:
            measures.UNKNOWN.labels(self._service).inc()
        self._in_hand.add(message)
        earlier = message.metadata.num_delivered - 1
        settle = partial(self._settle, message.reply)
        self._put(Delivery(message.subject, headers, message.data, reactions, settle, attempts=earlier))

    def _settle(self, address: str, _delivery: Delivery) -> None:
        self._in_hand.settle(address)


class _Fetch:
    """One request for events at a time, and the answers to it."""

    def __init__(self, take: Callable[[Msg], None]) -> None:
        self.address = ""
        self.over = asyncio.Event()
        self._take, self._missing, self._fault = take, 0, ""

    def begin(self, address: str, number: int) -> bytes:
        """Begin a request for `number` events that will be answered at `address`; answers its body."""
        self.address, self._missing = address, number
        self.over.clear()
        return json.dumps({"batch": number, "expires": int(_FETCH_SECONDS * 1e9)}).encode()

    async def hear(self, message: Msg) -> None:
        """Take an event, or learn that the request is over."""
        status = (message.headers or {}).get("Status")
        if status is None:
            self._take(message)
            self._missing -= 1
            if self._missing <= 0:
                self.over.set()
        elif message.subject == self.address:  # else it speaks of an earlier request
            if status not in _ENDED:
                self._fault = f"{status} {(message.headers or {}).get('Description', '')}"
            self.over.set()

    def demand_success(self) -> None:
        """Raises NotAcknowledged when the server refused the request: the consumer or its stream is gone."""
        if self._fault:
            raise NotAcknowledged(self._fault)
