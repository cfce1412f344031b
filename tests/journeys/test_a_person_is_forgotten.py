"""A customer asks what we know, and then to be forgotten: every service tells, and then no database names the person any more."""

import io
import json
import re
import smtplib
import zipfile
from collections.abc import Iterator
from types import SimpleNamespace
from typing import Any
from urllib.parse import urlsplit

import pytest
from bson.raw_bson import RawBSONDocument
from pymongo import MongoClient

from tests.builders.support import a_mail
from tests.journeys.waiting import eventually, refused
from tests.rest import Client
from tests.suite import Suite

GIVEN, FAMILY, EMAIL, PHONE = "Quillon", "Vexleyan", "quillon@vexleyan.example", "+441632960177"
NAME = f"{GIVEN} {FAMILY}"
NAMED = re.compile(b"|".join(re.escape(each.encode()) for each in (EMAIL, PHONE, GIVEN, FAMILY)), re.IGNORECASE)


@pytest.fixture(scope="module")
def customer(company: Any) -> SimpleNamespace:
    """Somebody of whom every service knows something."""
    admin = company.administrator
    account = admin.post("/v1/accounts", {"name": "A garden"})["id"]
    person = {"given_name": GIVEN, "family_name": FAMILY, "emails": [{"address": EMAIL}], "phones": [{"number": PHONE}]}
    contact = admin.post("/v1/contacts", person | {"account_id": account, "description": GIVEN}, idempotency_key="met")[
        "id"
    ]
    about = {"contact_id": contact}
    admin.post("/v1/needs", about | {"category": "roses", "description": f"{GIVEN} wants them"})
    admin.post("/v1/preferences", about | {"key": "colour", "value": "red", "description": f"says {FAMILY}"})
    admin.post("/v1/interactions", {"kind": "CALL", "title": f"{GIVEN} called", "contact_ids": [contact]})
    admin.post("/v1/leads", {"given_name": GIVEN, "company_name": "A garden", "email": EMAIL})
    product = admin.post("/v1/products", {"name": "Rose", "list_price": {"currency_code": "EUR", "units": "17"}})["id"]
    order = admin.post(
        "/v1/orders",
        {
            "account_id": account,
            "contact_ids": [contact],
            "description": f"for {NAME}",
            "lines": [{"product_id": product}],
        },
    )["id"]
    deal = admin.post("/v1/opportunities", {"name": f"The garden of {NAME}", "account_id": account})["id"]
    admin.post(
        "/v1/consents", about | {"address": EMAIL, "topic": "news", "state": "OPTED_IN", "proof": f"{GIVEN} said so"}
    )
    box = f"help@{company.key}.example"
    admin.post("/v1/mailboxes", {"address": box, "name": "Help"})
    with smtplib.SMTP(*company.mail_listener) as listener:
        listener.sendmail(EMAIL, box, a_mail(f"{NAME} asks", to=box, sender=EMAIL))
    ticket = eventually(lambda: admin.get("/v1/tickets")["tickets"])[0]["id"]
    admin.post(f"/v1/tickets/{ticket}:reply", {"body_text": f"Dear {GIVEN}"})
    double = admin.post("/v1/contacts", {"given_name": GIVEN, "family_name": FAMILY, "job_title": f"{GIVEN}'s job"})[
        "id"
    ]
    merge = admin.post(f"/v1/contacts/{contact}:merge", {"merged_ids": [double]})["id"]
    given_away(admin, contact)
    imported = in_and_out(admin)
    eventually(lambda: admin.get(f"/v1/contacts/{contact}/purchases")["purchases"])
    eventually(lambda: admin.get("/v1/audience-members")["audience_members"])
    return SimpleNamespace(contact=contact, order=order, deal=deal, ticket=ticket, merge=merge, imported=imported)


