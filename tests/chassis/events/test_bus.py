"""The connection to NATS keeps itself, and knows what it can trust."""

import subprocess
import time

import pytest

from chassis.bus import Bus, NotAcknowledged, NotTaken, StreamMissing
from chassis.embedded import place
from tests.eventually import eventually


@pytest.fixture
def bus(servers):
    """A started bus of campaigns."""
    bus = Bus(servers.nats_url("campaigns"), "campaigns")
    bus.start()
    eventually(lambda: bus.ready)
    yield bus
    bus.stop()


def test_nothing_can_be_published_before_there_is_a_connection():
    bus = Bus("nats://127.0.0.1:1", "campaigns")
    bus.start()
    with pytest.raises(NotAcknowledged):
        bus.run(bus.publish("crm.ten_1.campaigns.campaign.sent", b"", {}))
    with pytest.raises(NotAcknowledged):
        bus.run(bus.publish_together([("crm.ten_1.campaigns.campaign.sent", b"", {})]))
    assert not bus.ready
    bus.stop()


def test_a_wrong_password_is_no_connection(servers):
    bus = Bus(servers.nats_url("campaigns").replace("campaigns:", "campaigns:x"), "campaigns")
    bus.start()
    time.sleep(0.7)
    assert not bus.connected
    bus.stop()


def test_a_server_that_comes_late_is_found(tmp_path):
    port = place.free_port()
    bus = Bus(f"nats://127.0.0.1:{port}", "campaigns")
    bus.start()
    time.sleep(0.7)
    command = [place.program("nats-server")[0], "-js", "-sd", tmp_path, "-a", "127.0.0.1", "-p", str(port)]
    server = subprocess.Popen(command, stderr=subprocess.DEVNULL)
    try:
        eventually(lambda: bus.ready)
    finally:
        bus.stop()
        server.terminate()
        server.wait()


def test_a_subject_without_a_stream_is_told_apart(servers):
    bus = Bus(servers.nats_url("streamless"), "streamless")
    bus.start()
    eventually(lambda: bus.ready)
    with pytest.raises(StreamMissing):
        bus.run(bus.publish("crm.ten_1.streamless.ticket.opened", b"", {}))
    with pytest.raises(StreamMissing):
        bus.run(bus.publish_together([("crm.ten_1.streamless.ticket.opened", b"", {})] * 2))
    assert bus.run(bus.ensure_stream()) is True
    assert bus.run(bus.ensure_stream()) is False
    bus.run(bus.publish("crm.ten_1.streamless.ticket.opened", b"", {}))
    bus.stop()


def test_a_stream_with_other_settings_is_brought_up_to_date(bus):
    async def spoil():
        info = await bus.streams.stream_info("CAMPAIGNS")
        info.config.max_age, info.config.allow_atomic = 300.0, False
        await bus.streams.update_stream(info.config)

    async def settings():
        config = (await bus.streams.stream_info("CAMPAIGNS")).config
        return config.max_age, config.allow_atomic

    bus.run(bus.ensure_stream())
    bus.run(spoil())
    bus.run(bus.ensure_stream())
    assert bus.run(settings()) == (7 * 86400, True)


def sent(*ids, body=b""):
    """Messages of these ids."""
    return [("crm.ten_1.campaigns.campaign.sent", body, {"Nats-Msg-Id": f"{id}"}) for id in ids]


def kept(bus):
    """How many messages the stream has."""

    async def count():
        return (await bus.streams.stream_info("CAMPAIGNS")).state.messages

    return bus.run(count())


def test_messages_together_are_all_kept(bus):
    bus.run(bus.ensure_stream())
    before = kept(bus)
    bus.run(bus.publish_together(sent(*(f"{before}-{number}" for number in range(500)))))
    assert kept(bus) == before + 500


@pytest.mark.parametrize("spoilt", [sent("known")[0], sent("large", body=b"x" * 2_000_000)[0]])
def test_of_messages_together_none_is_kept_where_one_cannot_be(bus, spoilt):
    bus.run(bus.ensure_stream())
    bus.run(bus.publish(*sent("known")[0]))
    before = kept(bus)
    with pytest.raises(NotTaken):
        bus.run(bus.publish_together([*sent("a", "b"), spoilt, *sent("c")]))
    assert kept(bus) == before
    bus.run(bus.publish_together(sent(f"{before}-a", f"{before}-b")))
    assert kept(bus) == before + 2


def test_a_foreign_subject_is_not_acknowledged(bus):
    with pytest.raises(NotAcknowledged):
        bus.run(bus.publish("crm.ten_1.sales.opportunity.won", b"", {}))


def test_a_server_that_syncs_always_is_trusted(servers):
    url = f"http://127.0.0.1:{servers.nats.monitor_port}"
    bus = Bus(servers.nats_url("campaigns"), "campaigns", monitor_url=url)
    bus.start()
    eventually(lambda: bus.connected)
    assert bus.ready
    bus.stop()


def test_a_server_that_syncs_now_and_then_is_not_trusted(tmp_path):
    port, monitor = place.free_port(), place.free_port()
    program = place.program("nats-server")[0]
    command = [program, "-js", "-sd", tmp_path, "-a", "127.0.0.1", "-p", str(port), "-m", str(monitor)]
    server = subprocess.Popen(command, stderr=subprocess.DEVNULL)
    bus = Bus(f"nats://127.0.0.1:{port}", "campaigns", monitor_url=f"http://127.0.0.1:{monitor}")
    bus.start()
    try:
        eventually(lambda: bus.connected and not bus.durable)
        assert not bus.ready
    finally:
        bus.stop()
        server.terminate()
        server.wait()
