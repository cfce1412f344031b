"""Share links: somebody without an account reads one revision, as long as the link is good, and is noted."""

import re
from collections.abc import Callable
from datetime import timedelta
from typing import Any

import pytest
from crm.common.v1.requests_pb2 import DeleteRequest, GetRequest
from crm.contacts.v1 import share_link_pb2
from crm.contacts.v1.document_pb2 import OfDocumentRequest
from crm.contacts.v1.interaction_pb2 import Interaction, TimelineRequest
from crm.contacts.v1.share_link_pb2 import DocumentView, ListDocumentViewsRequest, ShareLink

from chassis import now, transaction
from chassis.principal import Principal
from chassis.testing import Caller, somebody
from services.contacts import share_proof
from tests.contacts.cases import ACCOUNT, CONTACT
from tests.contacts.documents import OFFER, a_document, an_offer, revised, shared
from tests.eventually import eventually
from tests.refused import refusal, violations

VISIT = {"ip_address": "203.0.113.77", "user_agent": "Browser/1"}


@pytest.fixture
def visitor(door: Any) -> Caller:
    """The gateway, for somebody without an account."""
    return door(Principal(tenant_id="", user_id="gateway", grants={"*.visitor.resolve": "all"}))


def opened(visitor: Caller, link: ShareLink) -> share_link_pb2.OpenShareResponse:
    token = link.url.removeprefix("https://kith.example/s/")
    return visitor.OpenShare(share_link_pb2.OpenShareRequest(token=token, visit=VISIT))


def fetched(visitor: Caller, link: ShareLink, password: str = "") -> bytes:
    token = link.url.removeprefix("https://kith.example/s/")
    request = share_link_pb2.FetchShareRequest(token=token, password=password, visit=VISIT)
    return b"".join(piece.data for piece in visitor.FetchShare(request))


def views(caller: Caller, link: ShareLink) -> list[DocumentView]:
    return list(caller.ListDocumentViews(ListDocumentViewsRequest(id=link.id)).document_views)


def changed(caller: Caller, link: ShareLink, **fields: Any) -> ShareLink:
    request = share_link_pb2.UpdateShareLinkRequest(
        share_link={"id": link.id, **fields}, update_mask={"paths": list(fields)}
    )
    return caller.UpdateShareLink(request)


def revoked(caller: Caller, link: ShareLink) -> ShareLink:
    return caller.RevokeShareLink(share_link_pb2.RevokeShareLinkRequest(id=link.id))


def test_a_visitor_reads_the_revision_that_was_shared_and_no_later_one(caller: Caller, visitor: Caller) -> None:
    document = an_offer(caller)
    link = shared(caller, document, recipient="Ada Thorn")
    revised(caller, document, b"secret", base=1)
    page = opened(visitor, link)
    assert (page.name, page.file_name, page.size_bytes, page.has_password) == (
        "Offer for 200 rose bushes", "offer.txt", len(OFFER), False
    )  # fmt: skip
    assert fetched(visitor, link) == OFFER


def test_the_address_is_answered_once_and_kept_nowhere(caller: Caller) -> None:
    document = an_offer(caller)
    link = shared(caller, document)
    token = link.url.removeprefix("https://kith.example/s/")
    assert re.fullmatch(r"[\w-]{32}", token)
    assert not caller.GetShareLink(GetRequest(id=link.id)).url
    [listed] = caller.ListShareLinks(OfDocumentRequest(id=document.id)).share_links
    assert (listed.id, listed.url) == (link.id, "")
    for collection in ("share_links", "share_proofs", "events"):
        assert token not in str(list(transaction.database()[collection].find()))
    again = caller.saying(idempotency_key="k")
    first, second = shared(again, document), shared(again, document)
    assert (first.id, bool(first.url), bool(second.url)) == (second.id, True, False)


def test_every_view_is_noted_without_the_whole_address(caller: Caller, visitor: Caller) -> None:
    link = shared(caller, an_offer(caller), recipient="Ada Thorn")
    opened(visitor, link)
    fetched(visitor, link)
    noted = views(caller, link)
    assert [DocumentView.Kind.Name(each.kind) for each in noted] == ["FETCHED", "OPENED"]
    assert {(each.network, each.user_agent, each.recipient) for each in noted} == {
        ("203.0.113.0", "Browser/1", "Ada Thorn")
    }
    found = caller.GetShareLink(GetRequest(id=link.id))
    assert (found.view_count, found.last_view_time.seconds > 0) == (2, True)
    assert "203.0.113.77" not in str(list(transaction.database()["events"].find({"tenant_id": caller.whom.tenant_id})))


def test_views_stand_on_the_timeline_of_whom_the_link_is_for(caller: Caller, visitor: Caller) -> None:
    account, ada = ACCOUNT.create(caller), CONTACT.create(caller)
    link = shared(caller, an_offer(caller, account_ids=[account.id]), contact_id=ada.id, recipient="Ada")
    fetched(visitor, link)
    [told] = eventually(lambda: caller.ListContactTimeline(TimelineRequest(id=ada.id)).interactions)
    assert (told.kind, told.direction, told.title) == (
        Interaction.DOCUMENT, Interaction.INBOUND, "Document fetched: Offer for 200 rose bushes",
    )  # fmt: skip
    assert list(told.account_ids) == [account.id]


# ---------------------------------------------------------------- passwords