def given_away(admin: Client, contact: str) -> None:
    """A file on the person, an offer that somebody opened by a link, and a record of the tenant's own that refers to it."""
    note = {"record_id": contact, "file_id": brought(admin, f"{FAMILY}.txt", f"{GIVEN} likes roses")}
    admin.post("/v1/attachments", note)
    offer = admin.post("/v1/documents", {"name": f"Offer for {GIVEN}", "contact_ids": [contact]})["id"]
    revision = {"file_id": brought(admin, "offer.txt", f"Dear {NAME}")}
    admin.post(f"/v1/documents/{offer}/revisions", revision)
    admin.post("/v1/annotations", {"document_id": offer, "text": f"Will {GIVEN} pay?"})
    link = admin.post("/v1/share-links", {"document_id": offer, "recipient": GIVEN, "contact_id": contact})
    assert admin.send("GET", urlsplit(link["url"]).path).status == 200
    admin.post("/v1/objects", {"key": "garden", "label": "Garden"})
    field = {"key": "owner", "label": "Owner", "type": "REFERENCE", "refers_to": "contact"}
    admin.post("/v1/schema/objects.garden/fields", field)
    admin.post("/v1/objects/garden/records", {"name": f"The garden of {NAME}", "custom_fields": {"owner": contact}})


def in_and_out(admin: Client) -> str:
    """An import that changed the person, with its file, and an export that has it; the import's id."""
    table = f"E-mail,First name,Notes\n{EMAIL},{GIVEN},{GIVEN} was here\n"
    told = {"noun": "contact", "file_id": brought(admin, "people.csv", table), "match_keys": ["emails.address"]}
    imported = admin.post("/v1/imports", told)["id"]
    admin.post(f"/v1/imports/{imported}:start")
    eventually(lambda: admin.get(f"/v1/imports/{imported}")["state"] == "DONE")
    exported = admin.post("/v1/exports", {"noun": "contact", "format": "XLSX"})["id"]
    eventually(lambda: admin.get(f"/v1/exports/{exported}")["state"] == "DONE")
    return str(imported)


def brought(admin: Client, name: str, text: str) -> str:
    """The id of a file."""
    return str(admin.insist("POST", f"/v1/files?name={name}", text.encode(), Content_Type="text/plain")["id"])


def naming(suite: Suite, tenant_id: str) -> Iterator[str]:
    """Every stored document of the tenant, in any database, that names the person: where, and the bytes around."""
    with MongoClient[Any](suite.mongo_admin_url(), document_class=RawBSONDocument) as client:
        for database in set(client.list_database_names()) - {"admin", "config", "local"}:
            for name in client[database].list_collection_names():
                whose: dict[str, Any] = {"tenant_id": tenant_id}
                if name == "file_content.chunks":
                    contents = client[database]["file_contents"]
                    whose = {"files_id": {"$nin": contents.distinct("_id", {"tenant_id": {"$ne": tenant_id}})}}
                for document in client[database][name].find(whose):
                    if found := NAMED.search(document.raw):
                        yield f"{database}.{name} {document['_id']}: {document.raw[max(0, found.start() - 60) : found.end()]!r}"


@pytest.fixture(scope="module")
def told(company: Any, customer: SimpleNamespace) -> dict[str, list[dict[str, Any]]]:
    """What the person hears who asks what we know of it: the records by their file in the bundle."""
    admin = company.administrator
    asked = admin.post("/v1/disclosures", {"email": EMAIL, "reason": "asked by letter"}).body
    assert asked["contact_ids"] == [customer.contact]
    content = admin.get(f"/v1/disclosures/{asked['id']}/content").content
    with zipfile.ZipFile(io.BytesIO(content)) as bundle:
        files = {name: bundle.read(name) for name in bundle.namelist()}
    counts = json.loads(files.pop("manifest.json"))["records"]
    records = {name: [json.loads(each) for each in lines.splitlines()] for name, lines in files.items()}
    assert {name: len(some) for name, some in records.items()} == counts
    return records


def test_who_asks_what_we_know_is_told_by_every_service(
    company: Any, customer: SimpleNamespace, told: dict[str, Any]
) -> None:
    one_each = ("contacts/contacts", "contacts/needs", "contacts/preferences", "contacts/leads", "contacts/purchases")
    assert {name: len(told[f"{name}.ndjson"]) for name in one_each} == dict.fromkeys(one_each, 1)
    assert [each["id"] for each in told["sales/orders.ndjson"]] == [customer.order]
    assert [each["id"] for each in told["support/tickets.ndjson"]] == [customer.ticket]
    assert len(told["support/messages.ndjson"]) == 2
    assert [each["address"] for each in told["campaigns/consents.ndjson"]] == [EMAIL]
    assert told["campaigns/audience_members.ndjson"][0]["opted_in"] == ["news"]
    for name in ("attachments", "documents", "share_links", "document_views", "merges", "records"):
        assert len(told[f"contacts/{name}.ndjson"]) == 1, name
    reader = company.hire("Rea Reader", "read_only")
    with refused(403):
        reader.get(f"/v1/disclosures/{told['contacts/disclosures.ndjson'][0]['id']}/content")


