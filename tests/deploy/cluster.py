"""What tests ask of rendered manifests: pods, their containers, and the environment that a container's process sees."""

import re
from collections.abc import Iterator
from dataclasses import dataclass
from typing import Any

from tests.deploy.rendering import Resource, rendered

WORKLOADS = ("Deployment", "StatefulSet", "Job")


@dataclass(frozen=True)
class Pod:
    """The template of a workload's pods."""

    workload: Resource

    @property
    def name(self) -> str:
        return self.workload["metadata"]["name"]

    @property
    def labels(self) -> dict[str, str]:
        return self.workload["spec"]["template"]["metadata"]["labels"]

    @property
    def spec(self) -> dict[str, Any]:
        return self.workload["spec"]["template"]["spec"]

    @property
    def containers(self) -> list[dict[str, Any]]:
        return [*self.spec["containers"], *self.spec.get("initContainers", [])]

    def environment(self, overlay: str) -> dict[str, str]:
        """The variables of the first container, those of its ConfigMaps included."""
        container = self.spec["containers"][0]
        found: dict[str, str] = {}
        for source in container.get("envFrom", []):
            found |= config_map(overlay, source["configMapRef"]["name"])
        for each in container.get("env", []):
            found[each["name"]] = _value(overlay, each)
        return found


def pods(overlay: str) -> list[Pod]:
    """Every workload's pods."""
    return [Pod(each) for each in rendered(overlay) if each["kind"] in WORKLOADS]


def pod(overlay: str, name: str) -> Pod:
    """The pods of one workload."""
    return next(each for each in pods(overlay) if each.name == name)


def of_kind(overlay: str, kind: str) -> list[Resource]:
    """Every resource of a kind."""
    return [each for each in rendered(overlay) if each["kind"] == kind]


def config_map(overlay: str, name: str) -> dict[str, str]:
    """The data of a ConfigMap."""
    return next(each["data"] for each in of_kind(overlay, "ConfigMap") if each["metadata"]["name"] == name)


def _value(overlay: str, variable: dict[str, Any]) -> str:
    reference = variable.get("valueFrom", {}).get("configMapKeyRef")
    return config_map(overlay, reference["name"])[reference["key"]] if reference else variable.get("value", "")


def secrets_of(found: Pod) -> set[str]:
    """The names of the Secrets that a pod mounts."""
    return set(_secrets(found.spec["volumes"]))


def _secrets(volumes: list[dict[str, Any]]) -> Iterator[str]:
    for volume in volumes:
        if "secret" in volume:
            yield volume["secret"]["secretName"]
        for source in volume.get("projected", {}).get("sources", []):
            if "secret" in source:
                yield source["secret"]["name"]


def version(image: str) -> tuple[int, ...]:
    """The numbers of an image's tag."""
    tag = image.partition("@")[0].rpartition(":")[2]
    assert re.fullmatch(r"\d+(\.\d+)+", tag), f"{image} has no version as its tag"
    return tuple(map(int, tag.split(".")))
