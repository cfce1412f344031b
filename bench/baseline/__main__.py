"""`python -m bench.baseline`: the baseline under the gateway's own server, with the gateway's own workers and threads."""

import os

from granian import Granian
from granian.constants import Interfaces
from granian.log import LogLevels

from services.gateway.settings import GatewaySettings

if __name__ == "__main__":
    Granian(
        "bench.baseline.app:create",
        factory=True,
        port=int(os.environ["BASELINE_PORT"]),
        interface=Interfaces.WSGI,
        workers=int(os.environ.get("KITH_WORKERS", GatewaySettings.workers)),
        blocking_threads=GatewaySettings.threads,
        blocking_threads_idle_timeout=600,
        websockets=False,
        workers_kill_timeout=2,
        log_level=LogLevels.warning,
    ).serve()
