"""The outermost layer: headers that every answer has, and a problem document even where Flask itself fails."""

import logging
from collections.abc import Callable, Iterable
from typing import Any

from services.gateway import problems
from services.gateway.refusals import Unexpected
from services.gateway.settings import GatewaySettings

EXTRA = "kith.headers"  # in the WSGI environment: headers of this one answer, which win over those of every answer

_HEADERS = {
    "Cache-Control": "no-store",
    "Content-Security-Policy": "default-src 'none'; frame-ancestors 'none'",
    "Cross-Origin-Resource-Policy": "same-origin",
    "Referrer-Policy": "no-referrer",
    "X-Content-Type-Options": "nosniff",
    "X-Frame-Options": "DENY",
}
_log = logging.getLogger("kith.gateway")


class Edge:
    """WSGI around WSGI. Headers are added here as they are, which costs a tenth of Flask's checked ones."""

    def __init__(self, inner: Callable[..., Iterable[bytes]], settings: GatewaySettings) -> None:
        self._inner = inner
        self._headers = dict(_HEADERS)
        if settings.secure:
            self._headers["Strict-Transport-Security"] = "max-age=31536000"

    def __call__(self, environ: dict[str, Any], start_response: Callable[..., Any]) -> Iterable[bytes]:
        extra: dict[str, str] = {}
        environ[EXTRA] = extra

        def start(status: str, headers: list[tuple[str, str]], exc_info: Any = None) -> Any:
            headers.extend((self._headers | extra).items())
            return start_response(status, headers, exc_info)

        try:
            return self._inner(environ, start)
        except Exception:
            _log.exception("the application broke")
            response = problems.of_refusal(Unexpected()).response("")
            return response(environ, start)
