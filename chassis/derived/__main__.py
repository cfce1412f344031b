"""A command for operators, run with a service's environment (`KITH_MONGO_URL`).

python -m chassis.derived services.contacts [--noun contact]
"""

import argparse
import sys
from collections.abc import Sequence
from dataclasses import dataclass

from chassis import config, transaction
from chassis.derived import make_anew, nouns_of


@dataclass(frozen=True)
class Settings:
    """What the command reads."""

    mongo_url: str = config.setting("KITH_MONGO_URL", "MongoDB address with user, password and database of the service")


def main(arguments: Sequence[str] | None = None) -> int:
    """Do the command and answer the exit status."""
    parser = argparse.ArgumentParser(prog="python -m chassis.derived", description="Makes derived fields anew.")
    parser.add_argument("package", help="the package of a service, `services.contacts`")
    parser.add_argument("--noun", default="", help="only the records of this one, `contact`")
    given = parser.parse_args(arguments)
    try:
        nouns = [noun for noun in nouns_of(given.package) if given.noun in ("", noun.about().noun)]
        transaction.connect(config.load(Settings).mongo_url)
        for noun in nouns:
            print(f"{noun.about().plural}: {sum(make_anew(noun))} made anew")
    except (config.ConfigFault, ModuleNotFoundError) as fault:
        print(fault, file=sys.stderr)
        return 2
    finally:
        transaction.disconnect()
    return 0


if __name__ == "__main__":
    sys.exit(main())
