"""Principal tokens that no service may accept, made as an attacker or a careless sibling would make them."""

import base64
import hashlib
import hmac
import json
import time
from collections.abc import Callable, Iterator
from typing import Any

from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey
from cryptography.hazmat.primitives.serialization import Encoding, PublicFormat, load_pem_private_key

from chassis.principal import AUDIENCE, ISSUER, TYPE

Claims = dict[str, Any]
_HEADER = {"alg": "EdDSA", "typ": TYPE}


class Forger:
    """Makes tokens with the suite's own private key (to break one rule at a time) and with a key of its own."""

    def __init__(self, private_pem: str, public_pem: str, tenant_id: str, user_id: str) -> None:
        key = load_pem_private_key(private_pem.encode(), None)
        assert isinstance(key, Ed25519PrivateKey)
        self._ours, self._public_pem, self._tenant_id, self._user_id = key, public_pem, tenant_id, user_id
        self._theirs = Ed25519PrivateKey.generate()

    def genuine(self) -> str:
        """A token that breaks no rule."""
        return _token(_HEADER, self._claims(), self._ours.sign)

    def forged(self) -> Iterator[tuple[str, str]]:
        """Each forgery with its name."""
        yield "no token", ""
        yield "nonsense", "nonsense"
        yield "three dots", "a.b.c"
        yield from self._without_our_key()
        yield from self._with_our_key()

    def _without_our_key(self) -> Iterator[tuple[str, str]]:
        claims, theirs = self._claims(), self._theirs.sign
        head, body, signature = self.genuine().split(".")
        yield "alg none", _token({**_HEADER, "alg": "none"}, claims, lambda _: b"")
        yield "alg None", _token({**_HEADER, "alg": "None"}, claims, lambda _: b"")
        yield (
            "HS256 with the public key",
            _token({**_HEADER, "alg": "HS256"}, claims, self._mac(self._public_pem.encode())),
        )
        yield (
            "HS256 with the raw public key",
            _token({**_HEADER, "alg": "HS256"}, claims, self._mac(self._raw_public())),
        )
        yield "HS256 with nothing", _token({**_HEADER, "alg": "HS256"}, claims, self._mac(b""))
        yield "another key", _token(_HEADER, claims, theirs)
        for kid in ("../../../../../../dev/null", "/proc/self/environ", "' OR 1=1 --", "http://127.0.0.1:1/key"):
            yield f"kid {kid}", _token({**_HEADER, "kid": kid}, claims, theirs)
        yield "jwk in the header", _token({**_HEADER, "jwk": self._their_jwk()}, claims, theirs)
        yield "jku in the header", _token({**_HEADER, "jku": "http://127.0.0.1:1/jwks"}, claims, theirs)
        yield "x5u in the header", _token({**_HEADER, "x5u": "http://127.0.0.1:1/cert"}, claims, theirs)
        changed = _part({**claims, "tenant": "ten_another"})
        yield "changed claims", f"{head}.{changed}.{signature}"
        yield "no signature", f"{head}.{body}."
        yield "half a signature", f"{head}.{body}.{signature[:40]}"

    def _with_our_key(self) -> Iterator[tuple[str, str]]:
        now = int(time.time())
        for name, change in {
            "wrong issuer": {"iss": "somebody"}, "wrong audience": {"aud": "somebody"},
            "expired": {"iat": now - 90, "exp": now - 30},
            "too long a life": {"exp": now + 3600}, "from the future": {"iat": now + 3600, "exp": now + 3660},
        }.items():  # fmt: skip
            yield name, _token(_HEADER, {**self._claims(), **change}, self._ours.sign)
        for claim in ("iss", "aud", "exp", "iat", "sub"):
            yield f"without {claim}", _token(_HEADER, _without(self._claims(), claim), self._ours.sign)
        for kind in ("JWT", "at+jwt", "kith-session+jwt"):
            yield f"typ {kind}", _token({**_HEADER, "typ": kind}, self._claims(), self._ours.sign)
        yield "no typ", _token(_without(_HEADER, "typ"), self._claims(), self._ours.sign)
        yield "unknown crit", _token({**_HEADER, "crit": ["kith"], "kith": 1}, self._claims(), self._ours.sign)

    def _claims(self) -> Claims:
        now = int(time.time())
        return {
            "iss": ISSUER, "aud": AUDIENCE, "iat": now, "exp": now + 60, "sub": self._user_id,
            "tenant": self._tenant_id, "teams": [], "grants": {"*.*.*": "all"}, "via": "session",
        }  # fmt: skip

    def _mac(self, key: bytes) -> Callable[[bytes], bytes]:
        return lambda message: hmac.digest(key, message, hashlib.sha256)

    def _raw_public(self) -> bytes:
        return self._ours.public_key().public_bytes(Encoding.Raw, PublicFormat.Raw)

    def _their_jwk(self) -> dict[str, str]:
        raw = self._theirs.public_key().public_bytes(Encoding.Raw, PublicFormat.Raw)
        return {"kty": "OKP", "crv": "Ed25519", "x": _encoded(raw)}


def _token(header: Claims, claims: Claims, sign: Callable[[bytes], bytes]) -> str:
    signed = f"{_part(header)}.{_part(claims)}"
    return f"{signed}.{_encoded(sign(signed.encode()))}"


def _part(value: Claims) -> str:
    return _encoded(json.dumps(value).encode())


def _encoded(raw: bytes) -> str:
    return base64.urlsafe_b64encode(raw).rstrip(b"=").decode()


def _without(claims: Claims, name: str) -> Claims:
    return {key: value for key, value in claims.items() if key != name}
