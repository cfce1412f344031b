"""Rows to records: found by their keys, made or changed, many in one transaction."""

from collections.abc import Callable, Iterable, Mapping, Sequence
from contextlib import nullcontext
from dataclasses import dataclass, field
from typing import Any

from google.protobuf import json_format

from chassis import merging, transaction
from chassis.call import call
from chassis.document import Noun
from chassis.importing.additions import merged
from chassis.importing.links import Link
from chassis.importing.mapping import Mapping as ColumnMapping
from chassis.importing.row import Fault, Row
from chassis.reference import introduce
from chassis.refusals import FieldForbidden, Invalid, Refusal
from chassis.validation.contract import Nouns, contract_of

CREATE, UPDATE, BOTH = "CREATE", "UPDATE", "BOTH"
EXTERNAL_IDS = "external_ids"

Normal = Callable[[str], str]


@dataclass(frozen=True)
class Kind:
    """A noun that comes in: the fields its records can be found by, and what they belong to.

    Of a key these are the forms that it may be kept in; two that agree in the last one are the same.
    """

    noun: type[Noun]
    keys: Mapping[str, tuple[Normal, ...]]
    usual: frozenset[str] = frozenset()  # the keys that are taken where nothing is said
    links: tuple[Link, ...] = ()


@dataclass
class Verdict:
    """What became of a batch."""

    created: list[list[Any]] = field(default_factory=list)  # noun, id, revision
    updated: list[dict[str, Any]] = field(default_factory=list)  # id, revision, before
    faults: list[list[Any]] = field(default_factory=list)  # row, column, cell, reason
    changed: int = 0
    unchanged: int = 0
    skipped: int = 0
    refused: int = 0
    latest: dict[str, dict[str, Any]] = field(default_factory=dict)  # changed records, by id, as they are now

    def change(self, record: Noun, before: dict[str, Any]) -> None:
        """Note that a row changed a record; of several rows that changed it the first knows what was there."""
        self.changed += 1
        if record.id in self.latest:
            known = next(each for each in self.updated if each["id"] == record.id)
            known |= {"revision": record.revision, "before": before | known["before"]}
        else:
            self.updated.append({"id": record.id, "revision": record.revision, "before": before})
        self.latest[record.id] = record._before or {}

    def counts(self, noun: str) -> dict[str, int]:
        """What a job counts; records that were made along the way are no rows."""
        made = sum(1 for each in self.created if each[0] == noun)
        found = {
            "created_count": made, "updated_count": self.changed, "unchanged_count": self.unchanged,
            "skipped_count": self.skipped, "refused_count": self.refused,
        }  # fmt: skip
        return found | {"done_count": sum(found.values())}


