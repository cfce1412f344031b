"""Whom a request speaks for: the principal, the token that carries it between processes, and the grants it holds.

The gateway signs the token (EdDSA, RFC 8037, at most 60 seconds), every service verifies it, and nothing trusts a plain
header. Grants are patterns of permissions with a scope: `{"sales.*.read": "team"}`.
"""

import enum
from collections.abc import Iterable, Iterator, Mapping
from contextlib import contextmanager
from contextvars import ContextVar
from dataclasses import dataclass, field
from datetime import timedelta
from functools import lru_cache

import jwt

from chassis import clock
from chassis.refusals import Forbidden, Unauthenticated

ISSUER, AUDIENCE, TYPE, LIFETIME = "kith-gateway", "kith-services", "kith-principal+jwt", timedelta(seconds=60)


class Scope(enum.IntEnum):
    """How far a permission reaches, the wider the greater."""

    OWN = 1
    TEAM = 2
    ALL = 3


@dataclass(frozen=True)
class Principal:
    """A tenant's user, or one of our own services acting for the tenant (`user_id` then names the service)."""

    tenant_id: str
    user_id: str
    team_ids: tuple[str, ...] = ()
    grants: Mapping[str, str] = field(default_factory=dict)
    via: str = "service"
    roles: tuple[str, ...] = ()
    _scopes: dict[str, Scope | None] = field(default_factory=dict, init=False, repr=False, compare=False)

    def scope(self, permission: str) -> Scope | None:
        """The widest scope that any grant gives to `permission`; None when there is none."""
        if permission not in self._scopes:  # a principal is asked the same few questions for as long as its token lasts
            scopes = [Scope[scope.upper()] for pattern, scope in self.grants.items() if _matches(pattern, permission)]
            self._scopes[permission] = max(scopes, default=None)
        return self._scopes[permission]

    def holds(self, roles: Iterable[str]) -> bool:
        """Whether the user has one of these roles."""
        return not set(self.roles).isdisjoint(roles)

    def demand(self, permission: str) -> Scope:
        """The scope of `permission`. Refused with Forbidden without one."""
        scope = self.scope(permission)
        if scope is None:
            raise Forbidden(permission=permission)
        return scope


def of_service(service: str, tenant_id: str) -> Principal:
    """The principal of a service's own work for a tenant: reactions, sweeps, imports."""
    return Principal(tenant_id=tenant_id, user_id=service, grants={"*.*.*": "all"})


_RESERVED = "resolve"  # the gateway's own action; only a pattern that names it means it, and no role has one
_current: ContextVar[Principal] = ContextVar("principal")


def principal() -> Principal:
    """Whom the work of this thread speaks for. Refused with Unauthenticated outside of any request or reaction."""
    try:
        return _current.get()
    except LookupError:
        raise Unauthenticated from None


@contextmanager
def acting_as(whom: Principal) -> Iterator[None]:
    """Work as `whom` for the length of the block."""
    token = _current.set(whom)
    try:
        yield
    finally:
        _current.reset(token)


def sign(whom: Principal, private_key: str) -> str:
    """The token of `whom`, good for 60 seconds."""
    issued = clock.now()
    claims = {
        "iss": ISSUER, "aud": AUDIENCE, "iat": issued, "exp": issued + LIFETIME, "sub": whom.user_id,
        "tenant": whom.tenant_id, "teams": list(whom.team_ids), "grants": dict(whom.grants), "via": whom.via,
        "roles": list(whom.roles),
    }  # fmt: skip
    return jwt.encode(claims, private_key, algorithm="EdDSA", headers={"typ": TYPE})


@lru_cache(maxsize=1024)
def _verified(token: str, public_key: str) -> tuple[Principal, float]:
    # A signature costs as much as a database read, so a token is checked once; its end is looked at every time.
    try:
        if jwt.get_unverified_header(token).get("typ") != TYPE:
            raise Unauthenticated
        claims = jwt.decode(
            token, public_key, algorithms=["EdDSA"], audience=AUDIENCE, issuer=ISSUER,
            options={"require": ["exp", "iat", "iss", "aud", "sub"]},
        )  # fmt: skip
    except jwt.PyJWTError:
        raise Unauthenticated from None
    if claims["exp"] - claims["iat"] > LIFETIME.total_seconds():
        raise Unauthenticated
    roles = tuple(claims.get("roles", ()))  # a gateway of the version before says none
    whom = Principal(claims["tenant"], claims["sub"], tuple(claims["teams"]), claims["grants"], claims["via"], roles)
    return whom, claims["exp"]


def verify(token: str, public_key: str) -> Principal:
    """The principal that the gateway signed for. Refused with Unauthenticated when forged, misdirected or expired."""
    whom, ends = _verified(token, public_key)
    if clock.now().timestamp() >= ends:
        raise Unauthenticated
    return whom


def _matches(pattern: str, permission: str) -> bool:
    parts, wanted = pattern.split("."), permission.split(".")
    if wanted[-1] == _RESERVED and parts[-1] != _RESERVED:
        return False
    return len(parts) == len(wanted) and all(part in ("*", want) for part, want in zip(parts, wanted, strict=True))
