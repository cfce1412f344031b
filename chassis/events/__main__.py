"""Commands for operators, run with a service's environment (`KITH_MONGO_URL`).

python -m chassis.events dead-letters list
python -m chassis.events dead-letters show <id>
python -m chassis.events dead-letters replay --id <id> | --all
python -m chassis.events replay --since 2026-11-22T08:00:00Z
"""

import argparse
import sys
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import UTC, datetime
from typing import Any

import orjson
from pymongo.database import Database

from chassis import config, transaction
from chassis.events import dead_letters, outbox


@dataclass(frozen=True)
class Settings:
    """What the commands read."""

    mongo_url: str = config.setting("KITH_MONGO_URL", "MongoDB address with user, password and database of the service")


def main(arguments: Sequence[str] | None = None) -> int:
    """Do one command and answer the exit status."""
    given = _parser().parse_args(arguments)
    try:
        database = transaction.connect(config.load(Settings).mongo_url)
        given.command(database, given)
    except config.ConfigFault as fault:
        print(fault, file=sys.stderr)
        return 2
    except dead_letters.NoSuchLetter as fault:
        print(f"There is no dead letter {fault}.", file=sys.stderr)
        return 1
    finally:
        transaction.disconnect()
    return 0


def _parser() -> argparse.ArgumentParser:
    parser = argparse.ArgumentParser(prog="python -m chassis.events", description="Dead letters and replay of events.")
    commands = parser.add_subparsers(required=True)
    letters = commands.add_parser("dead-letters", help="events that a reaction could not take")
    verbs = letters.add_subparsers(required=True)
    verbs.add_parser("list", help="one line of JSON per letter, oldest first").set_defaults(command=_list)
    show = verbs.add_parser("show", help="one letter whole")
    show.add_argument("id")
    show.set_defaults(command=_show)
    replay = verbs.add_parser("replay", help="have the running service try letters once more")
    which = replay.add_mutually_exclusive_group(required=True)
    which.add_argument("--id")
    which.add_argument("--all", action="store_true")
    replay.set_defaults(command=_replay_letters)
    events = commands.add_parser("replay", help="have the relay publish kept events once more")
    events.add_argument("--since", type=_instant, required=True, help="ISO 8601, UTC when it names no offset")
    events.set_defaults(command=_replay_events)
    return parser


def _instant(text: str) -> datetime:
    instant = datetime.fromisoformat(text)
    return instant if instant.tzinfo else instant.replace(tzinfo=UTC)


def _list(database: Database, _given: argparse.Namespace) -> None:
    for letter in dead_letters.waiting(database):
        _print(letter)


def _show(database: Database, given: argparse.Namespace) -> None:
    _print(dead_letters.find(database, given.id))


def _replay_letters(database: Database, given: argparse.Namespace) -> None:
    asked = dead_letters.ask_for_replay(database, given.id or "")
    print(f"Asked for {asked}; the service takes them up within seconds and keeps those that fail again.")


def _replay_events(database: Database, given: argparse.Namespace) -> None:
    print(f"{outbox.replay(database, given.since)} events will be published once more.")


def _print(letter: dict[str, Any]) -> None:
    print(orjson.dumps({**letter, "id": letter.pop("_id")}, default=_text, option=orjson.OPT_SORT_KEYS).decode())


def _text(value: Any) -> str:
    return value.hex() if isinstance(value, bytes) else str(value)


if __name__ == "__main__":
    sys.exit(main())
