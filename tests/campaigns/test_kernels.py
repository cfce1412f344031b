"""What needs no database: tokens, arms, words, mails, verdicts and the test of a difference."""

import email
import email.policy
import re
from datetime import UTC, datetime, timedelta
from types import SimpleNamespace
from typing import Any

import pytest
from crm.campaigns.v1.campaign_pb2 import CampaignReport
from hypothesis import given
from hypothesis import strategies as st

from chassis import new_id
from services.campaigns import keyring, report
from services.campaigns.mime import Letter, build
from services.campaigns.money import sums
from services.campaigns.plain import as_text
from services.campaigns.refusals import TokenUnknown
from services.campaigns.snapshot import arm_of
from services.campaigns.verdict import BOT, HUMAN, Hit, verdict
from services.campaigns.wording import Broken, Wording, missing, warnings

NOON = datetime(2026, 5, 4, 12, tzinfo=UTC)


@pytest.fixture(autouse=True)
def keys() -> Any:
    before = keyring._ring
    ring = {"tracking_keys": {"k2": b"2" * 32, "k1": b"1" * 32}, "address_key": b"a" * 16}
    keyring.prepare(SimpleNamespace(**ring, public_url="https://kith.example/", bounce_domain="b.example"))
    yield
    keyring._ring = before


# ---------------------------------------------------------------- tokens


def test_a_token_says_its_subject_and_kind_and_nothing_else_is_believed() -> None:
    id = new_id("dlv")
    token = keyring.token(keyring.CLICK, id, 3)
    assert keyring.read(token, keyring.CLICK) == (id[4:], 3)
    for forged in (token.replace(".3.", ".4."), token.replace("k2", "k1"), token + "A", token[1:]):
        with pytest.raises(TokenUnknown):
            keyring.read(forged, keyring.CLICK)
    with pytest.raises(TokenUnknown):
        keyring.read(token, keyring.OUT)


def test_a_link_of_an_older_key_stays_good_until_the_key_is_gone() -> None:
    old = SimpleNamespace(
        tracking_keys={"k1": b"1" * 32}, address_key=b"a" * 16, public_url="", bounce_domain="b.example"
    )
    keyring.prepare(old)
    token = keyring.token(keyring.CLICK, new_id("dlv"), 0)
    keyring.prepare(SimpleNamespace(**{**vars(old), "tracking_keys": {"k2": b"2" * 32, "k1": b"1" * 32}}))
    assert keyring.read(token, keyring.CLICK)
    keyring.prepare(SimpleNamespace(**{**vars(old), "tracking_keys": {"k2": b"2" * 32}}))
    with pytest.raises(TokenUnknown):
        keyring.read(token, keyring.CLICK)


@given(st.text(max_size=200))
def test_no_text_breaks_the_readers_of_tokens(text: str) -> None:
    for reader in (lambda: keyring.read(text, keyring.CLICK), lambda: keyring.returned(text)):
        with pytest.raises(TokenUnknown):
            reader()


def test_a_return_path_survives_lower_case_and_fits_a_local_part() -> None:
    id = new_id("dlv")
    path = keyring.return_path(id)
    assert keyring.returned(path.upper()) == id
    assert len(path.partition("@")[0]) <= 64


# ---------------------------------------------------------------- arms


@given(st.lists(st.integers(1, 50), min_size=1, max_size=5), st.uuids())
def test_an_arm_never_changes(weights: list[int], who: Any) -> None:
    arms = [{"key": f"a{at}", "weight": weight} for at, weight in enumerate(weights)]
    first = arm_of(arms, "cam_1", str(who))
    assert first in arms
    assert arm_of(arms, "cam_1", str(who)) is first


def test_arms_share_people_by_their_weights_and_anew_in_each_campaign() -> None:
    arms = [{"key": "a", "weight": 1}, {"key": "b", "weight": 3}]
    people = [f"con_{n}" for n in range(4000)]
    share = sum(arm_of(arms, "cam_1", each)["key"] == "b" for each in people) / len(people)
    assert 0.72 < share < 0.78
    same = sum(arm_of(arms, "cam_1", each) is arm_of(arms, "cam_2", each) for each in people) / len(people)
    assert 0.58 < same < 0.67  # as chance has it: 1/16 + 9/16


# ---------------------------------------------------------------- words