def test_a_password_shows_nothing_before_it_is_known(caller: Caller, visitor: Caller) -> None:
    link = shared(caller, an_offer(caller), password="Bärenhöhle 7")
    assert (link.has_password, link.password) == (True, "")
    page = opened(visitor, link)
    assert (page.has_password, page.name, page.file_name, page.size_bytes) == (True, "", "", 0)
    assert refusal(fetched, visitor, link) == "SHARE_PASSWORD_WRONG"
    assert refusal(fetched, visitor, link, "Baerenhoehle 7") == "SHARE_PASSWORD_WRONG"
    assert not views(caller, link)
    assert not caller.GetShareLink(GetRequest(id=link.id)).view_count
    assert fetched(visitor, link, "Bärenhöhle 7") == OFFER
    assert [each.kind for each in views(caller, link)] == [DocumentView.FETCHED]
    assert "Bären" not in str(list(transaction.database()["share_proofs"].find()))


def test_guessing_is_slowed_down_and_a_right_password_starts_anew(caller: Caller, visitor: Caller) -> None:
    link = shared(caller, an_offer(caller), password="password")
    proofs, mine = transaction.database()["share_proofs"], {"share_link_id": link.id}
    for _ in range(3):
        assert refusal(fetched, visitor, link, "a guess") == "SHARE_PASSWORD_WRONG"
    assert proofs.find_one(mine)["guesses"] == 3
    proofs.update_one(mine, {"$set": {"guesses": 20}})
    assert refusal(fetched, visitor, link, "a guess") == "SHARE_PASSWORD_WRONG"
    assert refusal(fetched, visitor, link, "password") == "TOO_MANY"
    proofs.update_one(mine, {"$set": {"retry_time": now()}})  # as the wait is over
    assert fetched(visitor, link, "password") == OFFER
    assert "guesses" not in proofs.find_one(mine)


def test_guesses_wait_twice_as_long_every_time() -> None:
    free = share_proof.FREE_GUESSES
    assert [share_proof.wait(each).total_seconds() for each in (free, free + 1, free + 2, free + 3)] == [0, 1, 2, 4]
    assert share_proof.wait(10**6) == share_proof.LONGEST_WAIT


# ---------------------------------------------------------------- what is good no longer


def test_a_link_ends(caller: Caller, visitor: Caller) -> None:
    link = shared(caller, an_offer(caller), expire_time=now() + timedelta(hours=1))
    assert fetched(visitor, link) == OFFER
    transaction.database()["share_links"].update_one({"_id": link.id}, {"$set": {"expire_time": now()}})
    assert refusal(opened, visitor, link) == "SHARE_UNKNOWN"
    assert refusal(fetched, visitor, link) == "SHARE_UNKNOWN"


def test_a_revoked_link_stays_revoked(caller: Caller, visitor: Caller) -> None:
    link = shared(caller, an_offer(caller))
    assert revoked(caller, link).HasField("revoke_time")
    assert refusal(fetched, visitor, link) == "SHARE_UNKNOWN"
    assert refusal(revoked, caller, link) == "SHARE_LINK_REVOKED"
    assert refusal(changed, caller, link, expire_time=now() + timedelta(days=1)) == "SHARE_LINK_REVOKED"


def test_a_deleted_document_is_shared_no_more(caller: Caller, visitor: Caller) -> None:
    document = an_offer(caller)
    link = shared(caller, document)
    caller.DeleteDocument(DeleteRequest(id=document.id))
    assert refusal(fetched, visitor, link) == "SHARE_UNKNOWN"


@pytest.mark.parametrize("token", ["x", "A" * 32, "../../../etc", "Ü" * 20])
def test_a_forged_address_leads_nowhere(visitor: Caller, token: str) -> None:
    assert refusal(opened, visitor, ShareLink(url=token)) == "SHARE_UNKNOWN"
    assert refusal(fetched, visitor, ShareLink(url=token)) == "SHARE_UNKNOWN"


@pytest.mark.parametrize("days", [-1, 0, 367])
def test_a_link_ends_within_a_year(caller: Caller, days: int) -> None:
    document = an_offer(caller)
    then = now() + timedelta(days=days)
    assert list(violations(shared, caller, document, expire_time=then)) == ["share_link.expire_time"]
    link = shared(caller, document)
    assert refusal(changed, caller, link, expire_time=then) == "INVALID"
    assert changed(caller, link, recipient="Ben").recipient == "Ben"


# ---------------------------------------------------------------- who may


def test_only_who_may_change_a_document_shares_it(caller: Caller, colleague: Callable[..., Caller], door: Any) -> None:
    document = an_offer(caller)
    link = shared(caller, document)
    reader = colleague(grants={"contacts.*.read": "all", "contacts.share_link.*": "all"})
    assert refusal(shared, reader, document) == "FORBIDDEN"
    assert refusal(revoked, reader, link) == "FORBIDDEN"
    assert reader.GetShareLink(GetRequest(id=link.id)).id == link.id
    for outsider in (colleague(grants={"contacts.*.*": "own"}), door(somebody())):
        assert refusal(shared, outsider, document) == "INVALID"
        assert refusal(revoked, outsider, link) == "NOT_FOUND"
        assert refusal(views, outsider, link) == "NOT_FOUND"
        assert refusal(outsider.GetShareLink, GetRequest(id=link.id)) == "NOT_FOUND"


def test_users_are_no_visitors(caller: Caller, colleague: Callable[..., Caller]) -> None:
    link = shared(caller, an_offer(caller))
    assert refusal(fetched, colleague(grants={"contacts.document.*": "all"}), link) == "FORBIDDEN"


@pytest.mark.parametrize("password", ["short", "x" * 201])
def test_a_password_is_neither_short_nor_endless(caller: Caller, password: str) -> None:
    assert list(violations(shared, caller, an_offer(caller), password=password)) == ["share_link.password"]


def test_an_empty_document_is_not_shared(caller: Caller) -> None:
    assert list(violations(shared, caller, a_document(caller))) == ["share_link.revision_number"]