@pytest.fixture(scope="module")
def forgotten(suite: Suite, company: Any, customer: SimpleNamespace, told: dict[str, Any]) -> SimpleNamespace:
    """The same person after the erasure: where the databases named it before, and the receipt."""
    admin, tenant_id = company.administrator, company.tenant["id"]
    assert told["contacts/disclosures.ndjson"][0]["email"] == EMAIL
    before = {each.split(" ")[0].split(".")[-1] for each in naming(suite, tenant_id)}
    asked = admin.post("/v1/erasures", {"contact_id": customer.contact, "reason": "asked by letter"}).body
    path = f"/v1/erasures/{asked['id']}"
    suite.kill("contacts")  # whoever comes after it goes on
    receipt = eventually(lambda: (found := admin.get(path).body)["state"] == "DONE" and found, 60)
    return SimpleNamespace(**vars(customer), before=before, receipt=receipt)


def test_after_the_erasure_nothing_names_the_person(suite: Suite, company: Any, forgotten: SimpleNamespace) -> None:
    before, steps = forgotten.before, forgotten.receipt["steps"]
    assert before >= {"contacts", "leads", "interactions", "events", "raw_mails", "orders", "opportunities", "consents"}
    assert before >= {"idempotency_records", "known_contacts", "audience_members", "tickets", "needs", "preferences"}
    assert before >= {
        "merge_images",
        "attachments",
        "files",
        "chunks",
        "documents",
        "annotations",
        "share_links",
        "records",
    }
    assert before >= {"document_views", "imports", "import_changes", "search_words"}
    eventually(lambda: not list(naming(suite, company.tenant["id"])))
    counts = {(step["service"], each["collection"]): each["count"] for step in steps for each in step["erased"]}
    assert {step["service"] for step in steps} == {"campaigns", "contacts", "sales", "support"}
    for one in (("contacts", "contacts"), ("contacts", "leads"), ("contacts", "needs"), ("support", "tickets")):
        assert counts[one] == 1, counts
    assert counts["sales", "other_records"] >= 2, counts


def test_what_the_law_demands_stays(company: Any, forgotten: SimpleNamespace) -> None:
    admin = company.administrator
    order = admin.get(f"/v1/orders/{forgotten.order}").body
    assert (order["total"]["units"], order["description"]) == ("17", "for [erased]")
    assert admin.get(f"/v1/opportunities/{forgotten.deal}")["name"] == "The garden of [erased]"
    assert admin.get(f"/v1/tickets/{forgotten.ticket}")["subject"] == "[erased]"
    with refused(404):
        admin.get(f"/v1/contacts/{forgotten.contact}")


def test_address_and_number_stay_suppressed(company: Any, forgotten: SimpleNamespace) -> None:
    assert forgotten.receipt["state"] == "DONE"
    assert len(company.administrator.get("/v1/suppressions")["suppressions"]) == 2
    for named in ({"address": EMAIL}, {"phone_number": PHONE}):
        with refused(409):
            company.administrator.post("/v1/suppressions", named | {"reason": "REQUESTED"})


def test_nothing_brings_the_person_back(suite: Suite, company: Any, forgotten: SimpleNamespace) -> None:
    admin = company.administrator
    for verb in ("unmerge", "restore"):
        with refused(404):
            admin.post(f"/v1/contacts/{forgotten.contact}:{verb}")
    assert admin.get(f"/v1/merges/{forgotten.merge}")["state"] == "FORGOTTEN"
    admin.post(f"/v1/imports/{forgotten.imported}:revert")
    eventually(lambda: admin.get(f"/v1/imports/{forgotten.imported}")["state"] == "REVERTED")
    assert admin.get("/v1/contacts")["contacts"] == []
    assert not list(naming(suite, company.tenant["id"]))
