"""What imports and exports forget of a person: their files that name it, and the way back of its records.

A file is whole or it is nothing: one that names the person goes, and the job stays with what it counted. To revert an import is
still possible, for what it did is noted apart; only the person's records have no way back.
"""

from collections.abc import Iterator
from dataclasses import replace

from chassis import Person, cells_of, importing, principal
from services.contacts.exports import Export
from services.contacts.file import File
from services.contacts.imports import Import
from services.contacts.mention import Mention

_NAMED = ((Import, "file_id"), (Import, "result_file_id"), (Export, "file_id"))


def look(person: Person) -> Person:
    """The person with the files of all jobs that name it: each is read, which may take minutes.

    What is told of the faults of such a file goes with it: single cells of the person's row stand there, without its name.
    """
    names = Mention(person)
    named = {file.id for file in _files() if any(map(names.stands_in, cells_of(file)))}
    mine = {"tenant_id": principal().tenant_id, "file_id": {"$in": sorted(named)}}
    named |= {id for id in Import._get_collection().distinct("result_file_id", mine) if id}
    return replace(person, file_ids=tuple(sorted(named)))


def forget(file_ids: tuple[str, ...], people: list[str]) -> dict[str, list[str]]:
    """Take the files from the jobs that have them, with what was shown and noted of their rows; the jobs' ids by collection."""
    mine, gone = {"tenant_id": principal().tenant_id}, dict[str, set[str]]()
    for noun, field in _NAMED:
        named = {**mine, field: {"$in": list(file_ids)}}
        ids = set(noun._get_collection().distinct("_id", named))
        noun._get_collection().update_many(named, {"$unset": {field: ""}, "$inc": {"revision": 1}})
        gone[noun.about().plural] = gone.get(noun.about().plural, set()) | ids
    imports = sorted(gone["imports"])
    seen = {**mine, "_id": {"$in": imports}, "columns.0": {"$exists": True}}
    Import._get_collection().update_many(seen, {"$set": {"columns.$[].samples": []}})
    importing.forget(imports, people)
    return {plural: sorted(ids) for plural, ids in gone.items()}


def _files() -> Iterator[File]:
    mine = {"tenant_id": principal().tenant_id}
    ids = {id for noun, field in _NAMED for id in noun._get_collection().distinct(field, mine) if id}
    yield from (File._loaded(row) for row in File._get_collection().find({**mine, "_id": {"$in": sorted(ids)}}))
