"""Runs the support service."""

from crm.support.v1 import events_pb2, service_pb2

from chassis import erasing, run
from services.support import reactions  # noqa: F401  importing registers them
from services.support.contact import Contact
from services.support.forgetting import forget
from services.support.groundwork import prepare
from services.support.installed import Asset, ServiceContract
from services.support.service import Support
from services.support.settings import SupportSettings

if __name__ == "__main__":
    support = Support()
    run(
        service_pb2,
        support,
        projections=(Contact, Asset, ServiceContract),
        settings=SupportSettings,
        prepare=prepare,
        companions=(support.mailroom, erasing(forget, events_pb2.ErasureCompleted)),
    )
