"""One field of a tenant's own, compiled from its definition's stored row."""

from collections.abc import Iterable
from functools import cached_property
from typing import Any

from chassis.fields import value
from chassis.fields.formula import Formula
from chassis.fields.value import Choice, Type
from chassis.listing.catalogue import Field, Kind, Step
from chassis.principal import Principal

FIELDS = "custom_fields"  # the field of records that holds the values
DEFINE = "schema.field_definition.write"  # whoever may change definitions sees every field, and sets it

_MONEY = (("currency_code", Kind.STRING), ("units", Kind.INTEGER), ("nanos", Kind.INTEGER))


class CustomField:
    """A field that a tenant gave to a noun."""

    def __init__(self, row: dict[str, Any]) -> None:
        self.row = row
        self.key: str = row["key"]
        self.type_name: str = row["type"]
        self.label: str = row.get("label") or ""
        index = row.get("index") or {}
        self.required: bool = row.get("required", False)
        self.unique, self.searched = bool(index.get("unique")), bool(index.get("words"))
        # What refers to a record follows it when it is merged, and must be found among all records of the noun.
        self.indexed = bool(index.get("filters")) or self.type_name == "REFERENCE"
        self.deprecated: bool = row.get("state") == "DEPRECATED"
        self.read_roles = frozenset(row.get("read_roles") or ())
        self.write_roles = frozenset(row.get("write_roles") or ())
        self.refers_to: str = row.get("refers_to") or ""

    @property
    def type(self) -> Type:
        """What its values are."""
        return value.TYPES[self.type_name]

    @property
    def path(self) -> str:
        """`custom_fields.tier`"""
        return f"{FIELDS}.{self.key}"

    @cached_property
    def formula(self) -> Formula | None:
        """What it is computed from; None where people fill it in."""
        text = self.row.get("formula")
        return Formula(text) if text else None

    @cached_property
    def choice(self) -> Choice:
        """The values to choose from."""
        options = self.row.get("options") or ()
        return Choice(
            known=frozenset(each["value"] for each in options),
            offered=frozenset(each["value"] for each in options if not each.get("retired")),
        )

    def option_named(self, text: str) -> str:
        """The value to choose that `text` means: by itself or by a label, in any language and case; else the text as it is."""
        text = text.strip()
        return text if text in self.choice.known else self._named.get(text.casefold(), text)

    @cached_property
    def _named(self) -> dict[str, str]:
        options = self.row.get("options") or ()
        labels = [(each.get("label"), *(each.get("labels") or {}).values()) for each in options]
        named = {
            label.casefold(): each["value"] for each, all in zip(options, labels, strict=True) for label in all if label
        }
        return named | {each["value"].casefold(): each["value"] for each in options}

    @cached_property
    def default(self) -> Any:
        """The kept value that a new record gets; None where it gets none."""
        given = self.row.get("default_value")
        return None if given is None else value.read(self.type_name, plain(given), self.choice)

    def readable(self, whom: Principal) -> bool:
        """Whether `whom` may know of it."""
        return not self.read_roles or whom.holds(self.read_roles) or whom.scope(DEFINE) is not None

    def writable(self, whom: Principal) -> bool:
        """Whether `whom`, who may read it, may set it."""
        return not self.write_roles or whom.holds(self.write_roles) or whom.scope(DEFINE) is not None

    def listed(self) -> Iterable[Field]:
        """It, and the parts of an amount, as lists know them."""
        here = (Step(FIELDS, False), Step(self.key, self.type.several))
        entry = self.key if self.indexed and self.type.kind is not Kind.MESSAGE else ""
        yield Field(self.path, here, self.type.kind, max_length=self.type.longest, entry=entry)
        if self.type.kind is Kind.MESSAGE:
            for part, kind in _MONEY:
                yield Field(f"{self.path}.{part}", (*here, Step(part, False)), kind)


def plain(given: dict[str, Any]) -> Any:
    """The JSON value of a stored `google.protobuf.Value`."""
    [(kind, held)] = given.items()
    if kind == "struct_value":
        return held
    if kind == "list_value":
        return [plain(each) for each in held.get("values", ())]
    return None if kind == "null_value" else held
