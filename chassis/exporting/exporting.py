"""The job of an export: pages of what its user may see, as they are read, into a file.

It has no effect before its file is whole, so one that was interrupted begins anew.
"""

from collections.abc import Callable, Collection, Iterator, Mapping
from functools import partial
from typing import Any, ClassVar

from crm.common.v1 import listing_pb2
from google.protobuf import json_format
from mongoengine import BooleanField, StringField

from chassis import mirror
from chassis.document import Noun
from chassis.exporting import flat
from chassis.exporting.cards import lines_of
from chassis.fields import FIELDS
from chassis.files.file import File
from chassis.files.intake import Intake
from chassis.importing.rows import Kind
from chassis.jobs import RUN, Job, Step, later
from chassis.listing import projection
from chassis.mirror import Part
from chassis.plain import ListField
from chassis.principal import principal
from chassis.refusals import Invalid, Violation
from chassis.tables import CSV, NDJSON, VCARD, XLSX, sinks

PAGE = 1000  # records of a step


class Exporting(Job):
    """Records that go out into a file. Its contract has these fields."""

    meta = {"abstract": True}
    indexed = (("file_id",),)
    kinds: ClassVar[Mapping[str, Kind]]  # by the name of their noun
    files: ClassVar[type[File]]

    noun = StringField()
    format = StringField()
    filter = Part(listing_pb2.Filter)
    columns = ListField(StringField())
    delimiter = StringField()
    raw = BooleanField(default=False)
    file_id = StringField()

    @property
    def exported(self) -> type[Noun]:
        """What goes out."""
        return self.kinds[self.noun].noun

    def arrive(self) -> None:
        """Starts at once. Refused with Forbidden for what the caller may not read."""
        super().arrive()
        principal().demand(self.exported.about().permission("read"))
        if self.raw:
            about = self.about()
            principal().demand(f"{about.service}.raw_{about.noun}.write")
        self.queue(RUN)

    def settle(self) -> None:
        """Columns and a filter that the noun has, in a format that fits it."""
        if self._before is not None:
            return
        if self.format == VCARD and "given_name" not in self.exported.about().fields:
            raise Invalid.field("export.format", "VCARD is for people")
        if self.format == VCARD and "emails" not in self.exported.about().fields:
            raise Invalid.field("export.format", "VCARD is for contacts")
        faults = [place for place, column in enumerate(self.columns) if not self._is_column(column)]
        if faults:
            raise Invalid(Violation(f"export.columns[{place}]", f"is no field of a {self.noun}") for place in faults)
        try:
            self._matching()
        except Invalid as refusal:
            raise Invalid(Violation(f"export.{each.field}", each.description) for each in refusal.violations) from None

    def steps(self, reached: Mapping[str, Any]) -> Iterator[Step]:
        """A step per page, and one that keeps the file."""
        if reached.get("kept"):
            return
        name = f"{self.exported.about().plural}.{_ENDINGS[self.format]}"
        query = self._matching()
        total = self.exported._get_collection().count_documents(query)
        yield Step(lambda job: job.begin_anew(total), {})
        sink, columns = self._sink(), list(self.columns) or flat.usual(self.exported.contract, self._links, self._own)
        with Intake(name) as intake:
            intake.write(sink.head(columns))
            for page in self._pages(query):
                intake.write(sink.rows(self._cells(page, columns)))
                yield Step(partial(_count, len(page)), {})
            intake.write(sink.end())
            intake.close()
            while (content := intake.content) is None:
                yield later

        def keep(job: Any) -> None:
            job.file_id = job.files.made(content, name, owner_id=job.owner_id, team_id=job.team_id).id

        yield Step(keep, {"kept": True})

    def begin_anew(self, total: int) -> None:
        """Nothing has gone out, of so many."""
        self.progress = {name: total if name == "total_count" else 0 for name in self.progress}

    @property
    def _links(self) -> Any:
        return self.kinds[self.noun].links

    @property
    def _own(self) -> Collection[str]:
        """The keys of the tenant's own fields that the caller may read."""
        return self.exported.caller_schema().readable(principal())

    def _matching(self) -> dict[str, Any]:
        """The query of what goes out: what the caller may see, and the filter describes. Refused with Invalid."""
        asked = listing_pb2.ListRequest()
        if self.filter:
            asked.filter.CopyFrom(self.message().filter)
        return self.exported.matching(asked)

    def _pages(self, query: dict[str, Any]) -> Iterator[list[dict[str, Any]]]:
        last, shown = "", projection([], self.exported.caller_fields())
        records = self.exported._get_collection()
        while page := list(records.find({"$and": [query, {"_id": {"$gt": last}}]}, shown).sort("_id", 1).limit(PAGE)):
            last = page[-1]["_id"]
            self._join(page)
            yield page

    def _join(self, page: list[dict[str, Any]]) -> None:
        """Put the names of what records belong to beside them, of those that the caller may see."""
        for link in self._links:
            ids = sorted({row[link.field] for row in page if row.get(link.field)})
            if not ids or principal().scope(link.noun.about().permission("read")) is None:
                continue
            query = {"_id": {"$in": ids}, "deleted_time": None, **link.noun.visible()}
            known = {row["_id"]: row for row in link.noun._get_collection().find(query, dict.fromkeys(link.by, 1))}
            for row in page:
                for by in link.by:
                    row[f"{link.name}.{by}"] = known.get(row.get(link.field), {}).get(by)

    def _cells(self, page: list[dict[str, Any]], columns: list[str]) -> list[Any]:
        if self.format == NDJSON:
            return [_whole(self.exported, row) for row in page]
        if self.format == VCARD:
            return [lines_of(row) for row in page]
        readers = [flat.cell_of(self.exported.contract, column, self._links, self._own) for column in columns]
        return [[read(row) for read in readers] for row in page]

    def _is_column(self, column: str) -> bool:
        try:
            flat.cell_of(self.exported.contract, column, self._links, self._own)
        except flat.ColumnUnknown:
            return False
        return True

    def _sink(self) -> sinks.Sink:
        if self.format == CSV:
            return sinks.Csv(self.delimiter or ",", bool(self.raw))
        makers: dict[str, Callable[[], sinks.Sink]] = {XLSX: sinks.Xlsx, NDJSON: sinks.Lines, VCARD: sinks.Cards}
        return makers[self.format]()


_ENDINGS = {CSV: "csv", XLSX: "xlsx", VCARD: "vcf", NDJSON: "ndjson"}


def _count(records: int, job: Job) -> None:
    job.count(done_count=records)


def _whole(noun: type[Noun], row: dict[str, Any]) -> dict[str, Any]:
    known = {name: value for name, value in row.items() if "." not in name}
    whole = json_format.MessageToDict(mirror.message(noun.contract, known), preserving_proto_field_name=True)
    if own := whole.get(FIELDS):
        whole[FIELDS] = _with_integers(own)
    return whole


def _with_integers(value: Any) -> Any:
    """A value of a google.protobuf.Struct, which knows no integers and tells 7 as 7.0."""
    if isinstance(value, dict):
        return {name: _with_integers(each) for name, each in value.items()}
    if isinstance(value, list):
        return [_with_integers(each) for each in value]
    return int(value) if isinstance(value, float) and value.is_integer() else value
