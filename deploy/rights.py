"""`python -m deploy.rights > deploy/kubernetes/base/nats/rights.conf`: every service's user of NATS and what it may do there.

The rights are those of `make up`. A test tells when the file is out of date. Passwords are no part of it: nats-server takes
`$sales_password` from the file of secrets that stands beside it.
"""

import json
import sys
from collections.abc import Sequence

from chassis.embedded.nats_server import permissions
from deploy.local.table import SERVICES

_HEAD = "# Made by `python -m deploy.rights`; the passwords come from a secret.\ninclude ./passwords.conf\n\n"


def rights(services: Sequence[str]) -> str:
    """The part of a nats-server configuration that names users and their rights."""
    users = "\n".join(_user(service, services) for service in services)
    return f"{_HEAD}authorization {{\n  users: [\n{users}\n  ]\n}}\n"


def _user(service: str, services: Sequence[str]) -> str:
    granted = json.dumps(permissions(service, services), indent=2).replace("\n", "\n      ")
    return f"    {{\n      user: {service}, password: ${service}_password\n      permissions: {granted}\n    }}"


if __name__ == "__main__":
    sys.stdout.write(rights([program.name for program in SERVICES]))
