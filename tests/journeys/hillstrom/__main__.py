"""`python -m tests.journeys.hillstrom --url … --key …`: brings an e-mail experiment of 64,000 people into a running suite,
twice, and holds the campaign's report to the known answers. Fails when a record is refused, the second run changes something,
or a figure differs.
"""

import argparse
import contextlib
import sys
from pathlib import Path

from tests.journeys.hillstrom.figures import published, reported
from tests.journeys.hillstrom.files import DATA, people
from tests.journeys.hillstrom.loader import load
from tests.journeys.imports import Notes, compared, notes, outcomes, tell
from tests.rest import Client


def main() -> int:
    """Load, load again, tell, compare."""
    parser = argparse.ArgumentParser(prog="python -m tests.journeys.hillstrom", description=__doc__)
    parser.add_argument("--url", required=True, help="address of the suite, http://127.0.0.1:8080")
    parser.add_argument("--key", required=True, help="API key of an administrator")
    parser.add_argument("--data", type=Path, default=DATA, help="folder with the file (default: beside the project)")
    asked = parser.parse_args()
    with contextlib.closing(Client(asked.url, asked.key)) as client:
        told, rows = Notes(), list(people(asked.data))
        first, campaign = load(client, rows, told)
        tell(outcomes(first), "")
        second, _ = load(client, rows, told)
        tell(outcomes(second), "", notes(told), "")
        report = client.get(f"/v1/campaigns/{campaign['id']}/report").body
        lines, differing = compared(published(asked.data.parent / "README.md"), reported(report))
        tell(lines)
    changed = set(second.all_outcomes) - {"UNCHANGED"}
    return 1 if differing or changed or first.all_outcomes["REFUSED"] else 0


if __name__ == "__main__":
    sys.exit(main())
