"""Reading mails: text out of any bytes, HTML that does no harm, words without what they quote. Pure, and never a fault."""

import base64
import re
import time

import pytest
from hypothesis import given
from hypothesis import strategies as st

from services.support import charset, markup, quoting, thread
from services.support.letter import Letter, TooManyParts, ids
from services.support.token import MESSAGE, TICKET, Keys
from services.support.verdict import classify
from tests.builders.support import a_mail

KEYS = Keys.read("k1:a-secret-of-the-tests,k0:an-older-secret-of-them")
HEADERS = ["From", "To", "Cc", "Subject", "Message-ID", "References", "In-Reply-To", "Content-Type", "Content-Disposition",
           "Content-Transfer-Encoding", "Date", "Auto-Submitted", "MIME-Version"]  # fmt: skip


def whatever(letter: Letter) -> None:
    """Ask a letter all that the intake asks it."""
    said = (letter.subject, letter.sender, letter.message_id, letter.in_reply_to, letter.references, letter.text,
            letter.new_text, markup.harmless(letter.html), letter.people("to", "cc"))  # fmt: skip
    str(said).encode()  # nothing in it that could not be kept
    classify(letter, "", ours=False)
    classify(letter, "a@b.example", ours=False)


@given(st.binary(max_size=2000))
def test_no_bytes_break_the_reading(raw: bytes) -> None:
    whatever(Letter(raw))


@given(st.lists(st.tuples(st.sampled_from(HEADERS), st.binary(max_size=80))), st.binary(max_size=300))
def test_no_header_breaks_the_reading(headers: list[tuple[str, bytes]], body: bytes) -> None:
    lines = b"".join(name.encode() + b": " + value.replace(b"\n", b" ") + b"\r\n" for name, value in headers)
    whatever(Letter(lines + b"\r\n" + body))


@pytest.mark.parametrize(
    ("raw", "read"),
    [
        ("=?utf-8?Q?Gr=C3=BC=C3=9Fe?=", "Grüße"),
        ("=?utf-8?B?R3LDvA==?= =?utf-8?B?w59l?=", "Grüße"),
        ("=?utf-8?Q?Gr=C3?= =?utf-8?Q?=BC=C3=9Fe?=", "Grüße"),
        ("=?iso-8859-1?Q?10_=80?=", "10 €"),
        ("=?ks_c_5601-1987?B?vcbB?=", None),
        ("=?no-such-charset?Q?plain?=", "plain"),
        ("=?utf-8?B?not base64!?=", None),
        ("=?utf-8*de?Q?caf=C3=A9?= here", "café here"),
        ("plain  text\r\n with a fold", "plain text with a fold"),
        (b"Gr\xfc\xdfe".decode("ascii", "surrogateescape"), "Grüße"),
        ("Gr\u00fc\u00dfe".encode().decode("ascii", "surrogateescape"), "Grüße"),
        ("a\x00b", "ab"),
    ],
)
def test_headers_in_the_wild_are_read(raw: str, read: str | None) -> None:
    found = charset.header(raw)
    assert read is None or found == read


@given(
    st.binary(max_size=200),
    st.sampled_from(["utf-8", "big5", "shift_jis", "utf-7", "utf-16", "base64", "idna", "x", ""]),
)
def test_bytes_are_text_in_whatever_charset_they_say(data: bytes, name: str) -> None:
    charset.text(data, name).encode()


def test_an_attachments_name_is_no_path_and_its_bytes_are_counted() -> None:
    raw = (
        b"Content-Type: multipart/mixed; boundary=x\r\n\r\n--x\r\nContent-Type: text/plain\r\n\r\nhello\r\n--x\r\n"
        b'Content-Type: application/pdf; name="../../etc/pass\x07wd"\r\nContent-Transfer-Encoding: base64\r\n\r\n'
        + base64.b64encode(b"12345678")
        + b"\r\n--x--\r\n"
    )
    letter = Letter(raw)
    [file] = letter.files
    assert (file.name, file.size, file.media_type, letter.text.strip()) == ("passwd", 8, "application/pdf", "hello")


