"""Builds what an image would hold, without an engine: reads the Dockerfile, copies what it copies, runs what it runs.

Only what the Dockerfile uses is understood. Installing packages is left out: the virtual environment of the tests stands for
/tools and /venv, seen without its .pth files, so that nothing of this folder is found by accident.
"""

import fnmatch
import re
import shutil
import subprocess
import sys
import sysconfig
from dataclasses import dataclass, field
from pathlib import Path

from tests.deploy.rendering import ROOT

DOCKERFILE = ROOT / "deploy/Dockerfile"


@dataclass
class Stage:
    """A stage: its base, and its instructions in their order."""

    base: str
    name: str = ""
    instructions: list[tuple[str, str]] = field(default_factory=list)

    def said(self, word: str) -> list[str]:
        """The arguments of every instruction of one kind."""
        return [argument for instruction, argument in self.instructions if instruction == word]


def stages() -> list[Stage]:
    """The stages of the Dockerfile, the last one being the image."""
    lines = [line for line in DOCKERFILE.read_text().splitlines() if not line.startswith("#")]
    found: list[Stage] = []
    for line in re.sub(r"\\\n\s*", "", "\n".join(lines)).splitlines():
        word, _, argument = line.partition(" ")
        if word == "FROM":
            base, _, name = argument.partition(" AS ")
            found.append(Stage(base, name))
        elif word and found:
            found[-1].instructions.append((word, argument))
    return found


def context(into: Path) -> Path:
    """What `docker build` would be sent: this repository without what .dockerignore names."""
    patterns = [line for line in (ROOT / ".dockerignore").read_text().splitlines() if line and line[0] != "#"]
    for top in {pattern[1:] for pattern in patterns if pattern[0] == "!"}:
        source = ROOT / top
        for path in [source] if source.is_file() else source.rglob("*"):
            name = path.relative_to(ROOT)
            if path.is_file() and not _ignored(name, patterns):
                (into / name).parent.mkdir(parents=True, exist_ok=True)
                shutil.copy(path, into / name)
    return into


def _ignored(name: Path, patterns: list[str]) -> bool:
    ignored = False
    for pattern in patterns:
        if any(_matches(each, pattern.removeprefix("!")) for each in (name, *name.parents[:-1])):
            ignored = pattern[0] != "!"
    return ignored


def _matches(name: Path, pattern: str) -> bool:
    if pattern.startswith("**/"):
        return fnmatch.fnmatch(name.name, pattern[3:])
    return len(name.parts) == len(Path(pattern).parts) and fnmatch.fnmatch(str(name), pattern)


def build(service: str, sent: Path, folder: Path) -> Path:
    """Build the image's files for one SERVICE below `folder`; answers the folder that is /app in the image."""
    roots = {}
    for stage in stages():
        root = roots[stage.name] = folder / (stage.name or "image")
        _carry_out(stage, service, root, sent, roots)
    return folder / "image/app"


def _carry_out(stage: Stage, service: str, root: Path, sent: Path, roots: dict[str, Path]) -> None:
    place = root
    for word, argument in stage.instructions:
        argument = argument.replace("${SERVICE}", service)
        if word == "WORKDIR":
            place = root / argument.strip("/")
            place.mkdir(parents=True, exist_ok=True)
        elif word == "COPY" and "/venv" not in argument:
            _copy(argument.split(), place, root, sent, roots)
        elif word == "RUN" and "pip install" not in argument:
            _run(argument, place)


def _copy(words: list[str], place: Path, root: Path, sent: Path, roots: dict[str, Path]) -> None:
    origin = sent
    if words[0].startswith("--from="):
        origin = roots[words.pop(0).removeprefix("--from=")]
    source, target = origin / words[0].strip("/"), words[1]
    destination = root / target.strip("/") if target.startswith("/") else place / target
    if source.is_dir():
        shutil.copytree(source, destination, dirs_exist_ok=True, symlinks=True)
    else:
        shutil.copy(source, destination)


def _run(command: str, place: Path) -> None:
    tools = Path(sysconfig.get_path("scripts")).parent
    ended = subprocess.run(
        ["sh", "-ec", command.replace("VENV=/tools", f"VENV={tools}")],
        cwd=place, env={"PATH": f"{tools}/bin:/usr/bin:/bin"}, capture_output=True, text=True, check=False,
    )  # fmt: skip
    assert ended.returncode == 0, f"{command}\n{ended.stdout}{ended.stderr}"


def command(app: Path) -> tuple[list[str], dict[str, str]]:
    """How the image's process starts in `app`: command and environment."""
    path = f"{app}:{app}/gen:{sysconfig.get_path('purelib')}"
    return [sys.executable, "-S", "-P", "start.py"], {"PYTHONPATH": path, "PYTHONDONTWRITEBYTECODE": "1"}
