"""What the suite keeps to itself: the key pair of principal tokens, the first sign-in, addresses with passwords.

All of it lies in `<state>/secrets`, readable by its owner only, and reaches processes by file name, never by argument.
"""

import secrets
from pathlib import Path

from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey
from cryptography.hazmat.primitives.serialization import Encoding, NoEncryption, PrivateFormat, PublicFormat

from chassis.embedded import place


class Secrets:
    """The files of `<state>/secrets`; each is made when it is first asked for and then kept."""

    def __init__(self, state: Path) -> None:
        self.folder = place.private_folder(state / "secrets").absolute()
        self.private_key, self.public_key = self.folder / "principal-private.pem", self.folder / "principal-public.pem"
        self.tracking_keys, self.address_key = self.folder / "tracking-keys", self.folder / "address-key"
        self.password, self.api_key = self.folder / "bootstrap-password", self.folder / "bootstrap-api-key"
        self.mail_keys = self.folder / "mail-keys"

    def make(self) -> None:
        """Make what is missing."""
        if not self.public_key.exists():  # the public key is written last: with it, the pair is whole
            private, public = key_pair()
            place.write_private(self.private_key, private)
            place.write_private(self.public_key, public)
        if not self.tracking_keys.exists():
            place.write_private(self.tracking_keys, tracking_keys())
        if not self.address_key.exists():
            place.write_private(self.address_key, address_key())
        if not self.password.exists():
            place.write_private(self.password, secrets.token_urlsafe(15))
        if not self.mail_keys.exists():
            place.write_private(self.mail_keys, mail_keys())
        if not self.api_key.exists():
            place.write_private(self.api_key, api_key())

    def keep(self, name: str, text: str) -> Path:
        """The file of that name with that text."""
        return place.write_private(self.folder / name, text)


def key_pair() -> tuple[str, str]:
    """A new private key that signs principal tokens, and the public one that proves them, as PEM."""
    key = Ed25519PrivateKey.generate()
    private = key.private_bytes(Encoding.PEM, PrivateFormat.PKCS8, NoEncryption())
    public = key.public_key().public_bytes(Encoding.PEM, PublicFormat.SubjectPublicKeyInfo)
    return private.decode(), public.decode()


def api_key() -> str:
    """A new API key in the shape that identity reads: 8 characters that find the key, 43 that prove it."""
    return f"kith_{secrets.token_hex(4)}_{secrets.token_urlsafe(32)}"


def mail_keys() -> str:
    """A new key, with its name, that signs Message-IDs and reply addresses."""
    return f"k1:{secrets.token_urlsafe(32)}"


def tracking_keys() -> str:
    """A new key, with its name, that signs links of mails and forms."""
    return f"k1:{secrets.token_hex(32)}"


def address_key() -> str:
    """A new key that hashes suppressed addresses."""
    return secrets.token_hex(32)
