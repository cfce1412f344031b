"""What proves that an address or a Message-ID is ours: a keyed digest (HMAC-SHA-256) beside it.

`support+t2026-000123.k1.mfzwizltoq4tknrx@…` in Reply-To says which ticket an answer belongs to; `<msg_….k1.….@…>` is the
Message-ID of an answer. Digests are cut to 80 bits, base32 in lower case, because mail programs may change the case of an
address and a local part has 64 octets (RFC 5321, 4.5.3.1.1). The key's id lets keys be changed: the first signs, all prove.
"""

import base64
import hashlib
import hmac
import re
from dataclasses import dataclass
from typing import Self

_DIGEST = 10  # bytes
_KEY = re.compile(r"([a-z0-9]{1,4}):(\S{16,})\Z")
_SIGNED = re.compile(r"(?P<said>.+)\.(?P<key>[a-z0-9]{1,4})\.(?P<digest>[a-z2-7]{16})\Z", re.IGNORECASE)

TICKET, MESSAGE = "ticket", "message"  # what a digest is for: one is no other


@dataclass(frozen=True)
class Keys:
    """The keys of this installation: id to secret, the signing one first."""

    secrets: tuple[tuple[str, bytes], ...]

    @classmethod
    def read(cls, text: str) -> Self:
        """Read `<id>:<secret>,<id>:<secret>`; ids of up to 4 letters and digits, secrets of at least 16 characters."""
        found = []
        for each in text.split(","):
            key = _KEY.match(each.strip())
            if key is None:
                raise ValueError("a key is not <id>:<secret> with a secret of at least 16 characters")
            found.append((key[1], key[2].encode()))
        return cls(tuple(found))

    def sign(self, kind: str, tenant_id: str, said: str) -> str:
        """`said` with its proof: `<said>.<key>.<digest>`."""
        name, secret = self.secrets[0]
        return f"{said}.{name}.{_digest(secret, kind, tenant_id, said)}"

    def prove(self, kind: str, tenant_id: str, signed: str) -> str | None:
        """What `signed` says, if one of our keys signed it for this tenant; None otherwise."""
        parts = _SIGNED.match(signed)
        if parts is None:
            return None
        secret = dict(self.secrets).get(parts["key"].lower())
        said = parts["said"]
        if secret is None:
            return None
        genuine = hmac.compare_digest(_digest(secret, kind, tenant_id, said), parts["digest"].lower())
        return said if genuine else None


def _digest(secret: bytes, kind: str, tenant_id: str, said: str) -> str:
    proof = hmac.digest(secret, "\0".join((kind, tenant_id, said.lower())).encode(), hashlib.sha256)
    return base64.b32encode(proof[:_DIGEST]).decode().lower()