class Rows:
    """Takes batches of rows in, of which no two have a key in common."""

    def __init__(self, kind: Kind, keys: Sequence[str], mode: str, mapping: ColumnMapping) -> None:
        self._kind, self._keys, self._mode, self._mapping = kind, keys, mode, mapping
        self._schema = kind.noun.caller_schema()
        self._check = contract_of(kind.noun.contract.DESCRIPTOR, Nouns.PARTIAL)

    @property
    def gathers(self) -> bool:
        """Whether what a batch makes and changes is written at the end of its transaction."""
        return not any(noun.asks_others() for noun in (self._kind.noun, *(link.noun for link in self._kind.links)))

    def check(self, row: Row) -> None:
        """Note what of a row does not fit the contract; of one that fits, what its record is found by."""
        for path, reason in self._check(row.message) if row.cells else ():
            row.faults.append(self._fault(row, path.removeprefix("."), reason))
        if not row.faults:
            row.keys = self._keys_of(row)

    def _fault(self, row: Row, path: str, reason: str) -> Fault:
        header, cell = self._mapping.origin(row, path)
        return header, cell, reason if header else f"{path} {reason}"

    def _keys_of(self, row: Row) -> set[tuple[str, Any]]:
        """What a record of this row is found by, or has for itself alone, each with the name of its key."""
        own = json_format.MessageToDict(row.message.custom_fields) if self._schema else {}
        keys = {(key, value) for key in self._keys for value in self._values(row.message, key)}
        return keys.union(self._schema.claims(own))

    def write(self, batch: Sequence[Row]) -> Verdict:
        """Make and change records, within the transaction of this thread."""
        verdict = Verdict()
        sound = [row.copy() for row in batch if self._is_sound(row, verdict)]
        if "id" in self._keys:
            self._find_survivors(sound)
        found = self._found(sound)
        mine = self._writable({record["_id"] for records in found.values() for record in records})
        with transaction.gathering() if self.gathers else nullcontext():
            self._belong(sound, verdict)
            for row in sound:
                try:
                    self._take(row, self._match(row, found), mine, verdict)
                except Refusal as refusal:
                    self._refuse(row, refusal, verdict)
                _tell_hints(row, verdict)
        verdict.faults.sort(key=lambda fault: fault[0])
        return verdict

    def _is_sound(self, row: Row, verdict: Verdict) -> bool:
        if row.faults:
            verdict.refused += 1
            verdict.faults += [[row.number, *fault] for fault in row.faults]
        return not row.faults

    def _refuse(self, row: Row, refusal: Refusal, verdict: Verdict) -> None:
        verdict.refused += 1
        if not isinstance(refusal, Invalid | FieldForbidden) or not refusal.violations:
            verdict.faults.append([row.number, "", "", refusal.detail])
            return
        noun = self._kind.noun.about().noun
        for each in refusal.violations:
            verdict.faults.append(
                [row.number, *self._fault(row, each.field.removeprefix(f"{noun}."), each.description)]
            )

    # ---------------------------------------------------------------- finding

    def _find_survivors(self, batch: Sequence[Row]) -> None:
        survivors = merging.standing(row.message.id for row in batch if row.message.id)
        for row in batch:
            row.message.id = survivors.get(row.message.id, row.message.id)

    def _found(self, batch: Sequence[Row]) -> dict[tuple[str, Any], list[dict[str, Any]]]:
        found: dict[tuple[str, Any], list[dict[str, Any]]] = {}
        wanted: dict[str, set[Any]] = {}
        for row in batch:
            for key in self._keys:
                forms = self._kind.keys[key] if key != EXTERNAL_IDS else (_itself,)
                wanted.setdefault(key, set()).update(form(each) for each in _told(row.message, key) for form in forms)
        pairs = {(each.system, each.id) for row in batch for each in getattr(row.message, EXTERNAL_IDS, ())}
        self._kind.noun.foresee_external_ids(sorted(pairs))
        for key, values in wanted.items():
            for record in self._records(key, values) if values else ():
                for value in self._stored_values(record, key):
                    found.setdefault((key, value), []).append(record)
        return found

    def _records(self, key: str, values: set[Any]) -> Iterable[dict[str, Any]]:
        seen = {**self._kind.noun.visible(), "deleted_time": None}
        if key != EXTERNAL_IDS:
            query: dict[str, Any] = {"_id" if key == "id" else key: {"$in": sorted(values)}}
        else:
            systems = sorted({system for system, _ in values})
            ids = {system: [id for known, id in values if known == system] for system in systems}
            each = [{key: {"$elemMatch": {"system": system, "id": {"$in": ids[system]}}}} for system in systems]
            query = {"$or": each} if len(each) > 1 else each[0]
        records: Iterable[dict[str, Any]] = self._kind.noun._get_collection().find({"$and": [seen, query]})
        return records

    def _writable(self, ids: set[str]) -> set[str]:
        if not ids:
            return ids
        query = {"_id": {"$in": sorted(ids)}, **self._kind.noun.visible("write")}
        return {row["_id"] for row in self._kind.noun._get_collection().find(query, {"_id": 1}, hint=transaction.BY_ID)}

    def _match(self, row: Row, found: Mapping[tuple[str, Any], list[dict[str, Any]]]) -> dict[str, Any] | None:
        """The record of the first key that finds one. Refused with Invalid when it finds several."""
        for key in self._keys:
            records = {
                each["_id"]: each for value in self._values(row.message, key) for each in found.get((key, value), ())
            }
            if len(records) > 1:
                path = f"{self._kind.noun.about().noun}.{key}"
                raise Invalid.field(path, f"finds {len(records)} records: {', '.join(sorted(records)[:5])}")
            if records:
                return next(iter(records.values()))
        return None

    def _values(self, message: Any, key: str) -> Iterable[Any]:
        """What a row tells of a key, in the form that equals agree in."""
        told = _told(message, key)
        return told if key == EXTERNAL_IDS else map(self._kind.keys[key][-1], told)

    def _stored_values(self, record: Mapping[str, Any], key: str) -> Iterable[Any]:
        if key == EXTERNAL_IDS:
            return [(each["system"], each["id"]) for each in record.get(key, ())]
        name, _, part = key.partition(".")
        value = record.get("_id" if name == "id" else name)
        told = [each.get(part, "") for each in value or ()] if part else [value]
        return [self._kind.keys[key][-1](each) for each in told if each]

    # ---------------------------------------------------------------- belonging

    def _belong(self, batch: Sequence[Row], verdict: Verdict) -> None:
        """Give rows the ids of what they belong to, made where it is not there."""
        for link in self._kind.links:
            wanting = [row for row in batch if link.name in row.links and not getattr(row.message, link.field)]
            if not wanting:
                continue
            known: dict[tuple[str, str], str] = {}
            for by in link.by:
                names = {row.links[link.name][by] for row in wanting if by in row.links[link.name]}
                query = {**link.noun.visible(), "deleted_time": None, by: {"$in": sorted(names)}}
                for record in link.noun._get_collection().find(query, {by: 1}) if names else ():
                    known.setdefault((by, record[by]), record["_id"])
            for row in wanting:
                self._join(row, link, known, verdict)

    def _join(self, row: Row, link: Link, known: dict[tuple[str, str], str], verdict: Verdict) -> None:
        told = row.links[link.name]
        found = next((known[by, value] for by, value in told.items() if (by, value) in known), "")
        if not found:
            try:
                made = link.noun.create(link.noun.contract(**({"name": next(iter(told.values()))} | told)))
            except Refusal as refusal:  # the record itself still comes in
                verdict.faults.append([row.number, "", "", f"is not joined with its {link.name}: {refusal.detail}"])
                return
            found = made.id
            introduce(link.noun, found)
            verdict.created.append([link.noun.about().noun, made.id, made.revision])
        known |= dict.fromkeys(told.items(), found)
        setattr(row.message, link.field, found)

    # ---------------------------------------------------------------- writing

    def _take(self, row: Row, known: dict[str, Any] | None, mine: set[str], verdict: Verdict) -> None:
        if known is None and "id" in self._keys and row.message.id and self._mode != UPDATE:
            raise Invalid.field(f"{self._kind.noun.about().noun}.id", "names no record that you may see")
        if (known is None and self._mode == UPDATE) or (known is not None and self._mode == CREATE):
            verdict.skipped += 1
            said = f"there is {known['_id']} already" if known else "there is no such record"
            verdict.faults.append([row.number, "", "", f"left out: {said}"])
        elif known is None:
            made = self._kind.noun.create(row.message)
            verdict.created.append([made.about().noun, made.id, made.revision])
        elif known["_id"] not in mine:
            verdict.refused += 1
            verdict.faults.append([row.number, "", "", f"the record {known['_id']} may not be changed by you"])
        else:
            self._change(row, known, verdict)

    def _change(self, row: Row, known: dict[str, Any], verdict: Verdict) -> None:
        known = verdict.latest.get(known["_id"], known)
        record = self._kind.noun._loaded(known)
        told = merged(self._kind.noun, known, row.message)
        if not record.amend(told, [each.name for each, _ in told.ListFields() if each.name != "id"]):
            verdict.unchanged += 1
            return
        before = {name: known.get(name) for name in record.changed}
        record.keep()
        verdict.change(record, before)


def _tell_hints(row: Row, verdict: Verdict) -> None:
    """Tell in the result what would stand in the headers of an answer: that there may be such a record already."""
    for name, value in call().hints:
        verdict.faults.append([row.number, "", "", f"came in; {name.replace('-', ' ')}: {value.partition(';')[0]}"])
    call().hints.clear()


def _told(message: Any, key: str) -> list[Any]:
    if key == EXTERNAL_IDS:
        return [(each.system, each.id) for each in message.external_ids]
    name, _, part = key.partition(".")
    value = getattr(message, name)
    return [each for each in ([getattr(entry, part) for entry in value] if part else [value]) if each]


def _itself(pair: tuple[str, str]) -> tuple[str, str]:
    return pair
