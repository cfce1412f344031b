"""What a definition of a custom field must be, as far as it and its siblings say."""

import keyword
import re
from collections.abc import Iterable, Iterator
from typing import Any

from chassis.fields.custom import FIELDS, CustomField
from chassis.fields.formula import FUNCTIONS, Formula, Unreadable
from chassis.fields.inference import OF_KINDS, OF_TYPES, Misfit, demand_result
from chassis.listing.catalogue import Catalogue, Kind
from chassis.listing.operand import Unfit

_KEY = re.compile(r"[a-z][a-z0-9_]*\Z")
_KIND = re.compile(r"[a-z][a-z_]*(\.[a-z][a-z0-9_]*)?\Z")
_CHOOSING = ("SELECT", "MULTI_SELECT")
_COMPUTED = ("TEXT", "LONG_TEXT", "INTEGER", "DECIMAL", "BOOLEAN", "DATE", "INSTANT")
_NEVER_UNIQUE = ("BOOLEAN", "MULTI_SELECT", "LONG_TEXT", "MONEY")

Fault = tuple[str, str]  # the field of the definition, and a sentence


def faults(row: dict[str, Any], siblings: Iterable[CustomField], contract: Catalogue) -> Iterator[Fault]:
    """What is wrong with a definition's stored row, beside the noun's other fields and those of its `contract`."""
    field = CustomField(row)
    yield from _key_faults(field.key, contract)
    yield from _option_faults(field)
    yield from _index_faults(field)
    if (field.type_name == "REFERENCE") != bool(_KIND.match(field.refers_to)):
        yield "refers_to", "must name a noun where the type is REFERENCE, and only there"
    if field.read_roles and not field.write_roles <= field.read_roles:
        yield "write_roles", "must be among read_roles: nobody sets what they do not see"
    if row.get("formula"):
        yield from _formula_faults(field, {each.key: each for each in siblings}, contract)
    else:
        yield from _default_faults(field)


def _key_faults(key: str, contract: Catalogue) -> Iterator[Fault]:
    if not _KEY.match(key):
        yield "key", "must begin with a letter and hold small letters, digits and _"
    elif key in contract:
        yield "key", "is a field of every such record already"
    elif key in FUNCTIONS or keyword.iskeyword(key):
        yield "key", "means something else in formulas"


def _option_faults(field: CustomField) -> Iterator[Fault]:
    given = [each["value"] for each in field.row.get("options") or ()]
    if (field.type_name in _CHOOSING) != bool(field.choice.offered):
        yield "options", "must offer a value where the type is SELECT or MULTI_SELECT, and be empty elsewhere"
    for place, each in enumerate(given):
        if each in given[:place]:
            yield f"options[{place}].value", "comes twice"


def _index_faults(field: CustomField) -> Iterator[Fault]:
    if field.unique and field.type_name in _NEVER_UNIQUE:
        yield "index.unique", f"is not for {field.type_name}"
    if field.indexed and (not field.type.indexable or field.type.kind is Kind.MESSAGE):
        yield "index.filters", f"is not for {field.type_name}"
    if field.searched and not field.type.words:
        yield "index.words", f"is not for {field.type_name}"
    if field.searched and field.read_roles:
        yield "index.words", "is only for fields that everybody may read: words are found without regard to roles"


def _default_faults(field: CustomField) -> Iterator[Fault]:
    try:
        default = field.default
    except Unfit as unfit:
        yield "default_value", str(unfit)
        return
    chosen = default if isinstance(default, list) else [default]
    if default is not None and field.choice.known and not set(chosen) <= field.choice.offered:
        yield "default_value", "is retired"
    if default is not None and field.unique:
        yield "default_value", "is not for unique fields"


def _formula_faults(field: CustomField, siblings: dict[str, CustomField], contract: Catalogue) -> Iterator[Fault]:
    if field.type_name not in _COMPUTED:
        yield "formula", f"cannot compute {field.type_name}"
    if field.required or field.row.get("default_value") or field.unique:
        yield "formula", "leaves nothing to require, to set by default, or to be unique"
    try:
        formula = Formula(field.row["formula"])
    except Unreadable as unreadable:
        yield "formula", str(unreadable)
        return
    for name in sorted(formula.inputs):
        if fault := _input_fault(name, siblings, contract):
            yield "formula", fault
        elif name in siblings and (fault := readers_fault(field, siblings[name])):
            yield "read_roles", fault
    if field.type_name in _COMPUTED and (fault := result_fault(field, siblings, contract)):
        yield "formula", fault


def _input_fault(name: str, siblings: dict[str, CustomField], contract: Catalogue) -> str:
    if name in siblings:
        return f"takes {name}, which is computed itself" if siblings[name].row.get("formula") else ""
    field = contract.get(name)
    # An amount is a structure that formulas read as a number.
    plain = (
        field is not None and field.single and (field.kind not in _STRUCTURES or f"{name}.currency_code" in contract)
    )
    return "" if plain else f"takes {name[:40]}, which is no plain field of the record"


def readers_fault(computed: CustomField, of: CustomField) -> str:
    """Why `computed` would show what not all of its readers may see of its input; empty when it does not."""
    if of.read_roles and not (computed.read_roles and computed.read_roles <= of.read_roles):
        return f"must be among those of {of.key}: {FIELDS}.{computed.key} tells of it"
    return ""


def result_fault(computed: CustomField, siblings: dict[str, CustomField], contract: Catalogue) -> str:
    """Why the formula of `computed` never gives a value of its type; empty when it may."""
    formula = Formula(computed.row["formula"])
    kinds = {name: OF_TYPES[siblings[name].type_name] for name in formula.inputs if name in siblings}
    plain = {name: contract.get(name) for name in formula.inputs - siblings.keys()}
    kinds |= {name: OF_KINDS[field.kind] for name, field in plain.items() if field and field.kind in OF_KINDS}
    try:
        demand_result(formula, kinds, computed.type_name)
    except Misfit as misfit:
        return str(misfit)
    return ""


_STRUCTURES = (Kind.MESSAGE, Kind.OPAQUE, Kind.CUSTOM)
