"""`python -m services.gateway`: the door, under granian, until SIGTERM or Ctrl-C; requests under way are finished."""

import atexit
import os
import shutil
import signal
import socket
import sys
import tempfile
import threading
import time
from typing import Any

from granian.constants import Interfaces
from granian.http import HTTP1Settings
from granian.log import LogLevels
from granian.server import Server
from prometheus_client import CollectorRegistry, multiprocess, start_http_server, values

from chassis import config, telemetry
from services.gateway import contract, transcoding
from services.gateway.settings import GatewaySettings

_CHANCES = 40  # of a quarter of a second each, longer than workers outlive a killed parent
_SPARE = 8  # threads that tell probes how we are, and others that we are full
_METRICS = "PROMETHEUS_MULTIPROC_DIR"


def main() -> int:
    """Serve. 78 (EX_CONFIG) when environment or contract do not allow a start; the faults are on standard error."""
    try:
        settings = config.load(GatewaySettings)
        transcoding.routes(contract.services())
    except (config.ConfigFault, transcoding.ContractFault) as fault:
        sys.stderr.write(f"gateway: cannot start\n{fault}\n")
        return os.EX_CONFIG
    # The counts of the workers meet in files of this directory.
    counts = os.environ[_METRICS] = tempfile.mkdtemp(prefix="kith-gateway-")
    try:
        _await_door(settings.listen)
        if settings.metrics_listen:
            _serve_metrics(settings.metrics_listen)
        _server(settings).serve()
    except OSError as fault:
        sys.stderr.write(f"gateway: cannot start\n{fault}\n")
        return os.EX_UNAVAILABLE
    finally:
        del os.environ[_METRICS]  # nobody may count into a directory that is gone
        shutil.rmtree(counts, ignore_errors=True)
    return 0


def worker() -> object:
    """The WSGI application of one worker."""
    # The library chose its kind of counter when it was first imported, before the directory was known.
    values.ValueClass = values.MultiProcessValue()
    from services.gateway.app import create

    threading.Thread(target=_follow_parent, args=(os.getppid(),), daemon=True).start()
    settings = config.load(GatewaySettings)
    telemetry.start_logs("gateway", settings.log_format, settings.log_level)
    telemetry.start_traces("gateway")
    atexit.register(telemetry.stop_traces)
    return create(settings)


def _server(settings: GatewaySettings) -> Any:
    host, _, port = settings.listen.rpartition(":")
    return Server(
        f"{__spec__.name if __spec__ else 'services.gateway.__main__'}:worker",
        factory=True,
        address=host,
        port=int(port),
        interface=Interfaces.WSGI,
        workers=settings.workers,
        blocking_threads=settings.threads + settings.max_waiting + _SPARE,
        blocking_threads_idle_timeout=600,
        backpressure=1024,  # granian holds what comes above; the application itself answers 503 beyond its limit
        http1_settings=HTTP1Settings(header_read_timeout=10_000, max_buffer_size=64 * 1024),
        websockets=False,
        log_level=LogLevels.error,  # it warns of our many threads, of which most only wait their turn
        respawn_failed_workers=True,
        respawn_interval=0.5,
        workers_kill_timeout=settings.shutdown_seconds,
    )


def _await_door(listen: str) -> None:
    """Raises OSError where the port stays taken. Workers of a killed predecessor hold it for a moment, so it is awaited."""
    host, _, port = listen.rpartition(":")
    for chances in range(_CHANCES, 0, -1):
        try:
            with socket.socket(socket.AF_INET6 if ":" in host else socket.AF_INET) as door:
                door.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
                door.bind((host.strip("[]"), int(port)))
            return
        except OSError as fault:
            if chances == 1:
                raise OSError(
                    f"{listen} cannot be listened on ({fault.strerror}); KITH_LISTEN names the address"
                ) from None
            time.sleep(0.25)


def _serve_metrics(listen: str) -> None:
    registry = CollectorRegistry()
    multiprocess.MultiProcessCollector(registry)
    host, _, port = listen.rpartition(":")
    try:
        start_http_server(int(port), host, registry)
    except OSError as fault:
        raise OSError(
            f"{listen} cannot be listened on ({fault.strerror}); KITH_METRICS_LISTEN names the address"
        ) from None


def _follow_parent(parent: int) -> None:
    # A worker whose parent was killed would go on answering on the port beside its successors.
    while os.getppid() == parent:
        time.sleep(0.5)
    os.kill(os.getpid(), signal.SIGTERM)


if __name__ == "__main__":
    sys.exit(main())
