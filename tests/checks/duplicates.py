"""`python -m tests.checks.duplicates`: how many planted doubles the kernel of duplicates finds, at several scores.

One line per data set and score, then one JSON line; exit status 1 when a goal is missed at the default score.
"""

import json
import sys

from services.contacts.likeness import LIKELY
from tests.contacts import febrl

GOALS = {1: (0.98, 0.95), 3: (0.97, 0.90)}  # precision and recall at least
SCORES = (0.1, 0.3, LIKELY, 0.8, 0.9, 0.95, 0.99)


def main() -> int:
    """Print the table; 0 when every goal is reached."""
    if not febrl.DATA.exists():
        sys.exit(f"the persons are not in {febrl.DATA}")
    print(f"{'set':>3} {'score':>6} {'precision':>9} {'recall':>7}   compared of all pairs")
    broken = []
    for dataset, (precision, recall) in GOALS.items():
        for each in febrl.measure(dataset, SCORES):
            default = each.score == LIKELY
            print(
                f"{each.dataset:>3} {each.score:>6} {each.precision:>9.4f} {each.recall:>7.4f}   {each.compared} of {each.pairs}"
                f"{'  <- default' if default else ''}"
            )
            if default and (each.precision < precision or each.recall < recall):
                broken.append(dataset)
    print(json.dumps({"check": "duplicates", "held": not broken, "broken": broken}))
    return 1 if broken else 0


if __name__ == "__main__":
    sys.exit(main())
