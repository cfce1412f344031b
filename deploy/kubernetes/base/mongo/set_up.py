"""Makes the replica set and the users of MongoDB what they should be; doing it again changes nothing but passwords.

It runs in any image of ours, with the secrets `mongo` (keyfile, admin-password) and `mongo-users` (a password per service)
mounted. The members know one another by the keyfile, and by it this script is one of them: so nothing is open to a visitor,
not even from localhost and not even before there is a user.
"""

import os
import sys
import time
from pathlib import Path
from typing import Any

from pymongo import MongoClient
from pymongo.errors import OperationFailure, PyMongoError

Client = MongoClient[dict[str, Any]]

REPLICA_SET = "kith"
NOT_YET_INITIALIZED, USER_EXISTS = 94, 51003  # MongoDB's error codes
LEAST_VERSION = (8, 0, 37)  # the fixes of CVE-2025-14847, CVE-2026-11933 and CVE-2026-118383
PATIENCE = float(os.environ.get("KITH_MONGO_PATIENCE_SECONDS", "300"))
CONCERNS: dict[str, Any] = {
    "defaultReadConcern": {"level": "majority"},
    "defaultWriteConcern": {"w": "majority", "wtimeout": 0},
}


class Unfit(Exception):
    """This MongoDB would not keep what the services rely on."""


def main() -> int:
    """Set up the members of KITH_MONGO_MEMBERS with the secrets below KITH_MONGO_SECRETS."""
    members = os.environ["KITH_MONGO_MEMBERS"].split(",")
    secrets = Path(os.environ.get("KITH_MONGO_SECRETS", "/run/secrets"))
    key = "".join((secrets / "mongo/keyfile").read_text().split())
    for member in members:
        until_answered(lambda member=member: connect(member, key, directConnection=True))
    initiate(members, key)
    with until_answered(lambda: connect(",".join(members), key, replicaSet=REPLICA_SET)) as primary:
        add_members(primary, members)
        assure_concerns(primary)
        keep_user(primary, "admin", "kith", (secrets / "mongo/admin-password").read_text().strip(), ["root"])
        for file in sorted((secrets / "mongo-users").iterdir()):
            if file.is_file():
                keep_user(primary, f"kith_{file.name}", file.name, file.read_text().strip(), ["readWrite"])
    print(f"MongoDB is set up: {len(members)} members, majority read and write concern.")
    return 0


def connect(hosts: str, key: str, **options: Any) -> Client:
    """A client that speaks as a member of the set. Raises PyMongoError while none answers."""
    client: Client = MongoClient(
        f"mongodb://{hosts}/", username="__system", password=key, authSource="local", authMechanism="SCRAM-SHA-256",
        serverSelectionTimeoutMS=2000, **options,
    )  # fmt: skip
    client.admin.command("ping")
    return client


def until_answered(ask: Any) -> Any:
    """What `ask` answers, tried again until it does. Raises its last PyMongoError when PATIENCE is over."""
    deadline = time.monotonic() + PATIENCE
    while True:
        try:
            return ask()
        except PyMongoError as fault:
            if time.monotonic() > deadline:
                raise
            print(f"MongoDB does not answer yet: {fault}", flush=True)
            time.sleep(1)


def initiate(members: list[str], key: str) -> None:
    """Make the set of its first member, unless there is one. The others are added to it, one by one."""
    with connect(members[0], key, directConnection=True) as first:
        demand_version(first)
        try:
            first.admin.command("replSetGetStatus")
        except OperationFailure as fault:
            if fault.code != NOT_YET_INITIALIZED:
                raise
            only = [{"_id": 0, "host": members[0]}]
            first.admin.command("replSetInitiate", {"_id": REPLICA_SET, "members": only})


def demand_version(server: Client) -> None:
    """Raises Unfit for a version with known holes that a network can reach."""
    least = os.environ.get("KITH_MONGO_LEAST_VERSION")
    floor = tuple(map(int, least.split("."))) if least else LEAST_VERSION
    found = tuple(server.server_info()["versionArray"][:3])
    if found < floor:
        raise Unfit(f"mongod is {'.'.join(map(str, found))}; at least {'.'.join(map(str, floor))} is needed")


def add_members(primary: Client, members: list[str]) -> None:
    """Add who is missing; MongoDB takes one voting member at a time. Nobody is removed: that is an operator's decision."""
    for member in members:
        config = primary.admin.command("replSetGetConfig")["config"]
        if member not in [each["host"] for each in config["members"]]:
            number = max(each["_id"] for each in config["members"]) + 1
            config["members"].append({"_id": number, "host": member})
            until_answered(lambda config=config: reconfigure(primary, config))


def reconfigure(primary: Client, config: dict[str, Any]) -> None:
    """Give the set its next configuration. Raises OperationFailure until a majority holds the one before."""
    version = primary.admin.command("replSetGetConfig")["config"]["version"] + 1
    primary.admin.command("replSetReconfig", {**config, "version": version})


def assure_concerns(primary: Client) -> None:
    """Make majority the default of reads and writes, and read both back. Raises Unfit when a majority would not journal."""
    primary.admin.command("setDefaultRWConcern", 1, writeConcern={"w": "majority"}, **CONCERNS)
    found = primary.admin.command("getDefaultRWConcern")
    if (found["defaultReadConcern"]["level"], found["defaultWriteConcern"]["w"]) != ("majority", "majority"):
        raise Unfit(f"the default concerns are {found['defaultReadConcern']} and {found['defaultWriteConcern']}")
    if not primary.admin.command("replSetGetConfig")["config"].get("writeConcernMajorityJournalDefault", True):
        raise Unfit("writeConcernMajorityJournalDefault is false: a majority would acknowledge what a power cut takes")


def keep_user(primary: Client, database: str, user: str, password: str, roles: list[str]) -> None:
    """Make the user, or give the one that is there this password and these roles."""
    given: dict[str, Any] = {"pwd": password, "roles": roles, "mechanisms": ["SCRAM-SHA-256"]}
    try:
        primary[database].command("createUser", user, **given)
    except OperationFailure as fault:
        if fault.code != USER_EXISTS:
            raise
        primary[database].command("updateUser", user, **given)


if __name__ == "__main__":
    try:
        sys.exit(main())
    except (Unfit, PyMongoError, OSError, KeyError) as fault:
        sys.exit(f"MongoDB cannot be set up: {fault}")
