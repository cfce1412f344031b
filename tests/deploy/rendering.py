"""Renders our kustomizations where there is no kubectl: only what they use of kustomize, and without hashes in names.

A test compares the two wherever kubectl is present, so that this never becomes a dialect.
"""

import copy
import shutil
import subprocess
from functools import cache
from pathlib import Path
from typing import Any

import yaml

ROOT = Path(__file__).resolve().parents[2]
OVERLAYS = ROOT / "deploy/kubernetes/overlays"
KNOWN = {
    "apiVersion", "kind", "namespace", "resources", "labels", "images", "patches", "configMapGenerator",
}  # fmt: skip
CLUSTER_WIDE = ("Namespace",)
SELECTING = ("Deployment", "StatefulSet", "Service", "PodDisruptionBudget", "NetworkPolicy")

Resource = dict[str, Any]


@cache
def rendered(overlay: str) -> tuple[Resource, ...]:
    """The resources of an overlay, as this module renders them."""
    return tuple(_kustomized(OVERLAYS / overlay))


def by_kubectl(overlay: str) -> list[Resource] | None:
    """The resources as kustomize itself renders them; None where there is no kubectl."""
    if not shutil.which("kubectl"):
        return None
    command = ["kubectl", "kustomize", str(OVERLAYS / overlay)]
    answer = subprocess.run(command, capture_output=True, text=True, check=False)
    assert answer.returncode == 0, answer.stderr[:2000]
    return list(yaml.safe_load_all(answer.stdout))


def _kustomized(folder: Path) -> list[Resource]:
    what = yaml.safe_load((folder / "kustomization.yaml").read_text())
    assert set(what) <= KNOWN, f"{folder}: tests/deploy/rendering.py does not know {set(what) - KNOWN}"
    resources: list[Resource] = []
    for name in what.get("resources", []):
        path = folder / name
        resources += _kustomized(path.resolve()) if path.is_dir() else list(yaml.safe_load_all(path.read_text()))
    for generator in what.get("configMapGenerator", []):
        _generate(resources, generator, folder)
    for patch in what.get("patches", []):
        _patch(resources, patch)
    for each in resources:
        for labels in what.get("labels", []):
            _label(each, labels)
        for image in what.get("images", []):
            _name_image(each, image)
        if "namespace" in what:
            _place(each, what["namespace"])
    return resources


def _generate(resources: list[Resource], generator: dict[str, Any], folder: Path) -> None:
    data = {name: (folder / name).read_text() for name in generator.get("files", [])}
    data |= dict(literal.split("=", 1) for literal in generator.get("literals", []))
    if generator.get("behavior") == "merge":
        found = next(each for each in resources if _is(each, {"kind": "ConfigMap", "name": generator["name"]}))
        found["data"] |= data
    else:
        metadata = {"name": generator["name"]}
        resources.append({"apiVersion": "v1", "kind": "ConfigMap", "metadata": metadata, "data": data})


def _is(resource: Resource, target: dict[str, str]) -> bool:
    known = {"kind": resource["kind"], "name": resource["metadata"]["name"]}
    return all(known[name] == value for name, value in target.items())


def _patch(resources: list[Resource], patch: dict[str, Any]) -> None:
    targets = [each for each in resources if _is(each, patch["target"])]
    assert targets, f"nothing to patch: {patch['target']}"
    for each in targets:
        for change in yaml.safe_load(patch["patch"]):
            _change(each, **change)


def _change(resource: Resource, op: str, path: str, value: Any) -> None:
    *steps, last = path.strip("/").replace("~1", "/").split("/")
    place: Any = resource
    for step in steps:
        place = place[int(step)] if isinstance(place, list) else place[step]
    value = copy.deepcopy(value)
    if last == "-":
        place.append(value)
    elif isinstance(place, list):
        place[int(last)] = value
    else:
        assert op == "add" or last in place, f"{path} replaces nothing"
        place[last] = value


def _label(resource: Resource, labels: dict[str, Any]) -> None:
    pairs, selects = labels["pairs"], labels.get("includeSelectors")
    resource["metadata"].setdefault("labels", {}).update(pairs)
    template = resource.get("spec", {}).get("template")
    if template is not None and (selects or labels.get("includeTemplates")):
        template["metadata"].setdefault("labels", {}).update(pairs)
    for claim in resource.get("spec", {}).get("volumeClaimTemplates", []):
        if selects or labels.get("includeTemplates"):
            claim["metadata"].setdefault("labels", {}).update(pairs)
    if selects and resource["kind"] in SELECTING:
        for selector in _selectors(resource):
            selector.update(pairs)


def _selectors(resource: Resource) -> list[dict[str, str]]:
    spec = resource["spec"]
    if resource["kind"] == "Service":
        return [spec["selector"]]
    if resource["kind"] == "NetworkPolicy":
        return [spec["podSelector"]["matchLabels"]]
    pods = spec.get("template", {}).get("spec", {})
    spread = [each["labelSelector"]["matchLabels"] for each in pods.get("topologySpreadConstraints", [])]
    return [spec["selector"]["matchLabels"], *spread]


def _name_image(resource: Resource, image: dict[str, str]) -> None:
    pods = resource.get("spec", {}).get("template", {}).get("spec", {})
    for container in [*pods.get("containers", []), *pods.get("initContainers", [])]:
        name, _, tag = container["image"].partition(":")
        if name == image["name"]:
            tag = image.get("newTag", tag)
            container["image"] = image.get("newName", name) + (f":{tag}" if tag else "")


def _place(resource: Resource, namespace: str) -> None:
    if resource["kind"] in CLUSTER_WIDE:
        resource["metadata"]["name"] = namespace
    else:
        resource["metadata"]["namespace"] = namespace
