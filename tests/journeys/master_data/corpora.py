"""The corpora by the name of their folder, each with what brings it in and judges what the suite made of it."""

from collections.abc import Callable
from functools import partial
from pathlib import Path
from types import ModuleType

from tests.journeys.imports import Notes, agrees
from tests.journeys.master_data import cards, cases, companies, legislators, tables
from tests.journeys.master_data.verdicts import Verdicts
from tests.rest import Client

LOADERS = {"us-legislators": legislators, "sp500-accounts": companies}


def loaded(loader: ModuleType, client: Client, folder: Path) -> Verdicts:
    """Every record comes in, and the figures that the suite tells of them are the known answers."""
    verdicts, noted = Verdicts(), Notes()
    outcomes = loader.load(client, folder, noted).loaded.all_outcomes
    for refused in (name for names in noted.refused.values() for name in names):
        verdicts.judge(refused, taken=False, agrees=False)
    for _ in range(outcomes.total() - outcomes["REFUSED"]):
        verdicts.judge("", taken=True, agrees=True)
    known, told = loader.published((folder.parent / "README.md").read_text(encoding="utf-8")), loader.counted(client)
    for figure, shown in known.items():
        verdicts.hold(f"{figure}: {told.get(figure)} instead of {shown}", agrees(shown, told.get(figure)))
    return verdicts


CORPORA: dict[str, Callable[[Client, Path], Verdicts]] = {
    **{name: partial(loaded, loader) for name, loader in LOADERS.items()},
    "civicrm-import": tables.another_crm, "csv-spectrum": tables.spectrum, "contact-export-headers": tables.headers,
    "vcards": cards.cards, "phone-examples": cases.telephones, "email-address-tests": cases.addresses,
    "naughty-strings": cases.strings,
}  # fmt: skip
