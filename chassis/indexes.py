"""The indexes of nouns and projections: the standing ones, and those they ask for. The tenant comes first in each."""

from datetime import timedelta
from typing import Any

from pymongo import ASCENDING, IndexModel

from chassis.document import Noun
from chassis.fields import FIELDS, UNIQUE
from chassis.listing import INDEX, vocabulary
from chassis.listing.counts import NEWEST
from chassis.listing.frequency import WORDS
from chassis.plain import LISTS
from chassis.projection import Projection

RESTORABLE = timedelta(days=30)  # api.md: a deleted record can be restored for so long

_EXPIRING = "deleted_time"


def prepare(model: type[Noun] | type[Projection]) -> None:
    """Make the indexes of a noun or a projection; those that are there already stay as they are."""
    standing = _standing(model) if issubclass(model, Noun) else []
    if issubclass(model, Noun) and model.about().event("Purged") and f"{_EXPIRING}_1" in _present(model):
        model._get_collection().drop_index(f"{_EXPIRING}_1")  # from before its purges were announced
    _let_go(model)
    if issubclass(model, Noun) and model.searched:
        vocabulary.prepare(model._get_db())
    if wanted := standing + [_index(*_listed(model, names)) for names in model.indexed]:
        model._get_collection().create_indexes(wanted)


def _let_go(model: type[Noun] | type[Projection]) -> None:
    # Indexes of lists from before they told whose a record is.
    plain = {_index(*names, "_id").document["name"] for names in model.indexed if _listed(model, names)[-1] != "_id"}
    for name in plain & set(_present(model)):
        model._get_collection().drop_index(name)


def _present(model: type[Noun] | type[Projection]) -> Any:
    return model._get_collection().index_information()


def _listed(model: type[Noun] | type[Projection], names: tuple[str, ...]) -> tuple[str, ...]:
    """What a list reads by `names`; its entries tell owner and team, too, so that others' records need not be read."""
    if not issubclass(model, Noun) or not model.about().owned or "owner_id" in names:
        return (*names, "_id")
    stored = {field.stored: field for field in model.contract_fields().values()}
    many = any(name not in stored or not stored[name].single for name in names)  # few records share one of many values
    return (*names, "_id") if many else (*names, "_id", "owner_id", "team_id")


def _standing(noun: type[Noun]) -> list[IndexModel]:
    indexes = [
        IndexModel(NEWEST),
        IndexModel(WORDS),
        _unique("external_ids", "external_ids.system", "external_ids.id"),
        _deleted(noun),
    ]
    if noun.about().owned:
        indexes += [_index("owner_id", "_id"), _index("team_id", "_id")]
    if FIELDS in noun.about().fields:
        # Records without such values are in neither, so that they cost nothing where nobody defines fields.
        entries = [("tenant_id", ASCENDING), (f"{INDEX}.k", ASCENDING), (f"{INDEX}.v", ASCENDING), ("_id", ASCENDING)]
        indexes += [IndexModel(entries, partialFilterExpression={INDEX: {"$exists": True}}), _unique(UNIQUE, UNIQUE)]
        members: Any = [("tenant_id", ASCENDING), (LISTS, ASCENDING), ("_id", ASCENDING)]
        indexes.append(IndexModel(members, partialFilterExpression={LISTS: {"$exists": True}}))
    return indexes + [_unique(name, name) for name in noun.unique]


def _deleted(noun: type[Noun]) -> IndexModel:
    # A purge that is announced is done by chassis/retention.py; what nobody needs to hear of, the server expires by itself.
    if noun.about().event("Purged"):
        present = {"deleted_time": {"$exists": True}}
        return IndexModel([("deleted_time", ASCENDING), ("_id", ASCENDING)], partialFilterExpression=present)
    return IndexModel([(_EXPIRING, ASCENDING)], expireAfterSeconds=int(RESTORABLE.total_seconds()))


def _index(*names: str) -> IndexModel:
    return IndexModel([("tenant_id", ASCENDING), *((name, ASCENDING) for name in names)])


def _unique(present: str, *names: str) -> IndexModel:
    keys: Any = [("tenant_id", ASCENDING), *((name, ASCENDING) for name in names)]
    return IndexModel(keys, unique=True, partialFilterExpression={present: {"$exists": True}})
