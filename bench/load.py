"""The load generator: one small process that keeps connections busy over raw sockets, at about 15 µs a request.

`python -m bench.load` reads a Load as JSON from standard input, plays it, and writes a Tally as JSON. It runs as a process
of its own so that its work is told apart from that of the parts measured; it imports nothing but the standard library.
"""

import json
import select
import socket
import subprocess
import sys
import time
from collections import deque
from dataclasses import asdict, dataclass, field
from pathlib import Path

LONGEST_SECONDS, MOST_CONNECTIONS = 300, 256


class LoadRefused(Exception):
    """The load is out of bounds, or the other side answered with something that is no success."""


@dataclass(frozen=True)
class Load:
    """What to send: the requests of a file, one after another and around again.

    `rate` above 0 sends so many a second whether or not answers come (as far as connections are free); 0 sends the next
    request of a connection when its last one was answered.
    """

    port: int
    requests: str  # file with whole HTTP requests, each behind its length in 8 hexadecimal digits
    connections: int = 1
    seconds: float = 2.0
    rate: float = 0.0


@dataclass
class Tally:
    """What came of a load: latencies in microseconds in the order of the answers, and how long it took."""

    seconds: float = 0.0
    latencies: list[int] = field(default_factory=list)
    late: int = 0  # requests of a paced load that waited for a free connection

    @property
    def per_second(self) -> float:
        """Answers per second."""
        return len(self.latencies) / self.seconds

    def percentile(self, share: float) -> float:
        """The latency in milliseconds that this share of the answers did not exceed."""
        ordered = sorted(self.latencies)
        return ordered[min(len(ordered) - 1, int(len(ordered) * share))] / 1000


def play(load: Load) -> Tally:
    """Play a load in a process of its own. Raises LoadRefused."""
    child = subprocess.run(
        [sys.executable, "-m", "bench.load"], input=json.dumps(asdict(load)), capture_output=True, text=True,
        timeout=load.seconds + 60, check=False,
    )  # fmt: skip
    if child.returncode:
        raise LoadRefused(child.stderr.strip().splitlines()[-1] if child.stderr else f"status {child.returncode}")
    return Tally(**json.loads(child.stdout))


def write_requests(path: Path, requests: list[bytes]) -> str:
    """Keep requests in the file; answers its name."""
    path.write_bytes(b"".join(b"%08x%s" % (len(each), each) for each in requests))
    return str(path)


def read_requests(path: str) -> list[bytes]:
    """The requests of a file."""
    content, place, requests = Path(path).read_bytes(), 0, []
    while place < len(content):
        length = int(content[place : place + 8], 16)
        requests.append(content[place + 8 : place + 8 + length])
        place += 8 + length
    return requests


class Player:
    """Plays one load on 127.0.0.1."""

    def __init__(self, load: Load) -> None:
        if not (1 <= load.connections <= MOST_CONNECTIONS and 0 < load.seconds <= LONGEST_SECONDS):
            raise LoadRefused(f"at most {MOST_CONNECTIONS} connections and {LONGEST_SECONDS} s")
        self._load, self._tally = load, Tally()
        self._requests, self._next = read_requests(load.requests), 0
        self._poll = select.epoll()
        self._sockets: dict[int, socket.socket] = {}
        self._sent: dict[int, int] = {}  # when, in ns, by connection
        self._parts: dict[int, bytes] = {}  # an answer's beginning, by connection
        self._free: deque[int] = deque()

    def play(self) -> Tally:
        """Send and receive until the time is over and every answer is here."""
        for _ in range(self._load.connections):
            self._connect()
        began = time.perf_counter_ns()
        ends = began + int(self._load.seconds * 1e9)
        if self._load.rate:
            self._play_paced(began, ends)
        else:
            self._play_busily(ends)
        self._tally.seconds = (time.perf_counter_ns() - began) / 1e9
        return self._tally

    def close(self) -> None:
        """Let go of every connection."""
        for door in self._sockets.values():
            door.close()
        self._poll.close()

    def _play_busily(self, ends: int) -> None:
        while self._free:
            self._send(self._free.popleft())
        while self._sent:
            for number, _ in self._poll.poll(30):
                if self._receive(number) and time.perf_counter_ns() < ends:
                    self._send(self._free.pop())

    def _play_paced(self, began: int, ends: int) -> None:
        due, pause = began, int(1e9 / self._load.rate)
        while due < ends or self._sent:
            now = time.perf_counter_ns()
            while due <= now and due < ends and self._free:
                self._tally.late += now - due > 5_000_000
                self._send(self._free.popleft())
                due += pause
            for number, _ in self._poll.poll(max(0.0, (due - now) / 1e9) if due < ends and self._free else 1):
                self._receive(number)

    def _connect(self) -> None:
        door = socket.create_connection(("127.0.0.1", self._load.port), timeout=30)
        door.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
        self._sockets[door.fileno()] = door
        self._poll.register(door.fileno(), select.EPOLLIN)
        self._free.append(door.fileno())

    def _send(self, number: int) -> None:
        request = self._requests[self._next % len(self._requests)]
        self._next += 1
        self._sent[number] = time.perf_counter_ns()
        self._sockets[number].sendall(request)

    def _receive(self, number: int) -> bool:
        """Take what came; True when the answer is whole."""
        came = self._sockets[number].recv(1 << 18)
        if not came:
            raise LoadRefused("the other side closed a connection")
        answer = self._parts.pop(number, b"") + came
        if len(answer) < _length(answer):
            self._parts[number] = answer
            return False
        if answer[9:10] != b"2":
            raise LoadRefused(f"answered with {answer[:12].decode()}: {answer[-300:].decode(errors='replace')}")
        self._tally.latencies.append((time.perf_counter_ns() - self._sent.pop(number)) // 1000)
        self._free.append(number)
        return True


def _length(answer: bytes) -> int:
    """The length of the whole answer, as far as its beginning tells."""
    head = answer.find(b"\r\n\r\n")
    if head < 0:
        return len(answer) + 1
    place = answer.find(b"content-length: ")
    if place < 0 or place > head:
        place = answer.lower().find(b"content-length: ", 0, head)
        if place < 0:
            raise LoadRefused("an answer without Content-Length")
    return head + 4 + int(answer[place + 16 : answer.find(b"\r\n", place)])


if __name__ == "__main__":
    try:
        print(json.dumps(asdict(Player(Load(**json.load(sys.stdin))).play())))
    except LoadRefused as refusal:
        sys.exit(str(refusal))