def rendered(html: str, **contact: Any) -> tuple[str, str, str]:
    links: list[str] = []
    said = Wording("Hi {{ contact.given_name }}", html, "", links)
    return said.render({"contact": contact, "unsubscribe_url": "https://out/"}, lambda slot: f"[{slot}]")


def test_what_a_record_holds_is_escaped_in_html_and_no_template() -> None:
    _, html, text = rendered("<p>{{ contact.given_name }}</p>", given_name="<b>{{ campaign.name }}</b>\x02")
    assert "&lt;b&gt;{{ campaign.name }}&lt;/b&gt;" in html
    assert "<b>{{ campaign.name }}</b>" in text


def test_subjects_stay_on_one_line() -> None:
    subject, _, _ = rendered("x", given_name="Ada\r\nBcc: all@example.com")
    assert subject == "Hi Ada Bcc: all@example.com"


@pytest.mark.parametrize(
    "source",
    [
        "{% for a in (1..2000) %}{% for b in (1..2000) %}x{% endfor %}{% endfor %}",
        "{% assign s = 'x' %}{% for i in (1..40) %}{% assign s = s | append: s %}{% endfor %}{{ s }}",
    ],
)
def test_a_template_that_runs_wild_is_stopped(source: str) -> None:
    with pytest.raises(Broken):
        rendered(source)


@pytest.mark.parametrize(
    "source", ["{% include 'etc/passwd' %}", "{% render 'x' %}", "{{ a | nofilter }}", "{% if %}", "{{"]
)
def test_what_reads_elsewhere_or_is_no_liquid_is_refused(source: str) -> None:
    with pytest.raises(Broken):
        Wording.check(source)


def test_links_become_slots_but_not_those_that_may_not_be_tracked() -> None:
    links: list[str] = []
    html = (
        '<a href="https://a.example/?x=1&amp;y=2">1</a><a href="mailto:a@b.example">2</a><a href=\'https://b.example/\'>3</a>'
        '<a data-no-track href="https://c.example/">4</a><a href="{{ unsubscribe_url }}">5</a>'
        '<a href="https://d.example/{{ contact.id }}">6</a><a href="https://b.example/">7</a>'
    )
    said = Wording("s", html, "", links)
    assert links == ["https://a.example/?x=1&y=2", "https://b.example/"]
    assert said.untracked == ["https://d.example/{{ contact.id }}"]
    _, body, text = said.render({"unsubscribe_url": "https://out/"}, lambda slot: f"[{slot}]")
    assert body.count("[1]") == 2
    assert "https://c.example/" in body
    assert "3 <[1]>" in text


def test_what_is_doubtful_is_said() -> None:
    links: list[str] = []
    html = '<img src="x"><p>{{ contact.shoe_size }}</p>'
    said = Wording("s", html, "", links)
    assert [each["code"] for each in warnings(html, said)] == ["unsubscribe_missing", "variable_unknown", "alt_missing"]
    assert missing(said, {"contact": {}}) == ["contact.shoe_size"]


def test_the_text_of_a_mail_reads_like_its_html() -> None:
    html = "<head><style>p{}</style></head><h1>Spring</h1><p>Dear&nbsp;{{ a }},<br>buy <a href='https://x.example/'>roses</a></p>"
    html += "<ul><li>a<li>b</ul>"
    assert as_text(html) == "Spring\n\nDear {{ a }},\nbuy roses <https://x.example/>\n\n- a\n- b\n"


# ---------------------------------------------------------------- mails

LETTER = Letter(
    id="dlv.1", from_name="Kith, Söhne", from_address="news@kith.example", to_name='Ada "A" Thorn',
    to_address="ada@bücher.example", reply_to="", subject="Grüße " * 20, html="<p>Grüße\n.\nzwei\r\ndrei</p>" + "x" * 2000,
    text="Grüße\n",    unsubscribe_url="https://out/", list_id="news",
)  # fmt: skip


def test_a_mail_is_read_as_it_was_written() -> None:
    wire = build(LETTER, NOON)
    assert b"\n" not in wire.replace(b"\r\n", b"")
    assert max(map(len, wire.split(b"\r\n"))) <= 998
    message = email.message_from_bytes(wire, policy=email.policy.default)
    assert message["Subject"] == LETTER.subject.strip()
    assert message["From"] == '"Kith, Söhne" <news@kith.example>'
    assert message["To"].addresses[0].addr_spec == "ada@xn--bcher-kva.example"
    assert message["To"].addresses[0].display_name == 'Ada "A" Thorn'
    assert message["List-Unsubscribe"] == "<https://out/>"
    assert message["Date"].datetime == NOON
    assert message.get_body(("html",)).get_content().splitlines()[:3] == ["<p>Grüße", ".", "zwei"]
    assert not message.defects


