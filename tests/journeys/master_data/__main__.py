"""`python -m tests.journeys.master_data --url … --key …`: brings real people and companies into a running suite, puts the corpora
of hard cases to it, and holds both to the known answers. Fails when a record is refused, a figure differs or a verdict is wrong.
"""

import argparse
import contextlib
import sys
from pathlib import Path

from tests.journeys.imports import Notes, compared, notes, outcomes, tell
from tests.journeys.master_data import companies, legislators
from tests.journeys.master_data.corpora import CORPORA
from tests.rest import Client

DATA = Path("../shared/data")
LOADERS = {"us-legislators": legislators, "sp500-accounts": companies}


def main() -> int:
    """Load, tell, compare."""
    parser = argparse.ArgumentParser(prog="python -m tests.journeys.master_data", description=__doc__)
    parser.add_argument("--url", required=True, help="address of the suite, http://127.0.0.1:8080")
    parser.add_argument("--key", required=True, help="API key of an administrator")
    parser.add_argument("--data", type=Path, default=DATA, help=f"folder of the data (default: {DATA})")
    parser.add_argument(
        "parts", nargs="*", help=f"what to bring in, of {', '.join((*LOADERS, *CORPORA))} (default: all)"
    )
    asked = parser.parse_args()
    wanted, failed = asked.parts or [*LOADERS, *CORPORA], False
    readme = (asked.data / "README.md").read_text(encoding="utf-8")
    with contextlib.closing(Client(asked.url, asked.key)) as client:
        for name in (each for each in LOADERS if each in wanted):
            noted = Notes()
            loaded = LOADERS[name].load(client, asked.data / name, noted).loaded
            lines, differing = compared(LOADERS[name].published(readme), LOADERS[name].counted(client))
            tell(name, outcomes(loaded), notes(noted), lines, "")
            failed = failed or bool(differing or loaded.all_outcomes["REFUSED"])
        for name in (each for each in CORPORA if each in wanted):
            verdicts = CORPORA[name](client, asked.data / name)
            tell(verdicts.lines(name), "")
            failed = failed or bool(verdicts.wrong)
    return int(failed)


if __name__ == "__main__":
    sys.exit(main())
