"""Answers of a web form: held against what the form asks and against machines, kept with proof, and announced.

Against machines: a token, signed when the form was shown, that says when that was; a time that a person needs at least; a field
that people do not see. What fills that field is thanked and forgotten, so that nobody learns what gave it away.
"""

import hmac
import re
import time
from typing import Any

from crm.campaigns.v1 import events_pb2, public_pb2
from pymongo.database import Database

from chassis import Invalid, Violation, announce, fold, network, new_id, now, transaction
from services.campaigns import keyring, standing
from services.campaigns.consent import Consent
from services.campaigns.gate import OPTED_IN
from services.campaigns.refusals import FormExpired, FormTooFast
from services.campaigns.web_form import CHOICE, WebForm

LIFETIME_SECONDS, MINIMUM_SECONDS, LONGEST, LONGEST_LINE = 24 * 3600, 2, 5000, 250
_EMAIL = re.compile(r"[^@\s<>\"',;]{1,64}@[^@\s<>\"',;]+\.[^@\s<>\"',;.]{2,}\Z")
_PHONE = re.compile(r"\+[1-9]\d{6,14}\Z")


def prepare(database: Database) -> None:
    """Make the index that submissions are found by, and that lets a token be used once."""
    database["submissions"].create_index([("tenant_id", 1), ("form_id", 1), ("_id", 1)])
    database["submissions"].create_index([("token", 1)], unique=True)


def render_token(form: WebForm) -> str:
    """The token of a form that is shown now."""
    # Unlike links, forms that are shown at the same moment must differ: the id of the showing is part of the subject.
    return f"{keyring.token(keyring.FORM, form.id, int(time.time()))}~{keyring.token(keyring.FORM, new_id('show'))}"


def submit(form: WebForm, asked: public_pb2.SubmitFormRequest) -> public_pb2.SubmitFormResponse:
    """Take the answers. Refused with FormExpired, FormTooFast, and with Invalid for answers that do not fit."""
    _demand_patience(form, asked.token)
    answer = public_pb2.SubmitFormResponse(redirect_url=_redirect(form, asked.redirect_url), thanks=form.thanks or "")
    if asked.honeypot:
        return answer
    answers = _answers(form, asked.answers)
    submissions = transaction.database()["submissions"]
    if submissions.find_one({"token": asked.token}, {"_id": 1}):
        return answer  # sent twice by an impatient finger
    id, consented = new_id("sub"), bool(form.consent_topic and asked.consented and answers.get("email"))
    submissions.insert_one(
        {
            "_id": id, "tenant_id": form.tenant_id, "form_id": form.id, "token": asked.token, "answers": answers,
            "time": now(), "network": network(asked.visit.ip_address), "user_agent": asked.visit.user_agent[:500],
            "host": asked.host, "consented": consented,
        }
    )  # fmt: skip
    WebForm._get_collection().update_one({"_id": form.id}, {"$inc": {"submission_count": 1}})
    if consented:
        _consent(form, id, answers["email"], asked.visit)
    _tell(form, id, answers, consented)
    return answer


def _demand_patience(form: WebForm, token: str) -> None:
    shown_token, _, showing = token.partition("~")
    try:
        subject, shown = keyring.read(shown_token, keyring.FORM)
        keyring.read(showing, keyring.FORM)
    except keyring.TokenUnknown:
        raise FormExpired(form=form.id) from None
    seconds = time.time() - shown
    if not hmac.compare_digest(subject, form.id.partition("_")[2]) or seconds > LIFETIME_SECONDS:
        raise FormExpired(form=form.id)
    wait = (form.minimum_seconds or MINIMUM_SECONDS) - seconds
    if wait > 0:
        raise FormTooFast(form=form.id, seconds=max(1, round(wait)))


def _redirect(form: WebForm, wanted: str) -> str:
    # Only what the form lists, to the letter: no open redirect.
    if wanted in form.redirect_urls:
        return wanted
    return form.redirect_urls[0] if form.redirect_urls else ""


def _answers(form: WebForm, given: Any) -> dict[str, str]:
    answers, faults = {}, []
    for field in form.fields:
        text = given.get(field["key"], "").strip()
        if not text:
            faults += [Violation(f"answers.{field['key']}", "is required")] if field.get("required") else []
        elif fault := _fault(field, text):
            faults.append(Violation(f"answers.{field['key']}", fault))
        else:
            answers[field["key"]] = text
    if not faults and not (answers.get("email") or answers.get("phone")):
        asked = {field["key"] for field in form.fields}
        faults.append(Violation(f"answers.{'email' if 'email' in asked else 'phone'}", "is required"))
    if faults:
        raise Invalid(faults)
    return answers


def _fault(field: dict[str, Any], text: str) -> str:
    kind = {"email": "EMAIL", "phone": "PHONE"}.get(field["key"], field.get("kind") or "TEXT")
    if len(text) > (LONGEST if kind == "LONG_TEXT" else LONGEST_LINE):
        return "is too long"
    if kind != "LONG_TEXT" and "\n" in text:
        return "must be one line"
    if kind == "EMAIL" and not (_EMAIL.match(text) and text.isascii() and ".." not in text):
        return "must be an e-mail address"
    if kind == "PHONE" and not _PHONE.match(re.sub(r"[\s()./-]", "", text)):
        return "must be a telephone number with its country, such as +44 1632 960131"
    if kind == CHOICE and fold(text) not in {fold(each) for each in field["choices"]}:
        return "must be one of the choices"
    return ""


def _consent(form: WebForm, submission_id: str, address: str, visit: public_pb2.Visit) -> None:
    consent = Consent.fresh(
        address=address, topic=form.consent_topic, state=OPTED_IN, source="form", proof=form.consent_text,
        proof_version=form.consent_version, record_id=submission_id, ip_address=visit.ip_address[:45] or None,
        user_agent=visit.user_agent[:500] or None,
    ).enter()  # fmt: skip
    standing.hold(consent)


def _tell(form: WebForm, id: str, answers: dict[str, str], consented: bool) -> None:
    told = {**answers}
    if "phone" in told:
        told["phone"] = re.sub(r"[\s()./-]", "", told["phone"])
    announce(
        id,
        events_pb2.FormSubmitted(
            submission_id=id, form_id=form.id, form_name=form.name, answers=told, campaign_id=form.campaign_id or "",
            lead_source=form.lead_source or "web_form", owner_id=form.owner_id or "", team_id=form.team_id or "",
            consent_topic=form.consent_topic if consented else "", submit_time=now(),
        ),
    )  # fmt: skip
