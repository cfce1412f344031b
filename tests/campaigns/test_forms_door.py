"""What visitors can do: send forms in; and what machines cannot."""

import time
from typing import Any

import pytest
from crm.campaigns.v1 import events_pb2, public_pb2, web_form_pb2
from crm.common.v1 import listing_pb2

from chassis import transaction
from chassis.testing import details, reason
from tests.builders.campaigns import a_form_message
from tests.campaigns.conftest import Marketing, announced
from tests.campaigns.visits import BROWSER
from tests.refused import refused


def a_form(marketing: Marketing, **fields: Any) -> web_form_pb2.WebForm:
    return marketing.caller.CreateWebForm(web_form_pb2.CreateWebFormRequest(web_form=a_form_message(**fields)))


def filled(marketing: Marketing, form: web_form_pb2.WebForm, wait: float = 1.1, **fields: Any) -> Any:
    shown = marketing.visitor.RenderForm(public_pb2.RenderFormRequest(id=form.id))
    time.sleep(wait)
    answers = {"given_name": "Mina", "email": "mina@valegardens.example", "budget": "large"}
    given = {"id": form.id, "token": shown.token, "answers": answers, "consented": True, "visit": BROWSER} | fields
    return public_pb2.SubmitFormRequest(**given)


def submissions(form: web_form_pb2.WebForm) -> list[events_pb2.FormSubmitted]:
    ids = [row["_id"] for row in transaction.database()["submissions"].find({"form_id": form.id})]
    return [events_pb2.FormSubmitted.FromString(row["body"]) for id in ids for row in announced(id, "FormSubmitted")]


def test_a_form_that_is_sent_in_is_announced_once_with_proof_of_consent(marketing: Marketing) -> None:
    form = a_form(marketing, campaign_id=marketing.campaign(marketing.segment()).id)
    asked = filled(marketing, form)
    for _ in range(2):
        assert marketing.visitor.SubmitForm(asked).redirect_url == "https://www.example.com/thanks"
    [told] = submissions(form)
    assert dict(told.answers) == {"given_name": "Mina", "email": "mina@valegardens.example", "budget": "large"}
    assert (told.owner_id, told.campaign_id, told.consent_topic) == (form.owner_id, form.campaign_id, "news")
    [consent] = marketing.caller.ListConsents(listing_pb2.ListRequest()).consents
    assert (consent.proof, consent.proof_version, consent.record_id) == ("Send me news.", "2026-01", told.submission_id)
    later = marketing.meet(consents=False, address="mina@valegardens.example")
    [member] = marketing.caller.ListAudienceMembers(listing_pb2.ListRequest()).audience_members
    assert (member.id, list(member.opted_in)) == (later.id, ["news"])


def test_a_box_that_is_not_ticked_consents_to_nothing(marketing: Marketing) -> None:
    form = a_form(marketing)
    marketing.visitor.SubmitForm(filled(marketing, form, consented=False))
    assert [each.consent_topic for each in submissions(form)] == [""]
    assert not marketing.caller.ListConsents(listing_pb2.ListRequest()).consents


@pytest.mark.parametrize(
    ("fields", "said"),
    [
        ({"token": ""}, "FORM_EXPIRED"),
        ({"token": "1.k1.f.x.0.mac~1.k1.f.x.0.mac"}, "FORM_EXPIRED"),
        ({"host": "evil.example"}, "HOST_NOT_ALLOWED"),
        ({"answers": {"email": "nobody"}}, "INVALID"),
        ({"answers": {"given_name": "Mina"}}, "INVALID"),
        ({"answers": {"email": "a@b.example", "budget": "vast"}}, "INVALID"),
        ({"answers": {"email": "a@b.example", "given_name": "x" * 300}}, "INVALID"),
        ({"answers": {"email": "a@b.example\nBcc: all@b.example"}}, "INVALID"),
    ],
)
def test_what_a_form_does_not_take_is_refused(marketing: Marketing, fields: dict[str, Any], said: str) -> None:
    form = a_form(marketing)
    assert reason(refused(marketing.visitor.SubmitForm, filled(marketing, form, **fields))) == said
    assert not submissions(form)


def test_what_no_person_fills_in_so_fast_is_refused(marketing: Marketing) -> None:
    form = a_form(marketing, minimum_seconds=60)
    assert reason(refused(marketing.visitor.SubmitForm, filled(marketing, form, wait=0))) == "FORM_TOO_FAST"
    assert not submissions(form)


def test_a_filled_trap_is_thanked_and_forgotten(marketing: Marketing) -> None:
    form = a_form(marketing)
    assert marketing.visitor.SubmitForm(filled(marketing, form, honeypot="https://spam.example")).redirect_url
    assert not submissions(form)


def test_a_token_of_one_form_opens_no_other_and_no_redirect_leads_elsewhere(marketing: Marketing) -> None:
    one, other = a_form(marketing), a_form(marketing, redirect_urls=[], thanks="Thanks!")
    asked = filled(marketing, one)
    asked.id = other.id
    assert reason(refused(marketing.visitor.SubmitForm, asked)) == "FORM_EXPIRED"
    answer = marketing.visitor.SubmitForm(filled(marketing, other, redirect_url="https://evil.example/"))
    assert (answer.redirect_url, answer.thanks) == ("", "Thanks!")
    answer = marketing.visitor.SubmitForm(filled(marketing, one, redirect_url="https://evil.example/"))
    assert answer.redirect_url == "https://www.example.com/thanks"


def test_a_closed_form_takes_nothing(marketing: Marketing) -> None:
    form = a_form(marketing, closed=True)
    assert reason(refused(marketing.visitor.RenderForm, public_pb2.RenderFormRequest(id=form.id))) == "FORM_CLOSED"


@pytest.mark.parametrize(
    ("fields", "path"),
    [
        ({"fields": [{"key": "given_name"}], "consent_topic": ""}, "web_form.fields"),
        ({"fields": [{"key": "email"}, {"key": "email"}]}, "web_form.fields[1].key"),
        ({"consent_text": ""}, "web_form.consent_topic"),
        ({"redirect_urls": ["http://www.example.com/"]}, "web_form.redirect_urls[0]"),
        ({"fields": [{"key": "email"}, {"key": "size", "kind": "CHOICE"}]}, "web_form.fields[1].choices"),
    ],
)
def test_a_form_that_cannot_work_is_not_made(marketing: Marketing, fields: dict[str, Any], path: str) -> None:
    asked = web_form_pb2.CreateWebFormRequest(web_form=a_form_message(**fields))
    assert path in details(refused(marketing.caller.CreateWebForm, asked))["violations"]
