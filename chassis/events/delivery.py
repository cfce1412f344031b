"""One event in the hands of this process, with the reactions to it that are still to run."""

from collections.abc import Callable
from dataclasses import dataclass, field

from chassis.events.reactions import Reaction


@dataclass
class Delivery:
    """An event from the bus or from the dead letters.

    `attempts` counts those that came to no end, here or in a process that died; `buried` says that a reaction did not get it.
    """

    subject: str
    headers: dict[str, str]
    body: bytes
    reactions: list[Reaction]
    settle: Callable[["Delivery"], None]
    attempts: int = 0
    buried: bool = False
    record: str = field(init=False)

    def __post_init__(self) -> None:
        self.record = self.headers.get("ce-subject", "")
