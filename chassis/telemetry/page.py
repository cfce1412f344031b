"""The page of a process for Prometheus and for whoever asks whether it lives: `/metrics`, `/healthz`, `/readyz`."""

import threading
from collections.abc import Callable
from http.server import BaseHTTPRequestHandler, HTTPServer

from prometheus_client import CONTENT_TYPE_LATEST, generate_latest


class Page:
    """One thread that answers on `address`, host:port; none at all when it is empty.

    `/healthz` is 200 while the process can answer at all, `/readyz` is 200 while `ready` says so, else 503.
    """

    def __init__(self, address: str, ready: Callable[[], bool]) -> None:
        self._address, self._ready = address, ready
        self._server: HTTPServer | None = None

    @property
    def port(self) -> int:
        """The port that the page is on, also when 0 was asked for."""
        return self._server.server_port if self._server else 0

    def start(self) -> None:
        """Begin to answer. Raises OSError when the port is taken."""
        if not self._address:
            return
        host, _, port = self._address.rpartition(":")
        self._server = HTTPServer((host, int(port)), _handler(self._ready))
        self._thread = threading.Thread(target=self._server.serve_forever, args=(0.2,), name="page", daemon=True)
        self._thread.start()

    def stop(self) -> None:
        """Answer no more and free the port."""
        if self._server is None:
            return
        self._server.shutdown()
        self._thread.join()
        self._server.server_close()


def _handler(ready: Callable[[], bool]) -> type[BaseHTTPRequestHandler]:
    class Handler(BaseHTTPRequestHandler):
        timeout = 5  # one slow reader must not keep the others from the page

        def do_GET(self) -> None:
            path = self.path.partition("?")[0]
            if path == "/metrics":
                self._answer(200, generate_latest(), CONTENT_TYPE_LATEST)
            elif path == "/healthz":
                self._answer(200, b'{"alive":true}')
            elif path == "/readyz":
                self._answer(*((200, b'{"ready":true}') if ready() else (503, b'{"ready":false}')))
            else:
                self._answer(404, b'{"detail":"There is only /metrics, /healthz and /readyz."}')

        def _answer(self, status: int, body: bytes, kind: str = "application/json") -> None:
            self.send_response(status)
            self.send_header("Content-Type", kind)
            self.send_header("Content-Length", str(len(body)))
            self.end_headers()
            self.wfile.write(body)

        def log_message(self, *_said: object) -> None:
            """Say nothing of each scrape."""

    return Handler
