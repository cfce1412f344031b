"""A service and a gateway that do nothing but run, and what the tests of the runner ask of processes."""

import os
import signal
import sys
import threading
from concurrent.futures import ThreadPoolExecutor
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path

import grpc
from grpc_health.v1 import health, health_pb2_grpc


def serve_grpc(stopped: threading.Event) -> None:
    server = grpc.server(ThreadPoolExecutor(2))
    health_pb2_grpc.add_HealthServicer_to_server(health.HealthServicer(), server)
    server.add_insecure_port(os.environ["KITH_LISTEN"])
    server.start()
    stopped.wait()
    server.stop(1).wait()


class Page(BaseHTTPRequestHandler):
    def do_GET(self):
        self.send_response(200)
        self.end_headers()


def serve_http(stopped: threading.Event) -> None:
    host, port = os.environ["KITH_LISTEN"].split(":")
    server = ThreadingHTTPServer((host, int(port)), Page)
    threading.Thread(target=server.serve_forever, daemon=True).start()
    stopped.wait()
    server.shutdown()


def alive(pid: int) -> bool:
    try:
        os.kill(pid, 0)
    except ProcessLookupError:
        return False
    return Path(f"/proc/{pid}/stat").read_text().split(") ")[1][0] != "Z"


if __name__ == "__main__":
    if os.environ.get("STANDIN_FAULT"):
        sys.exit(os.environ["STANDIN_FAULT"])
    stopped = threading.Event()
    signal.signal(signal.SIGTERM, lambda *_: stopped.set())
    print("standing in", flush=True)
    (serve_http if "KITH_PUBLIC_URL" in os.environ else serve_grpc)(stopped)
