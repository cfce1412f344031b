"""What comparing acknowledgements with databases and with the mail server has found."""

from collections import Counter
from collections.abc import Mapping
from dataclasses import dataclass, field


@dataclass
class Findings:
    """Acknowledged and not there; there or done more often than asked for; laws that do not hold; mails, and those in doubt."""

    missing: list[str] = field(default_factory=list)
    doubled: list[str] = field(default_factory=list)
    broken: list[str] = field(default_factory=list)
    sent_twice: list[str] = field(default_factory=list)
    counted: Counter[str] = field(default_factory=Counter)
    unknown: dict[str, list[str]] = field(default_factory=dict)  # ids of ledger lines, by the service that sends

    @property
    def faults(self) -> list[str]:
        """Everything that must not be."""
        return [
            *(f"missing: {each}" for each in self.missing),
            *(f"doubled: {each}" for each in self.doubled),
            *(f"broken: {each}" for each in self.broken),
            *(f"handed over twice: {each}" for each in self.sent_twice),
        ]

    def compare(self, what: str, wanted: Mapping[str, int], found: Mapping[str, int]) -> None:
        """Hold how often something is there against how often it was asked for."""
        self.counted[what] += sum(wanted.values())
        for name in wanted.keys() | found.keys():
            due, there = wanted.get(name, 0), found.get(name, 0)
            if there != due:
                (self.missing if there < due else self.doubled).append(f"{what} {name}: {there}, not {due}")

    def demand(self, held: bool, law: str) -> None:
        """Note a law that does not hold."""
        if not held:
            self.broken.append(law)


def once(names: list[str]) -> dict[str, int]:
    """Each of these, one time."""
    return dict.fromkeys(names, 1)
