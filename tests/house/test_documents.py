"""Documentation that tests keep true: every setting, event and problem type is named where people look for it."""

import dataclasses
import importlib
import inspect
import re
from pathlib import Path

import pytest

from chassis.config import ServiceSettings
from chassis.files.settings import FileSettings
from chassis.refusals import Refusal
from deploy.local.settings import LocalSettings
from services.campaigns.settings import CampaignsSettings
from services.contacts.settings import ContactsSettings
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
HEADINGS = ("Nouns", "Rules", "Refusals", "Events out", "Events in", "Rooms")


def text(path: str) -> str:
    return (ROOT / path).read_text(encoding="utf-8")


@pytest.mark.parametrize("service", HOMES)
def test_every_event_of_a_service_is_named_in_its_readme(service: str) -> None:
    readme = text(f"{HOMES[service]}/README.md")
    events = importlib.import_module(f"crm.{service}.v1.events_pb2").DESCRIPTOR.message_types_by_name
    assert not [name for name in events if name not in readme]


@pytest.mark.parametrize("service", HOMES)
def test_every_noun_of_a_service_has_its_sentence_in_its_readme(service: str) -> None:
    door = getattr(importlib.import_module(f"{HOMES[service].replace('/', '.')}.service"), service.capitalize())
    nouns = text(f"{HOMES[service]}/README.md").partition("## Nouns")[2].partition("\n## ")[0]
    said = dict(re.findall(r"^\| \*\*(\w+)\*\* \| ([^|]+) \|", nouns, re.MULTILINE))
    assert not [noun.about().name for noun in door.nouns if len(said.get(noun.about().name, "").split()) < 3]


@pytest.mark.parametrize("service", HOMES)
def test_the_rooms_of_a_service_are_those_that_its_readme_names(service: str) -> None:
    rooms = text(f"{HOMES[service]}/README.md").partition("## Rooms")[2]
    modules = {path.stem for path in (ROOT / HOMES[service]).glob("*.py")} - {"__init__", "__main__"}
    assert set(re.findall(r"`([a-z_]+)`", rooms)) == modules


@pytest.mark.parametrize("service", HOMES)
def test_the_readmes_of_siblings_have_equal_rooms(service: str) -> None:
    found = re.findall(r"^## (.*)", text(f"{HOMES[service]}/README.md"), re.MULTILINE)
    assert [heading for heading in found if heading in HEADINGS] == list(HEADINGS)


@pytest.mark.parametrize("service", HOMES)
def test_every_refusal_of_a_service_is_named_in_contract_and_readme(service: str) -> None:
    module = importlib.import_module(f"{HOMES[service].replace('/', '.')}.refusals")
    contract = text(f"protos/crm/{service}/v1/service.proto")
    refusals = [
        name
        for name, found in inspect.getmembers(module, inspect.isclass)
        if issubclass(found, Refusal) and found.__module__ == module.__name__
    ]
    assert refusals
    assert not [name for name in refusals if name not in contract]
    assert not [name for name in refusals if f"`{name}`" not in text(f"{HOMES[service]}/README.md")]


@pytest.mark.parametrize(
    "settings",
    [
        ServiceSettings,
        FileSettings,
        CampaignsSettings,
        ContactsSettings,
        GatewaySettings,
        LocalSettings,
        SupportSettings,
    ],
)
def test_every_setting_is_in_the_manual(settings: type) -> None:
    manual = text("docs/settings.md")
    names = [field.metadata["name"] for field in dataclasses.fields(settings)]
    assert not [name for name in names if f"`{name}`" not in manual]
