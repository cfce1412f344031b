"""All fields that a tenant gave to one noun: what a record takes, gets, computes and keeps of them, and who sees which."""

from collections.abc import Iterable, Iterator, Mapping
from typing import Any

from chassis.events.fact import SCHEMA_VERSION
from chassis.fields import value
from chassis.fields.custom import FIELDS, CustomField
from chassis.listing.catalogue import INDEX, Catalogue, Kind
from chassis.listing.operand import Unfit
from chassis.principal import Principal
from chassis.refusals import FieldForbidden, Invalid, Refusal, Violation

UNIQUE = "custom_unique"  # the stored list of `key=value` of unique fields

Values = dict[str, Any]


class Schema:
    """A noun's custom fields in one tenant, at one revision of them."""

    def __init__(self, revision: int = 0, fields: Iterable[CustomField] = ()) -> None:
        self.revision = revision
        self.fields = {field.key: field for field in fields}
        self._formulas = [field for field in self.fields.values() if field.formula]
        self._restricted = [field for field in self.fields.values() if field.read_roles]
        self._catalogues: dict[tuple[str, ...], Catalogue] = {}

    @property
    def version(self) -> str:
        """What events say of it: the version of the contract, and after a dot the revision of the tenant's own fields."""
        return f"{SCHEMA_VERSION}.{self.revision}" if self.revision else SCHEMA_VERSION

    def __bool__(self) -> bool:
        return bool(self.fields)

    # ---------------------------------------------------------------- who sees what

    def hidden(self, whom: Principal) -> tuple[str, ...]:
        """The keys of the fields that `whom` may not know of."""
        return tuple(field.key for field in self._restricted if not field.readable(whom))

    def catalogue(self, contract: Catalogue, whom: Principal) -> Catalogue:
        """The fields that `whom` can list the noun by: those of the contract, and the tenant's own that `whom` may see."""
        if not self.fields:
            return contract
        hidden = self.hidden(whom)
        if hidden not in self._catalogues:
            shown = [field for key, field in self.fields.items() if key not in hidden]
            own = {each.path: each for field in shown for each in field.listed()}
            self._catalogues[hidden] = Catalogue({**contract, **own}, hidden=tuple(f"{FIELDS}.{key}" for key in hidden))
        return self._catalogues[hidden]

    def readable(self, whom: Principal) -> dict[str, CustomField]:
        """The fields that `whom` may know of, by their keys."""
        hidden = self.hidden(whom)
        return {key: field for key, field in self.fields.items() if key not in hidden}

    def settable(self, whom: Principal) -> dict[str, CustomField]:
        """The fields that `whom` may know of and set, by their keys."""
        return {key: field for key, field in self.readable(whom).items() if field.writable(whom) and not field.formula}

    # ---------------------------------------------------------------- what a client gives

    def taken(self, held: Values, given: Values, whom: Principal, noun: str) -> Values:
        """`held` with the `given` values; null takes one away. `noun` is where they stand in the request.

        Refused with Invalid, and with FieldForbidden for fields that `whom` may see and not set; both name the keys.
        """
        values, faults, forbidden = dict(held), [], []
        for key, each in given.items():
            place, field = f"{noun}.{FIELDS}.{key[:80]}", self.fields.get(key)
            if field is None or not field.readable(whom):
                faults.append(Violation(place, "there is no such field"))
                continue
            try:
                found = value.read(field.type_name, each, field.choice)
            except Unfit as unfit:
                faults.append(Violation(place, str(unfit)))
                continue
            if found == values.get(key):  # what was read may be sent back whole
                continue
            if not field.writable(whom):
                forbidden.append(Violation(place, "may not be set by the caller"))
            elif fault := _refusal(field, found, values.get(key)):
                faults.append(Violation(place, fault))
            else:
                values[key] = found
        _refuse(faults, forbidden)
        return {key: each for key, each in values.items() if each is not None}

    def completed(self, values: Values) -> Values:
        """The values of a new record with the defaults of those that were not given."""
        defaults = {key: field.default for key, field in self.fields.items() if not field.deprecated}
        return {key: each for key, each in defaults.items() if each is not None} | values

    def missing(self, values: Values, whom: Principal) -> list[str]:
        """The keys of required fields that a new record with these values lacks; not of those that `whom` could not set."""
        wanted = [field for field in self.fields.values() if field.required and not field.deprecated]
        given = [field.key for field in wanted if field.readable(whom) and field.writable(whom)]
        return [key for key in given if key not in values]

    # ---------------------------------------------------------------- what follows

    def computed(self, row: Mapping[str, Any]) -> Values:
        """The values of a record with what its formulas give for the stored `row`."""
        values: Values = dict(row.get(FIELDS) or {})
        inputs = {**row, **values}
        for field in self._formulas:
            found = value.computed(field.type_name, field.formula.value(inputs))  # type: ignore[union-attr]
            if found is None:
                values.pop(field.key, None)
            else:
                values[field.key] = found
        return values

    @property
    def computes(self) -> bool:
        """Whether it has formulas."""
        return bool(self._formulas)

    def entries(self, values: Values) -> dict[str, list[Any]]:
        """What is kept beside the values for indexes: `{k, v}` of the indexed fields, `key=value` of the unique ones."""
        held = [(self.fields[key], each) for key, each in values.items() if key in self.fields]
        index = [{"k": f.key, "v": one} for f, each in held if f.indexed for one in _each(each)]
        unique = [f"{f.key}={value.entry_key(each)}" for f, each in held if f.unique]
        return {name: rows for name, rows in ((INDEX, index), (UNIQUE, unique)) if rows}

    def claims(self, given: Values) -> Iterator[tuple[str, str]]:
        """The paths of unique fields with what the `given` values would claim of them; not of those that do not fit."""
        for key in given:
            if (field := self.fields.get(key)) and field.unique:
                try:
                    found = value.read(field.type_name, given[key], field.choice)
                except Unfit:
                    continue
                if found is not None:
                    yield field.path, value.entry_key(found)

    def words(self, values: Values) -> Iterator[str]:
        """The texts in which `query` finds words."""
        for key, each in values.items():
            if (field := self.fields.get(key)) and field.searched:
                yield from _each(each)

    def references(self, values: Values) -> Iterator[tuple[CustomField, str]]:
        """The ids that the values hold, each with its field."""
        for key, each in values.items():
            if (field := self.fields.get(key)) and field.type.kind is Kind.ID:
                yield field, each


NOTHING = Schema()


def _each(held: Any) -> list[Any]:
    return held if isinstance(held, list) else [held]


def _refusal(field: CustomField, found: Any, held: Any) -> str:
    if field.formula:
        return "cannot be set: a formula computes it"
    if found is None:
        return "is required" if field.required and not field.deprecated else ""
    if field.deprecated:
        return "takes no new values: it is deprecated"
    retired = set(_each(found)) - field.choice.offered - set(_each(held)) if field.choice.known else set()
    return f"takes {', '.join(sorted(retired))} no longer" if retired else ""


def _refuse(faults: list[Violation], forbidden: list[Violation]) -> None:
    refusal: Refusal | None = None
    if faults:
        refusal = Invalid(faults)
    elif forbidden:
        refusal = FieldForbidden(forbidden)
    if refusal:
        raise refusal
