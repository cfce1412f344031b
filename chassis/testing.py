"""What tests of a door need: the service in this process, on real servers, and stubs that speak for somebody."""

import contextlib
import threading
from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass, replace
from functools import cache
from types import ModuleType
from typing import Any

import grpc
from crm.schema.v1 import service_pb2 as schema_pb2
from cryptography.hazmat.primitives import serialization
from cryptography.hazmat.primitives.asymmetric import ed25519
from google.rpc import error_details_pb2
from grpc_status import rpc_status

from chassis.config import ServiceSettings
from chassis.contract import rpc_of
from chassis.ids import new_id
from chassis.principal import Principal, acting_as, sign
from chassis.run import Companion, Process

_SCHEMA = schema_pb2.DESCRIPTOR.services_by_name["SchemaService"]  # every door offers it


@cache
def key_pair() -> tuple[str, str]:
    """A private and a public key in PEM, made once per test run."""
    private = ed25519.Ed25519PrivateKey.generate()
    return (
        private.private_bytes(
            serialization.Encoding.PEM, serialization.PrivateFormat.PKCS8, serialization.NoEncryption()
        ).decode(),
        private.public_key()
        .public_bytes(serialization.Encoding.PEM, serialization.PublicFormat.SubjectPublicKeyInfo)
        .decode(),
    )


def somebody(tenant_id: str = "", **fields: Any) -> Principal:
    """A principal of a tenant of its own, with every permission unless `grants` says otherwise."""
    given = {"grants": {"*.*.*": "all", "*.*.resolve": "all"}, "via": "session", "user_id": new_id("usr")} | fields
    return Principal(tenant_id=tenant_id or new_id("ten"), **given)


@dataclass(frozen=True)
class Caller:
    """Calls the rpcs of a service as one principal: `caller.WinOpportunity(request)`; refusals raise grpc.RpcError."""

    channel: grpc.Channel
    contracts: tuple[Any, ...]  # descriptors of the services behind the channel
    whom: Principal
    metadata: tuple[tuple[str, str], ...] = ()

    def __getattr__(self, name: str) -> Any:
        found = (each.methods_by_name.get(name) for each in (*self.contracts, _SCHEMA))
        method = next((each for each in found if each is not None), None)
        if method is None:
            raise AttributeError(name)
        rpc = rpc_of(method)
        kind = f"{'stream' if rpc.streams_in else 'unary'}_{'stream' if rpc.streams_out else 'unary'}"
        call = getattr(self.channel, kind)(rpc.path, rpc.request.SerializeToString, rpc.response.FromString)
        token = sign(self.whom, key_pair()[0])
        return lambda request: call(request, metadata=(("kith-principal", token), *self.metadata), timeout=20)

    def saying(self, **metadata: str) -> "Caller":
        """The same caller with more metadata: `saying(if_match="3", idempotency_key="k")`."""
        more = tuple((key.replace("_", "-"), value) for key, value in metadata.items())
        return replace(self, metadata=self.metadata + more)


@contextlib.contextmanager
def serving(
    contract: ModuleType,
    servicer: Any,
    mongo_url: str,
    nats_url: str,
    projections: tuple[Any, ...] = (),
    prepare: Callable[[Any], None] | None = None,
    companions: Sequence[Callable[[Any], Companion]] = (),
    settings: type[ServiceSettings] = ServiceSettings,
    **given: Any,
) -> Iterator[Any]:
    """The service's process, running in this one; gives a function from principal to Caller. `given` are more settings."""
    loaded = settings(
        listen="127.0.0.1:0", mongo_url=mongo_url, nats_url=nats_url, principal_public_key=key_pair()[1], **given
    )
    process = Process(contract, servicer, loaded, projections, prepare, companions)
    stop = threading.Event()
    process.start(stop)
    channel = grpc.insecure_channel(f"127.0.0.1:{process.door.port}")
    services = tuple(contract.DESCRIPTOR.services_by_name.values())
    try:
        yield lambda whom: Caller(channel, services, whom)
    finally:
        channel.close()
        process.stop()


def reason(error: grpc.RpcError) -> str:
    """The name of the refusal that an rpc was answered with: `OPPORTUNITY_ALREADY_CLOSED`."""
    return details(error)["reason"]


def details(error: grpc.RpcError) -> Mapping[str, Any]:
    """The refusal's reason, its keywords, and its violations as {field: description}."""
    status = rpc_status.from_call(error)  # type: ignore[arg-type]
    found: dict[str, Any] = {"reason": "", "violations": {}}
    for detail in status.details if status else ():
        info, bad = error_details_pb2.ErrorInfo(), error_details_pb2.BadRequest()
        if detail.Unpack(info):
            found |= {"reason": info.reason, "keywords": dict(info.metadata)}
        elif detail.Unpack(bad):
            found["violations"] = {each.field: each.description for each in bad.field_violations}
    return found


@contextlib.contextmanager
def acting_as_somebody(tenant_id: str = "") -> Iterator[Principal]:
    """Run the block as `somebody`; for nouns without a door."""
    whom = somebody(tenant_id)
    with acting_as(whom):
        yield whom
