"""A contacts process that tests kill on its way, and a caller who is patient with it."""

from collections.abc import Iterator
from contextlib import contextmanager

from crm.contacts.v1 import service_pb2

from chassis.embedded import Servers
from chassis.testing import Caller
from tests.process import Process, running


@contextmanager
def a_process(servers: Servers) -> Iterator[tuple[Process, Caller]]:
    """The process, ready, and its caller."""
    with running(Process(servers, "services.contacts", "contacts")) as process, process.caller(service_pb2) as caller:
        yield process, caller
