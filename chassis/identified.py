"""What a record is known by: its id, its names in other systems, and values that no two records of a tenant share."""

from collections.abc import Iterable, Iterator
from typing import Any, ClassVar

from crm.common.v1 import identity_pb2
from google.protobuf.message import Message
from mongoengine import StringField

from chassis import mirror, transaction
from chassis.contract import NounContract, noun_of
from chassis.fields import FIELDS, NOTHING, UNIQUE, Schema, schema_of
from chassis.plain import Plain
from chassis.principal import principal
from chassis.refusals import AlreadyExists


class Identified(Plain):
    """A record of a tenant that no other can be taken for."""

    meta: ClassVar[dict[str, Any]] = {"abstract": True}
    contract: ClassVar[type[Message]]
    unique: ClassVar[tuple[str, ...]] = ()  # fields that no two records of a tenant share
    # Stored lists that share no entry with those of others.
    exclusive: ClassVar[frozenset[str]] = frozenset({"external_ids", UNIQUE})

    id = StringField(primary_key=True)
    tenant_id = StringField(required=True)
    external_ids = mirror.Parts(identity_pb2.ExternalId)

    @classmethod
    def about(cls) -> NounContract:
        """What the contract says of the noun."""
        return noun_of(cls.contract.DESCRIPTOR)

    @classmethod
    def kind_name(cls) -> str:
        """What definitions of custom fields call the noun: `contact`."""
        return cls.about().noun

    def _claim_unique(self, changes: dict[str, Any]) -> None:
        # Asked before writing, so that a batch can refuse one item: a duplicate key would end the whole transaction.
        # Two that race still meet at the unique index, and the loser's next run is refused here.
        others = {"tenant_id": self.tenant_id, "_id": {"$ne": self.id}}
        for name in self.unique:
            if changes.get(name) and self._get_collection().find_one({**others, name: changes[name]}, {"_id": 1}):
                raise AlreadyExists(noun=self.about().noun, field=name)
        for key in self._anothers(changes.get(UNIQUE) or ()):
            raise AlreadyExists(noun=self.about().noun, field=f"{FIELDS}.{key}")
        for pair in changes.get("external_ids") or ():
            if self._is_anothers(pair):
                raise AlreadyExists(noun=self.about().noun, field="external_ids", **pair)

    def give_way(self) -> list[str]:
        """Give up the external ids, and the values of unique fields of the tenant's own, that another record has; their paths."""
        gone = []
        pairs = [pair for pair in self.external_ids if not self._is_anothers(pair)]
        if len(pairs) < len(self.external_ids):
            self.external_ids = pairs
            gone.append("external_ids")
        custom = self._custom()
        if keys := list(self._anothers(self._schema().entries(custom).get(UNIQUE, ()))):
            self.custom_fields = {key: value for key, value in custom.items() if key not in keys}
            gone += [f"{FIELDS}.{key}" for key in keys]
        return gone

    def _anothers(self, entries: Iterable[str]) -> Iterator[str]:
        """The keys of those unique entries, `key=value`, that another record has."""
        others = {"tenant_id": self.tenant_id, "_id": {"$ne": self.id}}
        for entry in entries:
            if self._get_collection().find_one({**others, UNIQUE: entry}, {"_id": 1}):
                yield entry.partition("=")[0]

    def _is_anothers(self, pair: dict[str, str]) -> bool:
        row = self.row_of_external_id(**pair)
        return row is not None and row["_id"] != self.id

    @classmethod
    def row_of_external_id(cls, system: str, id: str) -> dict[str, Any] | None:
        """The stored row of the record that another system names so, deleted or not; asked once per transaction."""
        pair = {"external_ids": {"$elemMatch": {"system": system, "id": id}}}
        query = {"tenant_id": principal().tenant_id, **pair}
        return transaction.remembered(cls._pair_key(system, id), lambda: cls._get_collection().find_one(query))

    @classmethod
    def foresee_external_ids(cls, pairs: list[tuple[str, str]]) -> None:
        """Look the records of many external ids up at once, for a batch that will ask for each."""
        systems: dict[str, list[str]] = {}
        for system, id in pairs:
            systems.setdefault(system, []).append(id)
        either = [
            {"external_ids": {"$elemMatch": {"system": system, "id": {"$in": ids}}}} for system, ids in systems.items()
        ]
        for pair in pairs:
            transaction.remember(cls._pair_key(*pair), None)
        for row in cls._get_collection().find({"tenant_id": principal().tenant_id, "$or": either}) if either else ():
            for each in row["external_ids"]:
                transaction.remember(cls._pair_key(**each), row)

    @classmethod
    def _lead_to(cls, found: dict[str, Any] | None, row: dict[str, Any]) -> None:
        """Let the external ids of a row lead to this stored one, or to nobody, in what the transaction still asks."""
        for pair in row.get("external_ids", ()):
            transaction.remember(cls._pair_key(**pair), found)

    @classmethod
    def _pair_key(cls, system: str, id: str) -> tuple[Any, ...]:
        return cls, principal().tenant_id, system, id

    def _custom(self) -> dict[str, Any]:
        return getattr(self, FIELDS, None) or {}

    def _schema(self) -> Schema:
        # Of the record's tenant: a record that was never kept knows no caller yet.
        return schema_of(self.tenant_id, self.kind_name()) if FIELDS in self._fields else NOTHING
