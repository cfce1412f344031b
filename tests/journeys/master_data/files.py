"""Files that come in as users bring them: uploaded, mapped, started as an import of contacts, and read back."""

import csv
import io
import time
from collections import defaultdict
from dataclasses import dataclass
from pathlib import Path
from typing import Any
from urllib.parse import quote

from tests.rest import Client

_SECONDS = 60.0
_ENDED = ("DONE", "FAILED")
_TYPES = {".csv": "text/csv", ".vcf": "text/vcard"}

Record = dict[str, Any]


@dataclass(frozen=True)
class Brought:
    """A file that came in: what was refused, `column: reason` by row from 1, and the contacts that were made, in its order."""

    faults: dict[int, list[str]]
    contacts: list[Record]


def draft(client: Client, path: Path, **told: Any) -> Record:
    """The import of a file, with the columns that were recognised."""
    kind = {"Content_Type": _TYPES[path.suffix]}
    file = client.call("POST", f"/v1/files?name={quote(path.name)}", path.read_bytes(), kind)
    return dict(client.post("/v1/imports", {"noun": "contact", "file_id": file["id"]} | told).body)


def bring_in(client: Client, path: Path, targets: dict[str, str] | None = None, **told: Any) -> Brought:
    """Bring a file in: each row a contact of its own, whoever is there. `targets` take the place of what was recognised.

    Raises AssertionError when the import does not come to its end.
    """
    job = draft(client, path, match_keys=["id"], **told)
    if targets is not None:
        columns = [{"header": header, "target": target} for header, target in targets.items()]
        job = client.patch(f"/v1/imports/{job['id']}", {"columns": columns}).body
    client.post(f"/v1/imports/{job['id']}:start")
    deadline = time.monotonic() + _SECONDS
    while (job := client.get(f"/v1/imports/{job['id']}").body)["state"] not in _ENDED and time.monotonic() < deadline:
        time.sleep(0.05)
    assert job["state"] == "DONE", f"{path.name}: {job['state']} {job['failure']}"
    since = {"field": "create_time", "op": "gte", "value": job["start_time"]}
    found = client.pages("/v1/contacts", "contacts", filter=since, order_by=["create_time", "id"], page_size=200)
    assert len(found) == int(job["progress"]["created_count"]), f"{path.name}: {job['progress']}"
    return Brought(_faults(client, job["result_file_id"]), found)


def _faults(client: Client, file_id: str) -> dict[int, list[str]]:
    faults = defaultdict[int, list[str]](list)
    if file_id:
        text = client.get(f"/v1/files/{file_id}/content").content.decode()
        for line in csv.DictReader(io.StringIO(text)):
            faults[int(line["row"])].append(f"{line['column']}: {line['reason']}")
    return faults
