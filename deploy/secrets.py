"""`python -m deploy.secrets <folder>`: every secret of an installation, one folder per Secret, one file per key.

Compose mounts the files as they are; for a cluster each folder becomes a Secret (deploy/README.md has the line). What is there
stays, so that a secret is renewed by removing its file; addresses are always made anew from the passwords in them.
"""

import argparse
import secrets
from collections.abc import Sequence
from pathlib import Path

from deploy.local import secret
from deploy.local.table import SERVICES, Program

_MEMBERS = range(3)
_MONGO = ",".join(f"mongo-{number}.mongo:27017" for number in _MEMBERS)


class Folder:
    """The folder of secrets. Only its owner can enter it; within, files are readable, for containers that run as others."""

    def __init__(self, path: Path) -> None:
        self._path = path
        path.mkdir(mode=0o700, parents=True, exist_ok=True)
        path.chmod(0o700)

    def kept(self, name: str, fresh: str) -> str:
        """The text of a secret that stays as it is, `fresh` where there is none yet."""
        file = self._path / name
        return file.read_text(encoding="utf-8") if file.exists() else self.put(name, fresh)

    def put(self, name: str, text: str) -> str:
        """Keep `text` under this name and answer it."""
        file = self._path / name
        file.parent.mkdir(exist_ok=True)
        file.unlink(missing_ok=True)
        file.touch(mode=0o600)
        file.write_text(text, encoding="utf-8")
        file.chmod(0o444)
        return text


def make(path: Path, services: Sequence[Program] = SERVICES) -> None:
    """Make what is missing below `path`, for these services."""
    folder = Folder(path)
    folder.kept("mongo/keyfile", secrets.token_hex(384))
    folder.kept("mongo/admin-password", _password())
    _principal(folder)
    passwords = {program.name: folder.kept(f"nats/{program.name}", _password()) for program in services}
    folder.put("nats/passwords.conf", "".join(f'{name}_password: "{word}"\n' for name, word in passwords.items()))
    folder.put("nats/routes.conf", _routes(folder.kept("nats/member", _password())))
    for program in services:
        _service(folder, program, passwords[program.name])


def _principal(folder: Folder) -> None:
    private, public = secret.key_pair()
    if folder.kept("principal-private/private.pem", private) == private:
        folder.put("principal-public/public.pem", public)


def _service(folder: Folder, program: Program, nats_password: str) -> None:
    name, database = program.name, f"kith_{program.name}"
    password = folder.kept(f"mongo-users/{name}", _password())
    options = f"replicaSet=kith&authSource={database}&authMechanism=SCRAM-SHA-256"
    folder.put(f"{name}/mongo-url", f"mongodb://{name}:{password}@{_MONGO}/{database}?{options}")
    folder.put(f"{name}/nats-url", f"nats://{name}:{nats_password}@nats:4222")
    if program.makes_first_tenant:
        folder.kept(f"{name}/bootstrap-password", secrets.token_urlsafe(15))
        folder.kept(f"{name}/bootstrap-api-key", secret.api_key())
    if program.mail_port:
        folder.kept(f"{name}/mail-keys", secret.mail_keys())
    if program.signs_links:
        folder.kept(f"{name}/tracking-keys", secret.tracking_keys())
        folder.kept(f"{name}/address-key", secret.address_key())


def _routes(password: str) -> str:
    routes = "".join(f'  "nats://member:{password}@nats-{number}.nats-members:6222"\n' for number in _MEMBERS)
    return f'authorization {{ user: member, password: "{password}" }}\nroutes: [\n{routes}]\n'


def _password() -> str:
    return secrets.token_hex(24)  # digits and letters: it stands in addresses


def main() -> None:
    """Make the folder that the command line names."""
    parser = argparse.ArgumentParser(prog="python -m deploy.secrets", description="Every secret of an installation.")
    parser.add_argument("folder", type=Path)
    folder = parser.parse_args().folder
    make(folder)
    print(f"The secrets are in {folder}.")


if __name__ == "__main__":
    main()
