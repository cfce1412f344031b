"""What a form that was sent in says of a lead."""

from crm.campaigns.v1 import events_pb2 as campaigns

from services.contacts import telephones
from services.contacts.lead import Lead

SYSTEM = "web_form"
_FIELDS = ("given_name", "family_name", "company_name", "email", "job_title")
_LONGEST = 10_000


def lead_of(event: campaigns.FormSubmitted) -> Lead:
    """The lead that the answers describe, not yet kept. What has no field of a lead stands in the description."""
    answers = dict(event.answers)
    fields = {name: answers.pop(name) for name in _FIELDS if answers.get(name)} | _telephone(answers)
    if not fields.keys() & {"given_name", "family_name", "company_name", "email"}:
        fields["family_name"] = event.answers.get("phone") or event.form_name  # a lead needs something to be called by
    lines = [answers.pop("description", ""), *(f"{key}: {text}" for key, text in sorted(answers.items()))]
    return Lead.fresh(
        **fields,
        source=event.lead_source or None,
        campaign_id=event.campaign_id or None,
        owner_id=event.owner_id or None,
        team_id=event.team_id or None,
        description="\n".join(line for line in lines if line)[:_LONGEST] or None,
        external_ids=[{"system": SYSTEM, "id": event.submission_id}],
    )


def _telephone(answers: dict[str, str]) -> dict[str, str]:
    """The number that was typed, which answers no more; nothing where it cannot be read without knowing the country."""
    try:
        number = telephones.read(answers.get("phone", "")).number
    except telephones.Unreadable:
        return {}
    return {"phone": number, "phone_raw": answers.pop("phone")}