@given(st.text(max_size=60), st.text(max_size=60))
def test_no_name_or_subject_adds_a_header(name: str, subject: str) -> None:
    letter = Letter(**{**vars(LETTER), "to_name": name, "subject": subject})
    message = email.message_from_bytes(build(letter, NOON), policy=email.policy.compat32)
    assert sorted(message.keys()) == sorted(
        ["From", "To", "Subject", "Date", "Message-ID", "List-ID", "List-Unsubscribe", "List-Unsubscribe-Post", "MIME-Version",
         "Content-Type"]
    )  # fmt: skip


@given(st.lists(st.text("x .\r\né=", max_size=8) | st.integers(980, 1000).map("y".__mul__), max_size=4).map("".join))
def test_every_text_arrives_line_by_line(text: str) -> None:
    wire = build(Letter(**{**vars(LETTER), "text": text}), NOON)
    assert b"\n" not in wire.replace(b"\r\n", b"")
    assert max(map(len, wire.split(b"\r\n"))) <= 998
    part = email.message_from_bytes(wire, policy=email.policy.default).get_body(("plain",))
    assert part.get_payload(decode=True).decode().replace("\r\n", "\n") == re.sub("\r\n?", "\n", text)
    whole = all(map(str.isascii, text)) and max(map(len, re.split("\r\n?|\n", text))) < 990
    assert part["Content-Transfer-Encoding"] == ("7bit" if whole else "quoted-printable")


# ---------------------------------------------------------------- verdicts and figures


def test_a_person_reads_before_following() -> None:
    hit = Hit(0, NOON, user_agent="Mozilla/5.0 Firefox/140.0")
    assert verdict(hit, NOON - timedelta(minutes=1)) == (HUMAN, [])
    assert verdict(hit, NOON - timedelta(seconds=1)) == (BOT, ["at_once"])
    earlier = [Hit(1, NOON - timedelta(seconds=1)), Hit(2, NOON - timedelta(seconds=2))]
    assert verdict(hit, None, earlier) == (BOT, ["burst"])
    assert verdict(hit, None, [Hit(1, NOON - timedelta(seconds=1)), Hit(2, NOON - timedelta(seconds=9))]) == (HUMAN, [])


def test_the_difference_of_two_arms_is_that_of_the_known_experiment() -> None:
    """Hillstrom's e-mail test: men's mail against no mail, by visits; figures computed apart from this code."""
    mens = CampaignReport.Figures(arm="mens", recipients=21307, visited=3894, converted=267)
    control = CampaignReport.Figures(arm="none", recipients=21306, visited=2262, converted=122)
    found = report.compare(mens, control, "visited")
    assert [round(found[name], 5) for name in ("difference", "lower", "upper")] == [0.07659, 0.06995, 0.08323]
    assert (round(found["lift"], 3), round(found["z"], 2)) == (0.721, 22.49)
    bought = report.compare(mens, control, "converted")
    assert (round(bought["difference"], 6), round(bought["z"], 2)) == (0.006805, 7.39)
    assert 1.4e-13 < bought["p"] < 1.6e-13


def test_holm_keeps_the_order_and_never_lowers_a_p() -> None:
    assert report.holm([0.01, 0.04, 0.03]) == [0.03, 0.06, 0.06]


@given(
    st.lists(st.tuples(st.sampled_from(["EUR", "USD"]), st.integers(-(10**12), 10**12), st.integers(0, 999_999_999)))
)
def test_sums_of_money_are_exact(parts: list[tuple[str, int, int]]) -> None:
    amounts = [
        {"currency_code": code, "units": units, "nanos": nanos if units >= 0 else -nanos}
        for code, units, nanos in parts
    ]
    for total in sums(amounts):
        wanted = sum(
            each["units"] * 10**9 + each["nanos"] for each in amounts if each["currency_code"] == total["currency_code"]
        )
        assert total["units"] * 10**9 + total["nanos"] == wanted
        assert total["units"] * total["nanos"] >= 0