def test_too_many_attachments_and_parts_are_told() -> None:
    part = b"--x\r\nContent-Type: image/png\r\n\r\n\r\n"
    with pytest.raises(TooManyParts):
        Letter(b"Content-Type: multipart/mixed; boundary=x\r\n\r\n" + part * 101 + b"--x--")
    part = b"--x\r\nContent-Type: text/plain\r\n\r\n\r\n"
    with pytest.raises(TooManyParts):
        Letter(b"Content-Type: multipart/mixed; boundary=x\r\n\r\n" + part * 1001 + b"--x--")


@pytest.mark.parametrize(
    "evil",
    [
        "<script>alert(1)</script>",
        "<img src=x onerror=alert(1)>",
        "<img src='https://spy.example/pixel.gif'>",
        "<a href='javascript:alert(1)'>x</a>",
        "<a href='data:text/html,<script>alert(1)</script>'>x</a>",
        "<svg onload=alert(1)><script>alert(1)</script></svg>",
        "<style>@import url(https://spy.example)</style>",
        "<div style='background-image:url(https://spy.example/x)'>x</div>",
        "<div style='position:fixed;top:0;left:0'>x</div>",
        "<form action='https://spy.example'><input name=password></form>",
        "<iframe src='https://spy.example'></iframe>",
        "<link rel=stylesheet href='https://spy.example/x.css'>",
        "<meta http-equiv=refresh content='0;url=https://spy.example'>",
        "<base href='https://spy.example'>",
        "<math><mtext><table><mglyph><style><img src=x onerror=alert(1)>",
        "<object data='https://spy.example'></object><embed src='https://spy.example'>",
        "<video src='https://spy.example/x.mp4' autoplay></video><picture><source srcset='https://spy.example/x'></picture>",
        "<p onclick=alert(1)>x</p>",
        "<!--[if mso]><script>alert(1)</script><![endif]-->",
    ],
)
def test_html_does_no_harm(evil: str) -> None:
    left = markup.harmless(f"<p>before</p>{evil}<p>after</p>").lower()
    assert not re.search(
        r"spy\.example|alert|onerror|onclick|javascript|<script|<form|<iframe|<svg|<meta|<base|position", left
    )
    assert "before" in left


def test_pictures_that_came_along_stay_and_links_lead_out_safely() -> None:
    left = markup.harmless('<img src="cid:rose@x"><a href="https://rose.example">x</a>')
    assert 'src="cid:rose@x"' in left
    assert 'rel="noopener noreferrer nofollow"' in left


@pytest.mark.parametrize(
    ("whole", "new"),
    [
        ("Yes.\n\nOn Mon, 2 Mar 2026 at 09:00, Kith Help <help@kith.example> wrote:\n> Shall we?\n", "Yes."),
        ("Ja.\n\nAm 02.03.2026 um 09:00 schrieb Kith Help <help@kith.example>:\n> Sollen wir?\n", "Ja."),
        ("Oui.\n\nLe lun. 2 mars 2026 à 09:00, Kith Help <help@kith.example> a écrit :\n> On y va ?\n", "Oui."),
        ("Yes.\n\n-----Original Message-----\nFrom: Kith Help\nSent: Monday\n\nShall we?\n", "Yes."),
        ("Yes.\n\nFrom: Kith Help <help@kith.example>\nSent: Monday\nTo: Ada\nSubject: Roses\n\nShall we?\n", "Yes."),
        ("On Monday I wrote:\n\n> Shall we?\n\nYes.\n> And now?\nYes again.\n", "Yes.\nYes again."),
        ("Yes.\n-- \nAda Thorn\nRose & Thorn\n", "Yes."),
        ("Yes.\n\nSent from my phone\n", "Yes."),
        ("From: here to there it is far.\n", "From: here to there it is far."),
        ("> all of it quoted\n", "> all of it quoted"),
        ("", ""),
    ],
)
def test_an_answer_is_read_without_what_it_quotes(whole: str, new: str) -> None:
    assert quoting.own_words(whole) == new


def test_an_answer_in_html_alone_is_read_without_what_it_quotes() -> None:
    html = (
        '<div>Yes,<br>please.</div><div class="gmail_quote">On Monday we wrote<blockquote>Shall we?</blockquote></div>'
    )
    assert markup.text(markup.unquoted_html(html)) == "Yes,\nplease."


