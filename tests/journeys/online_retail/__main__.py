"""`python -m tests.journeys.online_retail --url … --key …`: brings a gift wholesaler's year into a running suite, twice, and
holds its order report, and the orders read back, to the known answers. Fails when a record is refused, the second run changes
something, or a figure differs.
"""

import argparse
import contextlib
import sys
from pathlib import Path

from tests.journeys.imports import compared, notes, outcomes, tell
from tests.journeys.online_retail.figures import read_back, reported
from tests.journeys.online_retail.files import Files
from tests.journeys.online_retail.loader import load
from tests.journeys.online_retail.published import published
from tests.rest import Client

DATA = Path("../shared/data/online-retail")


def main() -> int:
    """Load, load again, tell, compare."""
    parser = argparse.ArgumentParser(prog="python -m tests.journeys.online_retail", description=__doc__)
    parser.add_argument("--url", required=True, help="address of the suite, http://127.0.0.1:8080")
    parser.add_argument("--key", required=True, help="API key of an administrator")
    parser.add_argument("--data", type=Path, default=DATA, help=f"folder with the file (default: {DATA})")
    asked = parser.parse_args()
    with contextlib.closing(Client(asked.url, asked.key)) as client:
        files = Files(asked.data)
        first, second = load(client, files), load(client, Files(asked.data))
        tell(notes(files.notes), "", outcomes(first), "", outcomes(second), "")
        known = published(asked.data.parent / "README.md")
        # The report knows orders; their lines, and what stands beside what on them, are counted from the records.
        of_lines = {name: shown for name, shown in known.items() if "rows" in name or "pair" in name}
        of_orders = {name: shown for name, shown in known.items() if name not in of_lines}
        lines, differing = compared(of_orders, reported(client, first))
        tell("the order report:", lines, "")
        lines, also = compared(of_lines, read_back(client, first))
        tell("counted from the orders read back:", lines)
    changed = set(second.all_outcomes) - {"UNCHANGED"}
    return 1 if differing or also or changed or first.all_outcomes["REFUSED"] else 0


if __name__ == "__main__":
    sys.exit(main())
