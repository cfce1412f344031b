"""`python -m tests.journeys.maven --url … --key …`: brings the Maven company into a running suite and holds its report to
the known answers. Fails when a record is refused or a figure differs.
"""

import argparse
import contextlib
import sys
from pathlib import Path

from tests.journeys.imports import Loaded, compared, notes, outcomes, tell
from tests.journeys.maven.figures import counted, reported, same
from tests.journeys.maven.files import Files
from tests.journeys.maven.loader import load
from tests.journeys.maven.published import published
from tests.rest import Client

DATA = Path("../shared/data/maven-crm-sales")


def main() -> int:
    """Load, tell, compare."""
    parser = argparse.ArgumentParser(prog="python -m tests.journeys.maven", description=__doc__)
    parser.add_argument("--url", required=True, help="address of the suite, http://127.0.0.1:8080")
    parser.add_argument("--key", required=True, help="API key of an administrator")
    parser.add_argument("--data", type=Path, default=DATA, help=f"folder with the four files (default: {DATA})")
    asked = parser.parse_args()
    with contextlib.closing(Client(asked.url, asked.key)) as client:
        files = Files(asked.data)
        loaded = load(client, files)
        tell(outcomes(loaded), "")
        tell(notes(files.notes), "")
        lines, differing = comparison(published(asked.data.parent / "README.md"), files, client, loaded)
        tell(lines)
    return 1 if differing or loaded.all_outcomes["REFUSED"] else 0


def comparison(known: dict[str, str], files: Files, client: Client, loaded: Loaded) -> tuple[list[str], list[str]]:
    """A table of the known answers beside the report's, and the names of all figures that differ."""
    reports, counts = reported(client, loaded), counted(files)
    lines, differing = compared(known, reports)
    unlike = sorted(name for name in counts.keys() | reports.keys() if not same(counts.get(name), reports.get(name)))
    lines.append(f"{len(counts):,} figures counted from the files, {len(unlike)} differ from the report")
    lines += [f"  {name}: counted {counts.get(name)}, reported {reports.get(name)}" for name in unlike[:20]]
    return lines, differing + unlike


if __name__ == "__main__":
    sys.exit(main())