@pytest.mark.parametrize(
    "text",
    [
        "> " * 20_000,
        "On " * 15_000,
        "-" * 50_000,
        "On Mon, 2 Mar 2026 " * 2_500,
        "From: a\n" * 6_000,
        "\n" * 50_000,
        "a@" * 25_000,
    ],
)
def test_no_text_keeps_the_reading_busy(text: str) -> None:
    began = time.monotonic()
    letter = Letter(a_mail(text, to="help@kith.example"))
    letter.new_text, classify(letter, "", ours=False)
    assert time.monotonic() - began < 5


def test_ids_are_found_with_and_without_brackets() -> None:
    assert ids("<a@b> <c@d>\n <e@f>") == ["a@b", "c@d", "e@f"]
    assert ids("a@b") == ["a@b"]
    assert ids("no id") == []
    assert len(ids(f"<{'x' * 1000}@y>")[0]) == 64


def test_a_mail_without_an_id_gets_the_same_one_each_time() -> None:
    raw = a_mail(to="help@kith.example")
    assert Letter(raw).message_id == Letter(raw).message_id
    assert Letter(raw).message_id != Letter(raw + b"x").message_id


def test_a_token_proves_itself_and_nothing_else() -> None:
    signed = KEYS.sign(TICKET, "ten_1", "2026-000123")
    assert KEYS.prove(TICKET, "ten_1", signed.upper()) == "2026-000123".upper()
    assert KEYS.prove(TICKET, "ten_2", signed) is None
    assert KEYS.prove(MESSAGE, "ten_1", signed) is None
    assert KEYS.prove(TICKET, "ten_1", signed.replace("000123", "000124")) is None
    assert KEYS.prove(TICKET, "ten_1", signed[:-1]) is None
    older = Keys(KEYS.secrets[1:])
    assert KEYS.prove(TICKET, "ten_1", older.sign(TICKET, "ten_1", "2026-000123")) == "2026-000123"
    assert older.prove(TICKET, "ten_1", signed) is None


@given(st.text(max_size=80))
def test_no_text_is_a_token_by_chance(text: str) -> None:
    assert KEYS.prove(TICKET, "ten_1", text) is None


@pytest.mark.parametrize(
    "text", ["", "k1", "k1:short", "K1:long-enough-secret-here", "toolong:long-enough-secret-here"]
)
def test_keys_that_are_none_are_refused(text: str) -> None:
    with pytest.raises(ValueError, match="a key is not"):
        Keys.read(text)


@pytest.mark.parametrize("subject", ["Fwd: x", "FW: x", "WG: x", "TR: x", "RV: x", "Enc: x", "转发: x"])
def test_what_is_forwarded_is_known(subject: str) -> None:
    assert thread.is_forwarded(subject)


@pytest.mark.parametrize("subject", ["Re: x", "AW: x", "x", "Fwdd", "Travel plans", "I: see".replace("I:", "Is:")])
def test_what_is_not_forwarded_is_known(subject: str) -> None:
    assert not thread.is_forwarded(subject)


@pytest.mark.parametrize(
    ("headers", "envelope_from", "verdict"),
    [
        ({}, "ada@x.example", "NONE"),
        ({"Auto_Submitted": "no"}, "ada@x.example", "NONE"),
        ({"Auto_Submitted": "auto-generated"}, "ada@x.example", "AUTO_REPLY"),
        ({"Auto_Submitted": "auto-replied", "Subject": "Out of office: Re: roses"}, "ada@x.example", "OUT_OF_OFFICE"),
        ({"Subject": "Automatische Antwort: Rosen"}, "ada@x.example", "AUTO_REPLY"),
        ({"Precedence": "bulk"}, "ada@x.example", "BULK"),
        ({"List_Id": "<roses.example>"}, "ada@x.example", "BULK"),
        ({"X_Kith_Message": "msg_1"}, "ada@x.example", "LOOP"),
        ({}, "", "AUTO_REPLY"),
        ({"From": "MAILER-DAEMON@x.example", "Subject": "Undelivered Mail Returned to Sender"}, "", "BOUNCE"),
    ],
)
def test_machines_are_told_from_people(headers: dict[str, str], envelope_from: str, verdict: str) -> None:
    assert classify(Letter(a_mail(to="help@kith.example", **headers)), envelope_from, ours=False)[0] == verdict
