"""Mails that come back: what is noted, and when an address is given up.

A hard bounce and a complaint suppress the address at once. A soft one counts: three of the last five mails, over at least a
week. A refusal for what we are or said (5.7.x) is never held against the person.
"""

from contextlib import suppress
from datetime import timedelta
from typing import Any

from crm.campaigns.v1 import campaign_pb2, events_pb2
from crm.support.v1 import mail_pb2, message_pb2

from chassis import acting_as, announce, now, of_service, principal, transaction
from services.campaigns import keyring, ledger, standing
from services.campaigns.audience import AudienceMember, Row
from services.campaigns.consent import Suppression
from services.campaigns.refusals import TokenUnknown

_Asked = campaign_pb2.ReportBounceRequest
_RECENT, _TOO_MANY, _AT_LEAST = 5, 3, timedelta(days=7)


def note(asked: campaign_pb2.ReportBounceRequest) -> Row:
    """Note that a mail came back; its line. Telling it again changes nothing. Refused with TokenUnknown."""
    mine = {"_id": keyring.returned(asked.return_path), "tenant_id": principal().tenant_id}
    line = ledger.lines().find_one(mine)
    if line is None:
        raise TokenUnknown
    verdict = _Asked.Verdict.Name(asked.verdict)
    if line.get("returned") == verdict:
        return line
    change: Row = {
        "returned": verdict,
        "return_time": now(),
        "smtp_reply": f"{asked.status_code} {asked.diagnostic}".strip()[:500],
    }
    if verdict != "COMPLAINT":
        change |= {"state": ledger.BOUNCED, "reason": verdict.lower(), "state_time": now()}
    ledger.lines().update_one(mine, {"$set": change, "$inc": {"revision": 1}})
    _judge({**line, **change})
    _tell(line, asked)
    return ledger.lines().find_one(mine) or line


def hear(mail: mail_pb2.Mail) -> None:
    """Note what a returned mail means for the line that its address names; for none where it is not ours, or nothing came back.

    Return paths of all tenants lead to one mailbox; their proof, and not the mailbox, says whose line it is.
    """
    asked = meaning(mail)
    with suppress(TokenUnknown):
        line = ledger.lines().find_one({"_id": keyring.returned(mail.envelope_to)}, {"tenant_id": 1})
        if line and asked:
            with acting_as(of_service("campaigns", line["tenant_id"])):
                note(asked)


def meaning(mail: mail_pb2.Mail) -> campaign_pb2.ReportBounceRequest | None:
    """The verdict on a returned mail, by the worst that it reports; None where nothing came back, as of a delay."""
    said = {report.action: report for report in mail.reports}
    if mail.auto_class == message_pb2.Message.COMPLAINT:
        verdict, report = _Asked.COMPLAINT, said.get("complained")
    else:
        failed = sorted((each for each in mail.reports if each.action == "failed"), key=lambda each: not each.hard)
        report = failed[0] if failed else None if mail.reports else mail_pb2.Mail.Report()
        verdict = _verdict(report) if report else _Asked.SOFT
    if report is None:
        return None
    return _Asked(
        return_path=mail.envelope_to, verdict=verdict, status_code=report.status, diagnostic=report.diagnostic[:1000]
    )


def _verdict(report: mail_pb2.Mail.Report) -> Any:
    if report.status.startswith("5.7."):  # RFC 3463: security or policy
        return _Asked.POLICY
    return _Asked.HARD if report.hard else _Asked.SOFT


def refused(line: Row) -> None:
    """A mail whose address was refused for good at hand-over: as a hard bounce."""
    _suppress(line, "BOUNCED")


def _judge(line: Row) -> None:
    match line["returned"]:
        case "HARD":
            _suppress(line, "BOUNCED")
        case "COMPLAINT":
            _suppress(line, "COMPLAINED")
        case "SOFT" if _worn_out(line):
            _suppress(line, "BOUNCED")


def _worn_out(line: Row) -> bool:
    mine = {"tenant_id": line["tenant_id"], "contact_id": line["contact_id"], "accept_time": {"$exists": True}}
    latest = list(ledger.lines().find(mine).sort("_id", -1).limit(_RECENT))
    soft = [each for each in latest if each.get("returned") == "SOFT"]
    times = [each["return_time"] for each in soft]
    return len(soft) >= _TOO_MANY and max(times) - min(times) >= _AT_LEAST


def _suppress(line: Row, reason: str) -> None:
    member = AudienceMember.rows().find_one({"_id": line["contact_id"]}, {"address_key": 1}) or {}
    key = line.get("address_key") or member.get("address_key")
    if key:
        Suppression.of(key, reason, f"{line['_id']}: {line.get('smtp_reply', '')}"[:1000])
        standing.show(key)


def _tell(line: Row, asked: Any) -> None:
    campaign = transaction.database()["campaigns"].find_one({"_id": line["campaign_id"]}, {"name": 1}) or {}
    told = events_pb2.CampaignMailBounced(
        campaign_id=line["campaign_id"], campaign_name=campaign.get("name", ""), contact_id=line["contact_id"],
        delivery_id=line["_id"], verdict=asked.verdict, status_code=asked.status_code, diagnostic=asked.diagnostic,
    )  # fmt: skip
    announce(line["_id"], told)
