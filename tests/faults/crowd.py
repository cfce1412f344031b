"""Clients at work: each tells one small story over and over, in a thread and over a connection of its own."""

import itertools
import threading
from collections.abc import Callable, Iterator, Sequence
from concurrent.futures import ThreadPoolExecutor
from contextlib import contextmanager
from uuid import uuid4

from tests.rest import Client, GaveUp
from tests.suite import Suite

PAUSE = 0.05  # seconds between two stories of a client: a load, not a flood
SECONDS = 8.0  # after which a client takes a request for lost

Story = Callable[[Client, str], None]
"""Takes the client's connection, and a name that no other story has."""


@contextmanager
def at_work(suite: Suite, stories: Sequence[Story], faults: list[str]) -> Iterator[None]:
    """Tell each story by a client of its own for the length of the block, then end those that have begun.

    A story that breaks is a fault, and its client begins the next one.
    """
    stop, crowd = threading.Event(), uuid4().hex[:8]

    def work(number: int, story: Story) -> None:
        with Client(suite.url, suite.api_key, seconds=SECONDS) as api:
            for told in itertools.count():
                if stop.wait(PAUSE):
                    return
                try:
                    story(api, f"{crowd}-{number}-{told}")
                except (GaveUp, AssertionError) as fault:
                    faults.append(f"{type(fault).__name__}: {fault}")

    with ThreadPoolExecutor(len(stories)) as pool:
        endings = [pool.submit(work, number, story) for number, story in enumerate(stories)]
        try:
            yield
        finally:
            stop.set()
    for ending in endings:
        ending.result()
