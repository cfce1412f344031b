"""The load generator sends what it is given, counts every answer once, and stops at what is no success."""

import contextlib
import socket
import threading
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import pytest

from bench.load import Load, LoadRefused, Player, read_requests, write_requests

REQUEST = b"GET / HTTP/1.1\r\nHost: 127.0.0.1\r\n\r\n"
ANSWER = b"HTTP/1.1 200 OK\r\nContent-Length: 5\r\n\r\nhello"


@contextmanager
def answering(*parts: bytes) -> Iterator[int]:
    """A server that answers every request with the same parts, one packet each; gives its port."""
    with socket.create_server(("127.0.0.1", 0)) as door:
        threads = [threading.Thread(target=_serve, args=(door, parts), daemon=True) for _ in range(2)]
        for thread in threads:
            thread.start()
        yield door.getsockname()[1]
        door.shutdown(socket.SHUT_RDWR)
    for thread in threads:
        thread.join()


def _serve(door: socket.socket, parts: tuple[bytes, ...]) -> None:
    with contextlib.suppress(OSError):  # the door is closed, or the visitor left
        visitor, _ = door.accept()
        visitor.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
        with visitor:
            while visitor.recv(1 << 16):
                for part in parts:
                    visitor.sendall(part)


def a_load(port: int, tmp_path: Path, **fields: float) -> Load:
    file = write_requests(tmp_path / "requests", [REQUEST])
    return Load(port, file, **{"connections": 2, "seconds": 0.2, **fields})


def played(load: Load):
    player = Player(load)
    try:
        return player.play()
    finally:
        player.close()


def test_requests_survive_their_file(tmp_path: Path) -> None:
    requests = [REQUEST, b"", b"x" * 70_000, b"\x00\r\n"]
    assert read_requests(write_requests(tmp_path / "requests", requests)) == requests


def test_every_answer_counts_once(tmp_path: Path) -> None:
    with answering(ANSWER) as port:
        tally = played(a_load(port, tmp_path))
    assert len(tally.latencies) > 2
    assert tally.per_second == pytest.approx(len(tally.latencies) / tally.seconds)


@pytest.mark.parametrize("cut", [1, 9, 40, 44])
def test_an_answer_may_come_in_parts(tmp_path: Path, cut: int) -> None:
    with answering(ANSWER[:cut], ANSWER[cut:]) as port:
        assert len(played(a_load(port, tmp_path)).latencies) > 2


def test_a_paced_load_keeps_its_rate(tmp_path: Path) -> None:
    with answering(ANSWER) as port:
        tally = played(a_load(port, tmp_path, rate=50, seconds=0.5))
    assert len(tally.latencies) == 25


def test_an_answer_that_is_no_success_ends_the_load(tmp_path: Path) -> None:
    with answering(ANSWER.replace(b"200 OK", b"503 No")) as port, pytest.raises(LoadRefused, match="503"):
        played(a_load(port, tmp_path))


def test_a_load_out_of_bounds_is_refused(tmp_path: Path) -> None:
    with pytest.raises(LoadRefused):
        Player(a_load(1, tmp_path, connections=100_000))
