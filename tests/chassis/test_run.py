"""A service's process begins: nobody is let in before everything is there that keeps records sound."""

import threading
from collections.abc import Callable

import grpc
import pytest
from crm.common.v1.file_pb2 import DownloadFileRequest, UploadFileRequest
from crm.common.v1.requests_pb2 import GetRequest

import tests.chassis.drill  # noqa: F401  makes the contract
from chassis import new_id
from chassis.embedded import Servers
from chassis.files import FileSettings
from chassis.run import Process
from chassis.testing import Caller, key_pair, somebody
from tests.refused import refused


@pytest.fixture
def process(servers: Servers) -> Callable[..., Process]:
    """Makes a process of the drill service, which is prepared by a function of the test's."""
    from crm.drill.v1 import service_pb2

    from tests.chassis.drill.rehearsal import COMPANIONS, Drill

    urls = {"mongo_url": servers.mongo_url("drill"), "nats_url": servers.nats_url("drill")}
    settings = FileSettings(listen="127.0.0.1:0", principal_public_key=key_pair()[1], **urls)
    return lambda prepare: Process(service_pb2, Drill(), settings, prepare=prepare, companions=COMPANIONS)


def test_nobody_is_let_in_before_the_service_is_prepared(process: Callable[..., Process]) -> None:
    from crm.drill.v1 import service_pb2

    from tests.chassis.drill.rehearsal import Recording

    begun, go_on, stop = threading.Event(), threading.Event(), threading.Event()

    def prepare(settings: FileSettings) -> None:
        begun.set()
        go_on.wait(30)
        Recording.prepare(settings)

    service = process(prepare)
    starting = threading.Thread(target=service.start, args=(stop,))
    starting.start()
    try:
        assert begun.wait(30)
        with grpc.insecure_channel(f"127.0.0.1:{service.door.port}") as channel:
            caller = Caller(channel, tuple(service_pb2.DESCRIPTOR.services_by_name.values()), somebody())
            calls = (
                lambda: caller.GetRehearsal(GetRequest(id=new_id("reh"))),
                lambda: list(caller.DownloadRecording(DownloadFileRequest(id=new_id("rec")))),
                lambda: caller.UploadRecording(iter([UploadFileRequest(name="a.txt")])),
            )
            assert {refused(call).code() for call in calls} == {grpc.StatusCode.UNAVAILABLE}
            go_on.set()
            starting.join(30)
            assert refused(calls[0]).code() is grpc.StatusCode.NOT_FOUND
    finally:
        go_on.set()
        starting.join(30)
        service.stop()
