"""The house: who may know whom, and that siblings have equal rooms."""

import ast
from collections.abc import Iterator
from pathlib import Path

import pytest

ROOT = Path(__file__).resolve().parents[2]
HOMES = {
    "campaigns": ROOT / "services/campaigns",
    "contacts": ROOT / "services/contacts",
    "identity": ROOT / "services/gateway/identity",
    "sales": ROOT / "services/sales",
    "support": ROOT / "services/support",
}
ROOMS = {"__main__.py", "service.py", "refusals.py", "README.md"}
DOORS = {"__main__", "service"}


def modules(home: Path) -> Iterator[Path]:
    return home.rglob("*.py")


def imports(path: Path) -> set[str]:
    found = set()
    for node in ast.walk(ast.parse(path.read_text(encoding="utf-8"))):
        if isinstance(node, ast.Import):
            found |= {alias.name for alias in node.names}
        elif isinstance(node, ast.ImportFrom) and node.module:
            found.add(node.module)
    return found


@pytest.mark.parametrize("service", HOMES)
def test_a_service_imports_no_other(service: str) -> None:
    own = ".".join(HOMES[service].relative_to(ROOT).parts)
    for path in modules(HOMES[service]):
        foreign = {name for name in imports(path) if name.startswith("services.") and not name.startswith(own)}
        assert not foreign, f"{path.relative_to(ROOT)} imports {foreign}"


@pytest.mark.parametrize("service", HOMES)
def test_a_service_knows_the_chassis_by_its_facade(service: str) -> None:
    for path in modules(HOMES[service]):
        private = {name for name in imports(path) if name.startswith("chassis.")}
        assert not private, f"{path.relative_to(ROOT)} imports {private}"


@pytest.mark.parametrize("service", HOMES)
def test_nouns_know_neither_grpc_nor_flask_nor_nats(service: str) -> None:
    for path in modules(HOMES[service]):
        if path.stem not in DOORS:
            outside = {name for name in imports(path) if name.split(".")[0] in ("grpc", "flask", "nats", "requests")}
            assert not outside, f"{path.relative_to(ROOT)} imports {outside}"


@pytest.mark.parametrize("service", HOMES)
def test_siblings_have_equal_rooms(service: str) -> None:
    assert {path.name for path in HOMES[service].iterdir()} >= ROOMS


def test_the_chassis_knows_no_service() -> None:
    for path in modules(ROOT / "chassis"):
        assert not {name for name in imports(path) if name.startswith("services")}, path


def test_only_the_chassis_and_the_outer_edge_catch_everything() -> None:
    edge = ROOT / "services/gateway/edge.py"  # the last chance to answer a problem document instead of nothing
    for path in {*modules(ROOT / "services"), *modules(ROOT / "deploy")} - {edge}:
        for node in ast.walk(ast.parse(path.read_text(encoding="utf-8"))):
            if isinstance(node, ast.ExceptHandler):
                caught = ast.unparse(node.type) if node.type else "everything"
                assert caught not in ("everything", "Exception", "BaseException"), f"{path}:{node.lineno}"


@pytest.mark.parametrize("name", ["utils", "helpers", "managers", "common"])
def test_no_module_is_named_for_nothing(name: str) -> None:
    found = [path for top in ("chassis", "services", "deploy") for path in (ROOT / top).rglob(f"{name}.py")]
    assert not found
