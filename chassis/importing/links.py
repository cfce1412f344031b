"""What a record of a file belongs to: found by a name, or made with it."""

from dataclasses import dataclass

from chassis.document import Noun


@dataclass(frozen=True)
class Link:
    """`field` of a noun holds the id of a record of `noun`, which a file may name by its fields `by`."""

    field: str  # `account_id`
    noun: type[Noun]
    by: tuple[str, ...]  # `name`, `domain`

    @property
    def name(self) -> str:
        """What targets call it: `account`."""
        return self.field.removesuffix("_id")
