"""Documentation that tests keep true: every setting, event and problem type is named where people look for it."""

import dataclasses
import importlib
import inspect
from pathlib import Path

import pytest

from chassis.config import ServiceSettings
from chassis.files.settings import FileSettings
from chassis.refusals import Refusal
from deploy.local.settings import LocalSettings
from services.campaigns.settings import CampaignsSettings
from services.gateway.settings import GatewaySettings
from services.support.settings import SupportSettings

ROOT = Path(__file__).resolve().parents[2]
HOMES = {
    "campaigns": "services/campaigns",
    "contacts": "services/contacts",
    "identity": "services/gateway/identity",
    "sales": "services/sales",
    "support": "services/support",
}


def text(path: str) -> str:
    return (ROOT / path).read_text(encoding="utf-8")


@pytest.mark.parametrize("service", HOMES)
def test_every_event_of_a_service_is_named_in_its_readme(service: str) -> None:
    readme = text(f"{HOMES[service]}/README.md")
    events = importlib.import_module(f"crm.{service}.v1.events_pb2").DESCRIPTOR.message_types_by_name
    assert not [name for name in events if name not in readme]


@pytest.mark.parametrize("service", HOMES)
def test_every_refusal_of_a_service_is_named_in_its_contract(service: str) -> None:
    module = importlib.import_module(f"{HOMES[service].replace('/', '.')}.refusals")
    contract = text(f"protos/crm/{service}/v1/service.proto")
    refusals = [
        name
        for name, found in inspect.getmembers(module, inspect.isclass)
        if issubclass(found, Refusal) and found.__module__ == module.__name__
    ]
    assert refusals
    assert not [name for name in refusals if name not in contract]


@pytest.mark.parametrize(
    "settings", [ServiceSettings, FileSettings, CampaignsSettings, GatewaySettings, LocalSettings, SupportSettings]
)
def test_every_setting_is_in_the_manual(settings: type) -> None:
    manual = text("docs/settings.md")
    names = [field.metadata["name"] for field in dataclasses.fields(settings)]
    assert not [name for name in names if f"`{name}`" not in manual]
