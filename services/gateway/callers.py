"""Who calls: credentials into callers, found by identity once a second at most, and the signed token they travel under.

A credential is remembered for one second, so that revoking it takes effect within that second; requests with the same
credential that arrive meanwhile wait for one answer instead of asking again.
"""

import hashlib
import sys
import threading
import time
from collections import OrderedDict
from concurrent.futures import Future
from dataclasses import dataclass, field

from crm.identity.v1 import session_pb2

from chassis.contract import RpcContract
from chassis.principal import LIFETIME, Principal, sign
from chassis.refusals import Forbidden, Unauthenticated
from services.gateway.channels import Channels, Metadata

MEMORY_SECONDS = 1.0
_RENEW_SECONDS = 30.0
_MOST = 10_000


@dataclass(frozen=True)
class Credential:
    """What a request brought to prove who calls: an API key or a session's token."""

    api_key: str = ""
    session_token: str = ""

    @property
    def digest(self) -> bytes:
        """SHA-256, so that no memory of ours holds a credential as a key."""
        return hashlib.sha256(f"{self.api_key}\n{self.session_token}".encode()).digest()


@dataclass
class Caller:
    """Whom a request speaks for. Its token lives 60 seconds and is renewed while 30 remain."""

    principal: Principal
    csrf_token: str = ""
    identity: bytes = field(default=b"", repr=False)  # all that identity says of it; another grant makes another caller
    _private_key: str = field(default="", repr=False)
    _token: tuple[str, float] = field(default=("", 0.0), repr=False)
    _permitted: set[str] = field(default_factory=set, repr=False)

    def demand(self, permission: str) -> None:
        """Refused with Forbidden where no grant holds the permission; the services look again, with its scope."""
        if permission not in self._permitted:
            if self.principal.scope(permission) is None:
                raise Forbidden(permission=permission)
            self._permitted.add(permission)

    @property
    def token(self) -> str:
        """The signed principal token, good for 30 seconds at least."""
        token, ends = self._token
        if ends - time.monotonic() < _RENEW_SECONDS:
            token = sign(self.principal, self._private_key)
            self._token = token, time.monotonic() + LIFETIME.total_seconds()
        return token


class Callers:
    """Finds callers. `resolve` is IdentityService.Authenticate."""

    def __init__(self, channels: Channels, resolve: RpcContract, private_key: str) -> None:
        self._channels = channels
        self._resolve = resolve
        self._key = private_key
        own = Principal(tenant_id="", user_id="gateway", grants={"identity.principal.resolve": "all"})
        self.gateway = Caller(own, _private_key=private_key)
        anybody = Principal(tenant_id="", user_id="gateway", grants={"*.visitor.resolve": "all"})
        self.visitor = Caller(anybody, _private_key=private_key)  # people without an account
        self._lock = threading.Lock()
        self._known: OrderedDict[bytes, tuple[Future[Caller], float]] = OrderedDict()  # by digest, with end
        self._callers: OrderedDict[bytes, Caller] = OrderedDict()  # by serialised principal: keeps tokens

    def find(self, credential: Credential, metadata: Metadata) -> Caller:
        """The caller behind a credential. Raises grpc.RpcError as identity refuses."""
        digest, now = credential.digest, time.monotonic()
        with self._lock:
            known = self._known.get(digest)
            if known and now < known[1]:
                future, mine = known[0], False
            else:
                future, mine = Future(), True
                self._known.pop(digest, None)
                self._known[digest] = future, now + MEMORY_SECONDS
                if len(self._known) > _MOST:
                    self._known.popitem(last=False)
        if mine:
            self._answer(future, digest, credential, metadata)
        return future.result()

    def forget(self, credential: Credential) -> None:
        """Ask identity again at the next request, as after a sign-out."""
        with self._lock:
            self._known.pop(credential.digest, None)

    def known(self, found: session_pb2.Principal) -> Caller:
        """The caller of a principal that identity named, with the token signed before where there is one."""
        identity = found.SerializeToString(deterministic=True)
        with self._lock:
            caller = self._callers.pop(identity, None)
            if caller is None:
                teams, grants, roles = tuple(found.team_ids), dict(found.grants), tuple(found.roles)
                whom = Principal(found.tenant_id, found.user_id, teams, grants, found.via, roles)
                caller = Caller(whom, found.csrf_token, identity, self._key)
            self._callers[identity] = caller
            if len(self._callers) > _MOST:
                self._callers.popitem(last=False)
        return caller

    def _answer(self, future: Future[Caller], digest: bytes, credential: Credential, metadata: Metadata) -> None:
        request = session_pb2.AuthenticateRequest(api_key=credential.api_key, session_token=credential.session_token)
        try:
            found, _ = self._channels.call(self._resolve, request, (*metadata, ("kith-principal", self.gateway.token)))
            if not found.tenant_id or not found.user_id:
                raise Unauthenticated
            future.set_result(self.known(found))
        finally:
            if not future.done():  # whoever waits for this answer must get it, whatever it is
                with self._lock:
                    self._known.pop(digest, None)
                future.set_exception(sys.exception())
