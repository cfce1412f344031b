"""Builders of campaigns' messages, with their cast: Ada Thorn, who gets mails, and the spring mail that goes to her."""

from typing import Any

from crm.campaigns.v1 import campaign_pb2, consent_pb2, segment_pb2, template_pb2, web_form_pb2
from crm.common.v1 import listing_pb2
from crm.contacts.v1 import contact_pb2
from google.protobuf import json_format

from chassis import new_id

HTML = (
    "<html><body><p>Dear {{ contact.given_name }},</p>"
    '<p><a href="https://shop.example/spring?a=1&amp;b=2">Spring</a> and <a href="https://shop.example/roses">roses</a></p>'
    '<p><a href="{{ unsubscribe_url }}">No more mails</a></p></body></html>'
)


def where(**conditions: Any) -> listing_pb2.Filter:
    """A filter: `where(all=[...])` or `where(field="tags", op="eq", value="gold")`."""
    return json_format.ParseDict(conditions, listing_pb2.Filter())


def tagged(tag: str) -> listing_pb2.Filter:
    """Who has the tag."""
    return where(field="tags", op="eq", value=tag)


def a_contact_told(**fields: Any) -> contact_pb2.Contact:
    """Ada Thorn, as an event of contacts carries her."""
    id = fields.pop("id", "") or new_id("con")
    address = fields.pop("address", f"ada-{id[-6:]}@roseandthorn.example")
    given = {
        "id": id, "given_name": "Ada", "family_name": "Thorn", "display_name": "Ada Thorn", "language_code": "en",
        "emails": [{"address": address, "primary": True}] if address else [],
    }  # fmt: skip
    return contact_pb2.Contact(**(given | fields))


def a_segment_message(filter: listing_pb2.Filter | None = None, **fields: Any) -> segment_pb2.Segment:
    """A dynamic segment: who is tagged gold; or a static one, which has no filter."""
    given = {"name": "Gold", "filter": tagged("gold") if filter is None else filter}
    if fields.get("kind") == "STATIC":
        del given["filter"]
    return segment_pb2.Segment(**(given | fields))


def a_template_message(**fields: Any) -> template_pb2.Template:
    """The spring mail."""
    return template_pb2.Template(
        **({"name": "Spring", "subject": "Spring, {{ contact.given_name }}", "html": HTML} | fields)
    )


def a_campaign_message(**fields: Any) -> campaign_pb2.Campaign:
    """The spring campaign."""
    given = {"name": "Spring 2026", "topic": "news", "from_name": "Kith", "from_address": "news@kith.example"}
    return campaign_pb2.Campaign(**(given | fields))


def a_consent_message(**fields: Any) -> consent_pb2.Consent:
    """A yes to news."""
    return consent_pb2.Consent(
        **({"topic": "news", "state": "OPTED_IN", "source": "fair", "proof": "Yes, please."} | fields)
    )


def a_form_message(**fields: Any) -> web_form_pb2.WebForm:
    """A form that asks for name and address, and for consent to news."""
    given = {
        "name": "Ask us",
        "fields": [
            {"key": "given_name", "label": "Your name"}, {"key": "email", "kind": "EMAIL", "required": True},
            {"key": "budget", "kind": "CHOICE", "choices": ["small", "large"]},
        ],
        "consent_topic": "news", "consent_text": "Send me news.", "consent_version": "2026-01",
        "redirect_urls": ["https://www.example.com/thanks"], "allowed_hosts": ["www.example.com"], "minimum_seconds": 1,
    }  # fmt: skip
    return web_form_pb2.WebForm(**(given | fields))
