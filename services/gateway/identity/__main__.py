"""Runs the identity service."""

from crm.identity.v1 import service_pb2

from chassis import run
from services.gateway.identity.bootstrap import IdentitySettings, prepare
from services.gateway.identity.service import Identity

if __name__ == "__main__":
    run(service_pb2, Identity(), settings=IdentitySettings, prepare=prepare)
