"""Secrets that we hand out: random, shown once, kept as a hash.

A secret of 32 random bytes cannot be guessed, so one SHA-256 keeps it as safe as a slow password hash would, at a
thousandth of the time (every request pays it).
"""

import base64
import hashlib
import hmac
import secrets
from dataclasses import dataclass, field

_ALPHABET = "0123456789abcdefghjkmnpqrstvwxyz"
_KEY_PREFIX, _ID_LENGTH, _SECRET_LENGTH = "kith_", 8, 43


def token() -> str:
    """A fresh secret: 32 random bytes in 43 URL-safe characters."""
    return secrets.token_urlsafe(32)


def digest(secret: str) -> bytes:
    """What is kept of a secret: its SHA-256."""
    return hashlib.sha256(secret.encode()).digest()


def csrf_token(session_token: str) -> str:
    """The token that the unsafe requests of a session must carry; nothing to keep, for it follows from the session's."""
    mac = hmac.digest(session_token.encode(), b"csrf", "sha256")
    return base64.urlsafe_b64encode(mac).rstrip(b"=").decode()


@dataclass(frozen=True)
class Key:
    """An API key as it is handed out: `kith_`, 8 characters that find it, `_`, 43 characters that prove it."""

    id_part: str
    text: str = field(repr=False)

    @classmethod
    def new(cls) -> "Key":
        """A fresh key."""
        id_part = "".join(secrets.choice(_ALPHABET) for _ in range(_ID_LENGTH))
        return cls(id_part, f"{_KEY_PREFIX}{id_part}_{token()}")

    @classmethod
    def read(cls, text: str) -> "Key":
        """The key that `text` is. Raises ValueError where it has not the shape of one; the message does not repeat it."""
        id_part, separator, proof = text[5:13], text[13:14], text[14:]
        urlsafe = proof.isascii() and proof.replace("-", "a").replace("_", "a").isalnum()
        shaped = text.startswith(_KEY_PREFIX) and separator == "_" and set(id_part) <= set(_ALPHABET)
        if not (shaped and urlsafe and len(id_part) == _ID_LENGTH and len(proof) == _SECRET_LENGTH):
            raise ValueError("an API key is `kith_`, 8 characters, `_` and 43 characters")
        return cls(id_part, text)

    @property
    def hint(self) -> str:
        """What may be shown of it, to tell keys apart."""
        return f"{_KEY_PREFIX}{self.id_part}"

    def proves(self, kept: bytes) -> bool:
        """Whether `kept` is the hash of this key, in a time that does not tell how much of it fits."""
        return hmac.compare_digest(digest(self.text), kept)
