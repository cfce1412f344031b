"""Who calls in the gateway's tests."""

from typing import Any

from crm.identity.v1 import session_pb2
from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey
from cryptography.hazmat.primitives.serialization import Encoding, NoEncryption, PrivateFormat, PublicFormat

from chassis.refusals import Unauthenticated

PRIVATE = Ed25519PrivateKey.generate()
PRIVATE_KEY = PRIVATE.private_bytes(Encoding.PEM, PrivateFormat.PKCS8, NoEncryption()).decode()
PUBLIC_KEY = PRIVATE.public_key().public_bytes(Encoding.PEM, PublicFormat.SubjectPublicKeyInfo).decode()
KEY = "kith_adas_key"
SESSION = "adas-session"
ALL = {"*.*.*": "all"}


class CredentialUnknown(Unauthenticated):
    """Nobody holds this credential."""


def a_principal(**keywords: Any) -> session_pb2.Principal:
    """Ada, who may do everything."""
    given = {"tenant_id": "ten_1", "user_id": "usr_ada", "display_name": "Ada", "grants": ALL, "via": "api_key"}
    return session_pb2.Principal(**(given | keywords))


def authenticate(request: Any) -> session_pb2.Principal:
    """Ada's keys and Ada's session, nothing else."""
    if request.api_key.startswith(KEY):
        return a_principal()
    if request.session_token == SESSION:
        return a_principal(via="session", csrf_token="ada-csrf")
    raise CredentialUnknown
