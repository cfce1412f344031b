"""The job of an import: looks at its file, maps it, tries it, does it, and undoes it."""

from collections.abc import Iterator, Mapping
from dataclasses import replace
from functools import partial
from typing import Any, ClassVar

from crm.common.v1 import table_pb2
from mongoengine import BooleanField, IntField, StringField

from chassis import transaction
from chassis.files.file import File
from chassis.importing import journal, undo
from chassis.importing.cells import Customs
from chassis.importing.guess import guess
from chassis.importing.mapping import Mapping as ColumnMapping
from chassis.importing.mapping import TargetUnknown
from chassis.importing.row import Row
from chassis.importing.rows import BOTH, Kind, Rows, Verdict
from chassis.jobs import REVERT, RUN, VALIDATE, Job, Step, ahead
from chassis.mirror import Parts
from chassis.plain import ListField
from chassis.principal import Principal, principal
from chassis.refusals import Invalid, Violation
from chassis.tables import XLSX, Shape, Unreadable, rows, shape_of

BATCH = 500  # rows of a transaction

_SHAPE = ("format", "encoding", "delimiter", "sheet", "has_header")


class Importing(Job):
    """Records that come in from a file. Its contract has these fields."""

    meta = {"abstract": True}
    revertible = True
    indexed = (("file_id",), ("result_file_id",))
    kinds: ClassVar[Mapping[str, Kind]]  # by the name of their noun
    files: ClassVar[type[File]]

    noun = StringField()
    file_id = StringField()
    format = StringField()
    encoding = StringField()
    delimiter = StringField()
    sheet = StringField()
    has_header = BooleanField()
    decimal_mark = StringField()
    date_order = StringField()
    country_code = StringField()
    columns = Parts(table_pb2.ImportColumn)
    match_keys = ListField(StringField())
    mode = StringField()
    external_system = StringField()
    suppress_workflows = BooleanField(default=False)
    row_count = IntField(default=0)
    result_file_id = StringField()

    @classmethod
    def prepare(cls) -> None:
        """Make the index of what imports did; to be called by the service's own `prepare`."""
        journal.prepare(cls._get_db())

    @property
    def kind(self) -> Kind:
        """What comes in."""
        return self.kinds[self.noun]

    @property
    def asked_by(self) -> Principal:
        """Whoever started it, by a way of its own: a tenant may have rules for what comes in so."""
        return replace(super().asked_by, via="import")

    @property
    def quiet(self) -> bool:
        """Whether workflows are to let its events be."""
        return bool(self.suppress_workflows)

    # ---------------------------------------------------------------- described

    def arrive(self) -> None:
        """As most files are written, unless told otherwise, and with the columns that the file has."""
        super().arrive()
        principal().demand(self.kind.noun.about().permission("write"))
        file = self.files.claimed(self.file_id, "import.file_id")
        self.mode, self.decimal_mark = self.mode or BOTH, self.decimal_mark or "."
        self.date_order, self.external_system = self.date_order or "YMD", self.external_system or "import"
        self.has_header = True if self.has_header is None else self.has_header
        self._look(file)
        if not self.match_keys:
            self.match_keys = [key for key in self.kind.keys if key in self.kind.usual]

    def settle(self) -> None:
        """Columns that the file has, targets that the noun has, keys that it can be found by."""
        before = self._before or {}
        if before and any(getattr(self, name) != before.get(name) for name in _SHAPE):
            self._look(self.files.find(self.file_id))
        elif before:
            self._keep_headers(before["columns"])
        faults = [*self._shape_faults(), *self._target_faults(), *self._key_faults()]
        if faults:
            raise Invalid(faults)

    def try_out(self) -> None:
        """Try it: say of every row what would become of it."""
        self.demand_described()
        self.queue(VALIDATE)
        self._expect()

    def start(self) -> None:
        """Do it."""
        self.demand_described()
        self.queue(RUN)
        self._expect()

    def _expect(self) -> None:
        self.result_file_id = None
        self.count(total_count=self.row_count or 0)

    def _look(self, file: File) -> None:
        told = {name: getattr(self, name) for name in _SHAPE}
        try:
            shape = shape_of(file.opened, file.name, **told)
        except Unreadable as fault:
            raise Invalid.field("import.file_id", f"cannot be read: {fault}") from None
        self.format, self.encoding, self.delimiter = shape.format, shape.encoding or None, shape.delimiter or None
        given, held = self.columns, {"target": ""}
        mapping = self._mapping([])
        targets = guess(shape.headers, self._names(), lambda target: _exists(mapping, target), self.external_system)
        self.columns = [
            {**held, "header": header, "target": target, "samples": [text for text in samples if text]}
            for header, target, samples in zip(shape.headers, targets, shape.samples, strict=True)
        ]
        if given:
            looked, self.columns = self.columns, given
            self._keep_headers(looked)

    def _names(self) -> dict[str, str]:
        """What headers may call the fields that come in, with the targets that they mean."""
        own = self.kind.noun.caller_schema().settable(principal()).values()
        labelled = {field.label: field.path for field in own} | {field.key: field.path for field in own}
        return labelled | {name: name for name in self.kind.noun.about().given}

    def _keep_headers(self, held: list[dict[str, Any]]) -> None:
        """What was told of columns, with what is known of them: those that were not named are left out."""
        told = {column.get("header", ""): column for column in self.columns}
        if unknown := told.keys() - {column["header"] for column in held}:
            places = [place for place, column in enumerate(self.columns) if column.get("header", "") in unknown]
            raise Invalid(Violation(f"import.columns[{place}].header", "is no column of the file") for place in places)
        self.columns = [
            {
                "header": column["header"], "samples": column.get("samples", []),
                **{name: told.get(column["header"], {}).get(name) or "" for name in ("target", "date_order")},
            }
            for column in held
        ]  # fmt: skip

    def _shape_faults(self) -> Iterator[Violation]:
        if self.sheet and self.format != XLSX:
            yield Violation("import.sheet", f"is of a workbook, and the file is {self.format}")

    def _target_faults(self) -> Iterator[Violation]:
        mapping = self._mapping([])
        taken: set[str] = set()
        for place, column in enumerate(self.columns):
            target = column.get("target") or ""
            if target and not _exists(mapping, target):
                yield Violation(f"import.columns[{place}].target", f"is no field of a {self.noun}")
            elif target in taken:
                yield Violation(f"import.columns[{place}].target", "is where another column goes already")
            if target and not mapping.takes_many(target):
                taken.add(target)

    def _key_faults(self) -> Iterator[Violation]:
        for place, key in enumerate(self.match_keys):
            if key not in self.kind.keys:
                yield Violation(f"import.match_keys[{place}]", f"must be one of {', '.join(self.kind.keys)}")

    # ---------------------------------------------------------------- done

    def steps(self, reached: Mapping[str, Any]) -> Iterator[Step]:
        """A step per batch of rows, and one that keeps the list of what went wrong."""
        if self.task == REVERT:
            yield from undo.steps(self, reached)
        else:
            if not reached:
                yield Step(lambda job: journal.clear(job.id), {"row": 0})
            yield from self._batches(reached.get("row", 0))
        if not reached.get("told"):
            yield from journal.tell(self)

    def _batches(self, after: int) -> Iterator[Step]:
        mapping, last = self._mapping(self.columns), after
        taking = Rows(self.kind, self.match_keys, self.mode, mapping)
        for batch in ahead(self._read(taking, mapping, after)):
            last = batch[-1].number
            if self.task == VALIDATE:
                yield Step(partial(_note, _tried(taking, batch), last), {"row": last})
            else:
                yield Step(partial(_do, taking, batch), {"row": last})
        yield Step(lambda job: job.note_end(last), {"row": last})

    def note(self, verdict: Verdict, last: int) -> None:
        """Count what became of a batch and keep what undoing it takes, in the transaction that did it."""
        self.count(**verdict.counts(self.noun))
        journal.keep(self, last, verdict)

    def note_end(self, last: int) -> None:
        """Say how many rows the file has, now that all were read."""
        self.row_count = last
        self.progress = {**self.progress, "total_count": self.progress["done_count"]}

    def _read(self, taking: Rows, mapping: ColumnMapping, after: int) -> Iterator[list[Row]]:
        """Batches in which no two rows have a key in common, so that each is found or made before the next names it."""
        batch: list[Row] = []
        seen: set[tuple[str, Any]] = set()
        file = self.files.find(self.file_id)
        for number, cells in rows(file.opened, self._shape(), after):
            row = mapping.row(number, cells)
            taking.check(row)
            if len(batch) == BATCH or not seen.isdisjoint(row.keys):
                yield batch
                batch, seen = [], set()
            batch.append(row)
            seen |= row.keys
        if batch:
            yield batch

    def _shape(self) -> Shape:
        headers = tuple(column["header"] for column in self.columns)
        return Shape(
            self.format, self.encoding or "", self.delimiter or "", self.sheet or "", bool(self.has_header), headers
        )

    def _mapping(self, columns: list[dict[str, Any]]) -> ColumnMapping:
        customs = Customs(self.decimal_mark or ".", self.date_order or "YMD", self.country_code or "")
        own = self.kind.noun.caller_schema().readable(principal())
        return ColumnMapping(self.kind.noun.contract, columns, customs, self.kind.links, own)


def _do(taking: Rows, batch: list[Row], job: Importing) -> None:
    job.note(taking.write(batch), batch[-1].number)


def _note(verdict: Verdict, last: int, job: Importing) -> None:
    job.note(verdict, last)


class _Undone(Exception):
    """What was tried must not stay."""


def _tried(taking: Rows, batch: list[Row]) -> Verdict:
    """What would become of a batch: it is written, and the writing undone."""
    verdicts: list[Verdict] = []

    def attempt() -> None:
        verdicts.append(taking.write(batch))
        raise _Undone

    try:
        transaction.run(attempt)
    except _Undone:
        return verdicts[-1]
    raise AssertionError("an attempt always ends by undoing")


def _exists(mapping: ColumnMapping, target: str) -> bool:
    try:
        mapping.put(target, Customs())
    except TargetUnknown:
        return False
    return True
