"""The base of every noun: who may see it, and how doors read and write it.

A door reads through `get` and `page`, which answer messages straight from stored rows, and writes through `create`,
`change` and `amend`. Every query carries the tenant, and where the noun is owned also the caller's scope; domain code
cannot forget either. What a new record needs and what follows from its fields, a noun says in `arrive` and `settle`.
"""

from collections.abc import Iterator
from contextlib import contextmanager
from itertools import islice
from typing import Any, ClassVar, Self

from google.protobuf.message import Message
from pymongo import UpdateOne

from chassis import mirror, transaction
from chassis.clock import now
from chassis.fields import FIELDS
from chassis.kept import Kept
from chassis.kinds import noun_called
from chassis.listing import TOKENS, Catalogue, condition, page, projection, query, search_tokens, tokens
from chassis.plain import differences
from chassis.principal import Principal, Scope, principal
from chassis.refusals import Forbidden, Invalid, NotFound, Refused, Violation

_AT_ONCE = 1_000  # records in a command that retells


class NotDeleted(Refused):
    """The {noun} {id} is not deleted."""


class Noun(Kept):
    """A record with an identity, which clients read and write."""

    meta: ClassVar[dict[str, Any]] = {"abstract": True}

    # ---------------------------------------------------------------- reading

    @classmethod
    def visible(cls, action: str = "read") -> dict[str, Any]:
        """The query of the records that the caller may do `action` with. Refused with Forbidden if none."""
        whom = principal()
        scope = whom.demand(cls.about().permission(action))
        return {"tenant_id": whom.tenant_id, **cls.scoped(whom, scope)}

    @classmethod
    def scoped(cls, whom: Principal, scope: Scope) -> dict[str, Any]:  # noqa: ARG003  owned nouns need them
        """What narrows the tenant's records to `scope`: nothing where nobody owns them."""
        return {}

    @classmethod
    @contextmanager
    def of_kind(cls, kind: str) -> Iterator[type[Self]]:
        """Work with the records that definitions of custom fields call so. Refused with NotFound."""
        if kind != cls.kind_name():
            raise NotFound(noun="noun", id=kind)
        yield cls

    @classmethod
    def caller_fields(cls) -> Catalogue:
        """The fields that the caller may read, filter and sort by: those of the contract, and the tenant's own."""
        return cls.caller_schema().catalogue(cls.contract_fields(), principal())

    @classmethod
    def get(cls, request: Any) -> Any:
        """The message of the record that `request.id` names. Refused with NotFound."""
        wanted = projection(request.fields, cls.caller_fields())
        row = cls._by_id(request.id, cls.visible(), wanted)
        if row is None:
            raise cls.missing(request.id)
        return mirror.message(cls.contract, row)

    @classmethod
    def get_all(cls, request: Any) -> dict[str, Any]:
        """The messages of those of the records that `request.ids` names which the caller may see, by id."""
        wanted = projection(request.fields, cls.caller_fields())
        rows = cls._get_collection().find(
            {"_id": {"$in": list(request.ids)}, **cls.visible()}, wanted, hint=transaction.BY_ID
        )
        found: Iterator[Any] = (mirror.message(cls.contract, row) for row in rows)
        return {message.id: message for message in found}

    @classmethod
    def page(cls, request: Any, response: type[Message], within: dict[str, Any] | None = None) -> Any:
        """A page of the records that the caller may see, or of those of the query `within`, as a list request asks."""
        narrow = cls.visible() if within is None else within
        narrow = narrow if request.with_deleted else {**narrow, "deleted_time": None}
        return page(
            cls._get_collection(), cls.contract, request, narrow, response,
            as_wire=mirror.as_wire, max_time_ms=5000, fields=cls.caller_fields(),
        )  # fmt: skip

    @classmethod
    def matching(cls, request: Any) -> dict[str, Any]:
        """The query of the live records that the caller may see and that `request.filter`, if set, describes."""
        live: dict[str, Any] = {**cls.visible(), "deleted_time": None}
        if not request.HasField("filter"):
            return live
        return {"$and": [live, query(condition(request.filter, cls.caller_fields()))]}

    @classmethod
    def holding(cls, text: str) -> Any:
        """The records that the caller may see and whose searched fields hold every word of `text`, oldest first."""
        words = sorted(tokens([text]), key=len, reverse=True)  # the longest narrows the index most
        query = {TOKENS: {"$all": words}, "deleted_time": None, **cls.visible()}
        return cls.objects(__raw__=query).order_by("id") if words else cls.objects.none()

    @classmethod
    def find(cls, id: str, action: str = "read") -> Self:
        """The record with this id, as a document. Refused with NotFound; with Forbidden when it may only be read."""
        row = cls._by_id(id, {"deleted_time": None, **cls.visible(action)})
        if row is None:
            raise cls._refusal(id, action)
        return cls._loaded(row)

    @classmethod
    def demand(cls, id: str) -> None:
        """Refused with NotFound where `find` is, and cheaper, for whoever needs nothing of the record."""
        if cls._by_id(id, {"deleted_time": None, **cls.visible()}, ["_id"]) is None:
            raise cls.missing(id)

    @classmethod
    def _by_id(cls, id: str, narrow: dict[str, Any], wanted: Any = None) -> dict[str, Any] | None:
        row: dict[str, Any] | None = cls._get_collection().find_one(
            {"_id": id, **narrow}, wanted, hint=transaction.BY_ID
        )
        return row

    @classmethod
    def missing(cls, id: str) -> NotFound:
        """The refusal for a record that is not there, or that the caller may not know of."""
        return NotFound(noun=cls._words(), id=id)

    @classmethod
    def _words(cls) -> str:
        return cls.about().noun.replace("_", " ")

    @classmethod
    def _refusal(cls, id: str, action: str) -> NotFound | Forbidden:
        known = action != "read" and cls._by_id(id, {"deleted_time": None, **cls.visible()}, ["_id"])
        if not known:
            return cls.missing(id)
        permission = cls.about().permission(action)
        # Who has it at all, has it for less than this record: telling such a user that it lacks would be untrue.
        return Forbidden(
            permission=f"{permission} for this {cls._words()}" if principal().scope(permission) else permission
        )

    # ---------------------------------------------------------------- writing

    @classmethod
    @contextmanager
    def change(cls, request: Any, action: str = "write") -> Iterator[Self]:
        """The record that `request.id` names, kept and published when the block ends well; unchanged otherwise.

        Refused with NotFound, Forbidden, and StaleRevision when the caller's If-Match names another revision.
        """
        noun = cls.find(request.id, action)
        noun.guard()
        yield noun
        noun.keep()

    @classmethod
    def create(cls, message: Message, **fields: Any) -> Self:
        """A new record with the given values, kept and announced; `fields` are stored values that the service gives it.

        Refused with Invalid, Forbidden, AlreadyExists.
        """
        noun = cls.fresh(**fields)
        noun._take(message, [field.name for field, _ in message.ListFields()])
        noun._require()
        return noun.enter()

    def enter(self) -> Self:
        """Keep and announce a fresh record. Refused with Invalid, Forbidden, AlreadyExists."""
        self.arrive()
        self.settle()
        self._refer()
        self.stay_in_scope()
        self.record_standard("Created")
        self.arrived()
        self.keep()
        return self

    def amend(self, message: Message, paths: list[str]) -> bool:
        """Take the fields that `paths` names from `message`; True when that changed anything.

        Refused with Invalid for a path that is unknown, or a value that only the service or a verb may change; with
        Forbidden when the record would go to an owner or a team out of the caller's reach.
        """
        before = self._stored()
        self._take(message, paths)
        self._require()
        self.settle()
        self._refer()
        changed = sorted(differences(before, self._stored()).keys() - mirror.CHASSIS_FIELDS)
        if {"owner_id", "team_id"} & set(changed):
            self.stay_in_scope()
        if changed:
            self.record_standard("Updated", changed_fields=changed)
        return bool(changed)

    def remove(self) -> None:
        """Take the record out of every list; it can be restored for 30 days."""
        self.deleted_time = now()
        self.record_standard("Deleted")

    @classmethod
    def restore(cls, id: str) -> Self:
        """Bring a deleted record back. Refused with NotFound, NotDeleted."""
        row = cls._by_id(id, cls.visible("delete"))
        if row is None:
            raise cls.missing(id)
        noun = cls._loaded(row)
        if noun.deleted_time is None:
            raise NotDeleted(noun=cls.about().noun, id=id)
        noun.guard()
        noun.deleted_time = None
        noun.record_standard("Restored")
        noun.keep()
        return noun

    @classmethod
    def purge(cls, request: Any) -> None:
        """Delete the deleted record that `request.id` names for good. Refused with NotFound, NotDeleted, StaleRevision."""
        row = cls._by_id(request.id, cls.visible("purge"))
        if row is None:
            raise cls.missing(request.id)
        noun = cls._loaded(row)
        if noun.deleted_time is None:
            raise NotDeleted(noun=cls.about().noun, id=request.id)
        noun.guard()
        if event := cls.about().event("Purged"):
            noun.record(event(**{f"{cls.about().noun}_id": noun.id}))
        noun.erase()

    @classmethod
    def retell(cls, about: dict[str, Any], **told: Any) -> None:
        """Write what another record tells into the fields `told` of the records that have the values `about`.

        They are found by it from then on. It is no revision of theirs, and no event of theirs tells it.
        """
        read = dict.fromkeys(("tenant_id", FIELDS, *(path.partition(".")[0] for path in cls.searched)), True)
        rows = cls._get_collection().find({"tenant_id": principal().tenant_id, **about}, read)
        while some := list(islice(rows, _AT_ONCE)):
            for row in some:
                row |= told
                cls._learn(row)
            changes = {row["_id"]: {**told, TOKENS: search_tokens(cls._texts(row))} for row in some}
            writes = [UpdateOne({"_id": id}, {"$set": change}) for id, change in changes.items()]
            cls._get_collection().bulk_write(writes, ordered=False)

    @classmethod
    def of_external_id(cls, system: str, external_id: str) -> Self | None:
        """The record that another system names so, deleted or not; None when there is none."""
        row = cls.row_of_external_id(system, external_id)
        return None if row is None else cls._loaded(row)

    def _refer(self) -> None:
        """Refuse ids in custom fields that name no record which the caller may see; those of before are not asked about."""
        held, before = self._custom(), (self._before or {}).get(FIELDS) or {}
        faults = []
        for field, id in self._schema().references(held) if held else ():
            noun = noun_called(field.refers_to)
            if id != before.get(field.key) and noun is not None and not noun.seen_ids(field.refers_to, [id]):
                faults.append(Violation(f"{self.about().noun}.{field.path}", f"there is no {field.refers_to} {id}"))
        if faults:
            raise Invalid(faults)

    @classmethod
    def seen_ids(cls, kind: str, ids: list[str]) -> set[str]:
        """Those of the ids that name live records of this kind which the caller may see."""
        with cls.of_kind(kind):
            query = {"_id": {"$in": ids}, "deleted_time": None, **cls.visible()}
            return {row["_id"] for row in cls._get_collection().find(query, {"_id": 1})}

    # ---------------------------------------------------------------- what a noun adds

    def arrive(self) -> None:
        """Give a new record what the client left out."""

    def arrived(self) -> None:
        """Record what else follows from a new record, after its own event."""

    def settle(self) -> None:
        """Derive what follows from the fields, and refuse fields that do not fit each other."""

    def stay_in_scope(self) -> None:
        """Refuse with Forbidden what would leave the record where the caller may not write."""
