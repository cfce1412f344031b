"""`python -m tests.journeys.master_data --url … --key …`: brings real people and companies, files of other programs and corpora
of hard cases into a running suite, and prints for each what came in, what was refused, and every verdict that differs from the
corpus, with its reason. Fails when a verdict or a figure is wrong.
"""

import argparse
import contextlib
import sys
import time
from pathlib import Path

from tests.journeys.master_data.corpora import CORPORA
from tests.journeys.master_data.verdicts import HEAD, Verdicts, total
from tests.rest import Client

DATA = Path("../shared/data")


def main() -> int:
    """Bring in, compare, tell."""
    parser = argparse.ArgumentParser(prog="python -m tests.journeys.master_data", description=__doc__)
    parser.add_argument("--url", required=True, help="address of the suite, http://127.0.0.1:8080")
    parser.add_argument("--key", required=True, help="API key of an administrator")
    parser.add_argument("--data", type=Path, default=DATA, help=f"folder of the data (default: {DATA})")
    parser.add_argument("parts", nargs="*", metavar="corpus", help=f"which of {', '.join(CORPORA)} (default: all)")
    asked = parser.parse_args()
    found: dict[str, Verdicts] = {}
    print(HEAD)
    with contextlib.closing(Client(asked.url, asked.key)) as client:
        for name in asked.parts or CORPORA:
            began = time.monotonic()
            found[name] = CORPORA[name](client, asked.data / name)
            print("\n".join(found[name].lines(name)))
            print(f"{'':8}  {time.monotonic() - began:.1f} s", flush=True)
    print(total(found.values()))
    return int(any(each.wrong for each in found.values()))


if __name__ == "__main__":
    sys.exit(main())
