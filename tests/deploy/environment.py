"""The settings class of each process, and whether an environment describes a process that can start."""

import dataclasses
import importlib
from collections.abc import Iterator
from pathlib import Path

from chassis.config import ServiceSettings, load
from deploy.local.table import GATEWAY, Program
from services.gateway.settings import GatewaySettings


def settings_of(program: Program) -> type:
    """What the process reads: its own class where it has one, else that of every service."""
    if program == GATEWAY:
        return GatewaySettings
    importlib.import_module(f"{program.module}.__main__")
    return next(
        (each for each in _kinds(ServiceSettings) if each.__module__.startswith(f"{program.module}.")), ServiceSettings
    )


def _kinds(settings: type) -> Iterator[type]:
    for each in settings.__subclasses__():
        yield each
        yield from _kinds(each)


def demand_complete(program: Program, environment: dict[str, str], secrets: dict[str, Path]) -> None:
    """The process starts with this environment, whose `…_FILE` are found in `secrets`, and knows every variable of it."""
    settings = settings_of(program)
    known = {field.metadata["name"] for field in dataclasses.fields(settings)}
    given = {name for name in environment if name.startswith("KITH_")}
    unknown = {name for name in given if name.removesuffix("_FILE") not in known}
    assert not unknown, f"{program.name} reads no {unknown}"
    load(
        settings,
        {name: str(secrets[value]) if name.endswith("_FILE") else value for name, value in environment.items()},
    )
