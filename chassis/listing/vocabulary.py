"""The words that a tenant's records of one noun have ever held in their names, to find what a misspelt word was meant to be.

A million people share some ten thousand names. So it is the words that are kept in all spellings, each once, and not the
records: a record keeps its words alone, and a search for a misspelt word becomes one for the few words that it may mean.
A word that no record holds any more finds nothing, and does no harm.
"""

from collections.abc import Iterable
from typing import Any

from pymongo import ASCENDING, UpdateOne, WriteConcern
from pymongo.collection import Collection
from pymongo.database import Database

from chassis.listing.likeness import alike, slips, spelt
from chassis.listing.words import TOKENS

COLLECTION = "search_words"
MOST_LOOKED_AT = 300  # words of a spelling in common that are compared
MOST_MEANT = 8  # words that one misspelt word may mean
_MOST_KNOWN = 200_000  # words that a process remembers to be there

Rows = Collection[dict[str, Any]]

_known: dict[tuple[Rows, str, str], None] = {}


def prepare(database: Database[dict[str, Any]]) -> None:
    """Make the index of the spellings."""
    keys = [("tenant_id", ASCENDING), ("noun", ASCENDING), ("spellings", ASCENDING)]
    database[COLLECTION].create_index(keys)


def unknown(collection: Rows, tenant_id: str, words: Iterable[str]) -> list[str]:
    """Those of `words` that may be missing in the vocabulary of the noun in `collection`."""
    return [word for word in words if spelt(word) and (collection, tenant_id, word) not in _known]


def learn(collection: Rows, tenant_id: str, words: Iterable[str]) -> None:
    """Keep words; those that are there stay. Not within a transaction: many writers learn the same word at once."""
    noun = collection.name
    writes = [
        UpdateOne(
            {"_id": f"{tenant_id} {noun} {word}"},
            {"$setOnInsert": {"tenant_id": tenant_id, "noun": noun, "word": word, "spellings": alike(word)}},
            upsert=True,
        )
        for word in words
    ]
    # A word that is lost with the primary is learnt again from the next record that holds it.
    collection.database.get_collection(COLLECTION, write_concern=WriteConcern(1)).bulk_write(writes, ordered=False)
    if len(_known) > _MOST_KNOWN:
        _known.clear()
    _known.update(((collection, tenant_id, word), None) for word in words)


def unlearn(database: Database[dict[str, Any]], tenant_id: str) -> None:
    """Drop the tenant's words that no record holds any more. Other processes go on taking them for known until they end."""
    for row in database[COLLECTION].find({"tenant_id": tenant_id}, {"noun": 1, "word": 1}, batch_size=1000):
        held = database[row["noun"]].find_one({"tenant_id": tenant_id, TOKENS: row["word"]}, {"_id": 1})
        if held is None:
            database[COLLECTION].delete_one({"_id": row["_id"]})
            _known.pop((database[row["noun"]], tenant_id, row["word"]), None)


def meant(collection: Rows, tenant_id: str, word: str) -> list[str]:
    """The words that `word` may mean, the most alike first; none where it cannot be misspelt."""
    if not spelt(word):
        return []
    query = {"tenant_id": tenant_id, "noun": collection.name, "spellings": {"$in": alike(word)}}
    rows = collection.database[COLLECTION].find(query, {"word": 1}, limit=MOST_LOOKED_AT)
    found = {row["word"]: count for row in rows if (count := slips(word, row["word"])) is not None}
    return sorted(found, key=lambda each: (found[each], each))[:MOST_MEANT]
