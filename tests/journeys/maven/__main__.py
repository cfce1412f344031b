"""`python -m tests.journeys.maven --url … --key …`: brings the Maven company into a running suite and holds its report to
the known answers. Fails when a record is refused or a figure differs.
"""

import argparse
import contextlib
import sys
from collections.abc import Iterable
from pathlib import Path

from tests.journeys.maven.figures import counted, reported, same
from tests.journeys.maven.files import Files, Notes
from tests.journeys.maven.loader import OUTCOMES, Loaded, Loader
from tests.journeys.maven.published import agrees, published
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
        loaded = Loader(client, files).run()
        tell(outcomes(loaded), "")
        tell(notes(files.notes), "")
        lines, differing = comparison(published(asked.data.parent / "README.md"), files, client, loaded)
        tell(lines)
    return 1 if differing or loaded.all_outcomes["REFUSED"] else 0


def outcomes(loaded: Loaded) -> Iterable[str]:
    """A table of what was done, by noun."""
    yield f"{'noun':16}" + "".join(f"{each.lower():>11}" for each in OUTCOMES) + f"{'seconds':>10}"
    for plural, counts in loaded.outcomes.items():
        numbers = "".join(f"{counts[each]:>11,}" for each in OUTCOMES)
        yield f"{plural:16}{numbers}{loaded.seconds[plural]:>10.1f}"
    yield (
        f"{'all':16}"
        + "".join(f"{loaded.all_outcomes[each]:>11,}" for each in OUTCOMES)
        + (f"{sum(loaded.seconds.values()):>10.1f}")
    )


def notes(notes: Notes) -> Iterable[str]:
    """What was mended, left out and refused, why, how often, and where first."""
    for kind, rules in (("mended", notes.mended), ("left out", notes.left_out), ("refused", notes.refused)):
        for rule, names in rules.items():
            yield f"{kind:9}{len(names):>6,}  {rule} (first: {names[0]})"
        if not rules:
            yield f"{kind:9}{'none':>6}"


def comparison(known: dict[str, str], files: Files, client: Client, loaded: Loaded) -> tuple[list[str], list[str]]:
    """A table of the known answers beside the report's, and the names of all figures that differ."""
    reports, counts = reported(client, loaded), counted(files)
    differing = [name for name, shown in known.items() if not agrees(shown, reports.get(name))]
    lines = [f"{'figure':44}{'known':>14}{'reported':>20}"]
    for name, shown in known.items():
        said = f"{reports[name]:,.4f}".rstrip("0").rstrip(".") if name in reports else "nothing"
        lines.append(f"{name:44}{shown:>14}{said:>20}  {'differs' if name in differing else 'equal'}")
    unlike = sorted(name for name in counts.keys() | reports.keys() if not same(counts.get(name), reports.get(name)))
    lines.append(f"{len(counts):,} figures counted from the files, {len(unlike)} differ from the report")
    lines += [f"  {name}: counted {counts.get(name)}, reported {reports.get(name)}" for name in unlike[:20]]
    return lines, differing + unlike


def tell(*texts: Iterable[str] | str) -> None:
    """Print lines."""
    for text in texts:
        print(text if isinstance(text, str) else "\n".join(text))


if __name__ == "__main__":
    sys.exit(main())
