"""Lets a request in: who calls, within which limits, with which permission. Headers from outside never get past it."""

import hmac
from urllib.parse import urlsplit

import grpc
from flask import Request, g

from chassis.refusals import Unauthenticated
from services.gateway import problems
from services.gateway.callers import Caller, Callers, Credential
from services.gateway.channels import Metadata
from services.gateway.limits import Buckets, headers
from services.gateway.observation import Exchange
from services.gateway.places import Places
from services.gateway.refusals import CredentialMalformed, CsrfRefused
from services.gateway.settings import GatewaySettings

_SAFE = ("GET", "HEAD")


class Gate:
    """The one way to a caller."""

    def __init__(self, settings: GatewaySettings, callers: Callers) -> None:
        self.callers = callers
        self.cookie = "__Host-kith_session" if settings.secure else "kith_session"
        self._origin = _origin(settings.public_url)
        self._proxies = settings.trusted_proxies
        self.users = Buckets("user", settings.user_requests)
        self.tenants = Buckets("tenant", settings.tenant_requests)
        self.email_sign_ins = Buckets("sign-ins-per-email", settings.email_sign_ins)
        self.address_sign_ins = Buckets("sign-ins-per-address", settings.address_sign_ins)

    def admit(self, request: Request) -> Caller:
        """The caller, proven and within its limits.

        Refused with Unauthenticated, CredentialMalformed, CsrfRefused, TooMany, and as identity refuses.
        """
        exchange: Exchange = g.exchange
        credential = self.credential(request)
        try:
            caller = self.callers.find(credential, exchange.trail)
        except grpc.RpcError as error:
            raise problems.of_call(error, "identity", Places(), conditional=False) from None
        if credential.session_token and request.method not in _SAFE:
            self._check_csrf(request, caller)
        whom = caller.principal
        levels = [self.users.spend(f"{whom.tenant_id}/{whom.user_id}"), self.tenants.spend(whom.tenant_id)]
        exchange.levels = levels
        exchange.headers.update(headers(levels))
        return caller

    def credential(self, request: Request) -> Credential:
        """What the request brought. Refused with Unauthenticated, CredentialMalformed."""
        header = request.environ.get("HTTP_AUTHORIZATION")
        if header is not None:
            scheme, _, key = header.partition(" ")
            if scheme.lower() != "bearer" or not key.startswith("kith_") or not key.isascii() or len(key) > 200:
                raise CredentialMalformed
            return Credential(api_key=key)
        token = request.cookies.get(self.cookie, "") if "HTTP_COOKIE" in request.environ else ""
        if not token or not token.isascii() or len(token) > 255:  # more than the contract takes
            raise Unauthenticated
        return Credential(session_token=token)

    def check_origin(self, request: Request) -> None:
        """Refused with CsrfRefused when a browser says that the request comes from another site's page."""
        site, origin = request.headers.get("Sec-Fetch-Site"), request.headers.get("Origin")
        if site not in (None, "same-origin", "none") or origin not in (None, self._origin):
            raise CsrfRefused

    def address(self, request: Request) -> str:
        """The network address of the client, as the outermost trusted proxy saw it."""
        hops = [hop.strip() for hop in request.headers.get("X-Forwarded-For", "").split(",") if hop.strip()]
        if self._proxies and len(hops) >= self._proxies:
            return hops[-self._proxies]
        return request.remote_addr or ""

    def _check_csrf(self, request: Request, caller: Caller) -> None:
        self.check_origin(request)
        given = request.headers.get("X-CSRF-Token", "")
        if not caller.csrf_token or not hmac.compare_digest(given.encode(), caller.csrf_token.encode()):
            raise CsrfRefused


def metadata(caller: Caller) -> Metadata:
    """What every call for a caller carries: the trail of the request and the signed principal, nothing from outside."""
    return (*g.exchange.trail, ("kith-principal", caller.token))


def _origin(url: str) -> str:
    parts = urlsplit(url)
    return f"{parts.scheme}://{parts.netloc}"
