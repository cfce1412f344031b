"""How a record is kept: its revision and times, the values it takes from a client, its events, and one write for all.

A record is loaded from its stored row and remembers it. Keeping writes the difference, and with it the events that its
verbs recorded, in the transaction of the request; a write that meets another revision is refused.
"""

from functools import partial
from typing import Any, ClassVar, Self

from google.protobuf import json_format
from google.protobuf.message import Message
from mongoengine import DateTimeField, IntField, StringField, queryset_manager

from chassis import mirror, transaction
from chassis.call import call
from chassis.clock import now
from chassis.events import outbox
from chassis.fields import FIELDS, NOTHING, Schema, schema_of
from chassis.identified import Identified
from chassis.ids import new_id
from chassis.listing import TOKENS, Catalogue, catalogue, names, search_tokens, vocabulary
from chassis.plain import ListField, differences
from chassis.principal import principal
from chassis.refusals import Invalid, StaleRevision, Violation
from chassis.texts import texts


class Kept(Identified):
    """A record of the service's own database that knows its contract."""

    meta: ClassVar[dict[str, Any]] = {"abstract": True}
    searched: ClassVar[tuple[str, ...]] = ()  # fields whose words `query` finds
    indexed: ClassVar[tuple[tuple[str, ...], ...]] = ()  # what lists filter and sort by, beside the standing indexes

    revision = IntField(default=1)
    create_time = DateTimeField()
    update_time = DateTimeField()
    deleted_time = DateTimeField()
    search_tokens = ListField(StringField())

    _before: dict[str, Any] | None = None  # the stored row that this record was loaded from

    @queryset_manager
    def objects(doc_cls: Any, queryset: Any) -> Any:  # noqa: N805  MongoEngine's signature
        """Every record of the tenant, for the domain's own look-ups; doors narrow further by `visible`."""
        return queryset.filter(tenant_id=principal().tenant_id)

    def home_service(self) -> str:
        """The service that announces what happens with it."""
        return self.about().service

    @classmethod
    def all_records(cls) -> dict[str, Any]:
        """The query of all records of the noun in the caller's tenant, deleted ones too."""
        return {"tenant_id": principal().tenant_id}

    @classmethod
    def kind_of(cls, message: Any) -> str:  # noqa: ARG003  nouns of many kinds need it
        """What definitions call the noun of a message."""
        return cls.kind_name()

    @classmethod
    def contract_fields(cls) -> Catalogue:
        """The fields of its contract."""
        return catalogue(cls.contract.DESCRIPTOR)

    @classmethod
    def caller_schema(cls) -> Schema:
        """The custom fields that the caller's tenant gave the noun; none where the contract has no place for them."""
        return schema_of(principal().tenant_id, cls.kind_name()) if FIELDS in cls.about().fields else NOTHING

    @classmethod
    def fresh(cls, id: str = "", **fields: Any) -> Self:
        """A new record with these stored values, not yet kept: `enter` brings it in."""
        at = now()
        id = id or new_id(cls.about().prefix)
        noun = cls(id=id, tenant_id=principal().tenant_id, create_time=at, update_time=at, **fields)
        if schema := cls.caller_schema():
            noun.custom_fields = schema.completed(noun._custom())
        return noun

    @classmethod
    def _loaded(cls, row: dict[str, Any]) -> Self:
        noun = cls._from_son(mirror.copied(row))
        noun._before = row
        noun.revision, noun.update_time = row["revision"] + 1, now()
        return noun

    def message(self) -> Any:
        """The record as clients and events see it."""
        return mirror.message(self.contract, self._stored())

    def record(self, event: Message) -> None:
        """Announce `event` when the record is kept."""
        self._recorded().append(event)

    def record_standard(self, participle: str, **fields: Any) -> None:
        """Announce `<Noun><Participle>` where the contract has such an event."""
        event = self.about().event(participle)
        if event is not None:
            self.record(event(**{self.about().noun: self.message()}, **fields))

    @property
    def changed(self) -> set[str]:
        """The fields whose values are not those that are kept."""
        return differences(self._before or {}, self._stored()).keys() - mirror.CHASSIS_FIELDS

    def guard(self) -> None:
        """Refuse with StaleRevision when the caller's If-Match names another revision."""
        if call().if_match and self._before and call().if_match != str(self._before["revision"]):
            raise StaleRevision(noun=self.about().noun, id=self.id, etag=self._before["revision"])

    def keep(self) -> bool:
        """Write the record and its events; False when nothing changed. Refused with AlreadyExists, StaleRevision."""
        if self._before is not None and self.revision == self._before["revision"]:
            self.revision += 1  # kept once already by this request
        row = self._row()
        changes = differences(self._before or {}, row)
        if self._before is not None and not changes and not self._recorded():
            self.revision, self.update_time = self._before["revision"], self._before["update_time"]
            return False
        self._claim_unique(changes)
        if TOKENS in changes:
            self._learn(row)
        if self._before is None:
            transaction.insert(self._get_collection(), row)
        else:
            self._replace(row, changes)
        self._announce()
        self._remember(row)
        return True

    def erase(self) -> None:
        """Take the stored record away for good and announce what was recorded. Refused with StaleRevision."""
        if self._before is None:
            return
        held = {"_id": self.id, "tenant_id": self.tenant_id, "revision": self._before["revision"]}
        if not self._get_collection().delete_one(held, hint=transaction.BY_ID).deleted_count:
            raise StaleRevision(noun=self.about().noun, id=self.id, etag="another")
        self._lead_to(None, self._before)
        self._announce()

    def _announce(self) -> None:
        version = self._schema().version
        outbox.write(self._get_db(), self.home_service(), self.id, self.revision, self._recorded(), version)
        self._recorded().clear()

    def _remember(self, row: dict[str, Any]) -> None:
        self._lead_to(None, self._before or {})
        self._before = mirror.copied(row)
        self._lead_to(self._before, self._before)

    def _replace(self, row: dict[str, Any], changes: dict[str, Any]) -> None:
        changes |= {"revision": row["revision"], "update_time": row["update_time"]}
        update: dict[str, Any] = {"$set": {name: value for name, value in changes.items() if value is not None}}
        if gone := {name: "" for name, value in changes.items() if value is None}:
            update["$unset"] = gone
        held = {"_id": self.id, "tenant_id": self.tenant_id, "revision": self._before["revision"]}  # type: ignore[index]
        if not transaction.update(self._get_collection(), held, update):
            raise StaleRevision(noun=self.about().noun, id=self.id, etag="another")

    def _row(self) -> dict[str, Any]:
        row = self._stored()
        if custom := row.get(FIELDS):
            row |= self._schema().entries(custom)
        if found := search_tokens(self._texts(row)):
            row[TOKENS] = found
        if keys := self.duplicate_keys(row):
            row[mirror.DUPLICATE_KEYS] = keys
        return row

    @classmethod
    def asks_others(cls) -> bool:
        """Whether keeping a record asks the others of its noun, so that those of one transaction cannot be written at its end."""
        return False

    @classmethod
    def duplicate_keys(cls, row: dict[str, Any]) -> list[str]:  # noqa: ARG003  matched nouns need it
        """Under which keys the likes of a stored row are found, kept beside it; none where nobody looks for them."""
        return []

    @classmethod
    def _texts(cls, row: dict[str, Any]) -> list[str]:
        found = texts(cls.contract.DESCRIPTOR, cls.searched, row)
        if custom := row.get(FIELDS):
            found += schema_of(row["tenant_id"], cls.kind_name()).words(custom)
        return found

    @classmethod
    def _learn(cls, row: dict[str, Any]) -> None:
        """Let searches know the words of the row's names; those of a transaction that does not come about find nothing."""
        collection, tenant_id = cls._get_collection(), row["tenant_id"]
        if words := vocabulary.unknown(collection, tenant_id, names(cls._texts(row))):
            key = vocabulary.COLLECTION, collection.full_name, tenant_id
            learnt = transaction.remembered(key, dict[str, None])
            learnt |= dict.fromkeys(words)
            transaction.at_end(
                key, partial(transaction.apart, partial(vocabulary.learn, collection, tenant_id, learnt))
            )

    def _stored(self) -> dict[str, Any]:
        # What `to_mongo` would give, without asking every field: a document's values have their stored shape already, and
        # the message that is made of them for the events refuses values of a wrong type.
        row = {name: value for name, value in self._data.items() if value or (value is not None and value != [])}
        row["_id"] = row.pop("id")
        row.pop(TOKENS, None)
        if FIELDS in self._fields and (schema := self._schema()).computes:
            row[FIELDS] = schema.computed(row)
        if not row.get(FIELDS, True):
            del row[FIELDS]
        return row

    def _recorded(self) -> list[Message]:
        return self.__dict__.setdefault("_events", [])

    # ---------------------------------------------------------------- taking values from a client

    def _take(self, message: Message, paths: list[str]) -> None:
        about = self.about()
        paths = [path for path in paths if path not in about.input_only]
        if unknown := [path for path in paths if path not in about.fields]:
            raise Invalid(Violation("update_mask", f"names {path}, which is no field") for path in unknown)
        allowed = about.given if self._before is None else about.changeable
        held = self._stored() if self._before is None else self._before
        faults = []
        for name, value in mirror.values(message, [path for path in paths if path != FIELDS]).items():
            if name in allowed:
                self._data[name] = [] if value is None and self._fields[name].default is list else value
            elif name not in ("id", "etag") and value != held.get(name):  # what was read may be sent back whole
                faults.append(Violation(f"{about.noun}.{name}", "cannot be set: the service or a verb sets it"))
        if faults:
            raise Invalid(faults)
        if FIELDS in paths:
            self._take_custom(json_format.MessageToDict(message.custom_fields))  # type: ignore[attr-defined]

    def _take_custom(self, given: dict[str, Any]) -> None:
        schema = schema_of(self.tenant_id, self.kind_name(), knowing=given)
        self.custom_fields = schema.taken(self._custom(), given, principal(), self.about().noun)

    def _require(self) -> None:
        missing = sorted(name for name in self.about().required if getattr(self, name) in (None, "", []))
        if missing:
            raise Invalid(Violation(f"{self.about().noun}.{name}", "is required") for name in missing)
        if self._before is None and (missing := self._schema().missing(self._custom(), principal())):
            raise Invalid(Violation(f"{self.about().noun}.{FIELDS}.{key}", "is required") for key in missing)
