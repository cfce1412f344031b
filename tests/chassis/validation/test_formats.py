"""Each format holds what its standard says."""

import pytest
from crm.options.v1 import options_pb2
from email_validator import EmailNotValidError, validate_email
from hypothesis import given
from hypothesis import strategies as st

from chassis.validation.formats import FORMATS, is_email

# Format → texts that have it, texts that have not.
GOOD_AND_BAD = {
    "DATE": (
        ["2026-11-22", "0001-01-01", "2024-02-29"],
        ["2026-02-29", "20261122", "2026-W01-1", "0000-01-01", "2026-1-1", "٢٠٢٦-01-01"],
    ),
    "EMAIL": (
        ["ama@kente.example.com", "o'neil+x@a-b.co", "josé@köln.de", "x@münchen.de"],
        [
            "ama",
            "a@b@c.de",
            "a..b@c.de",
            "a@-b.de",
            "a@b",
            "@b.de",
            "aaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaa@b.de",
        ],
    ),
    "PHONE": (
        ["+4915123456789", "+14155550132", "+2250707070707"],
        ["4915123456789", "+49 151", "+0151", "+1415", "+999123456789", "+49\u0661\u0662\u0663\u0664"],
    ),
    "CURRENCY": (
        ["EUR", "XOF", "JPY"],
        ["eur", "EURO", "ZZZ", "DEM"],
    ),
    "COUNTRY": (
        ["CI", "DE", "ET"],
        ["UK", "de", "XX", "DEU"],
    ),
    "LANGUAGE": (
        ["pt-BR", "zh-Hant-TW", "de-1996", "sl-rozaj-biske", "en-u-ca-buddhist", "x-kith", "es-419"],
        ["pt_BR", "p", "en-", "de-a", "abcdefghi", "x-"],
    ),
    "TIME_ZONE": (
        ["Europe/Berlin", "UTC", "America/Argentina/Ushuaia"],
        ["Europe/Bonn", "europe/berlin", "../etc/passwd"],
    ),
    "URL": (
        ["https://example.com", "http://[::1]:8080/x?y#z", "https://köln.de/ü"],
        [
            "example.com",
            "ftp://a.de",
            "javascript:alert(1)",
            "https://",
            "http://a b",
            "https:///x",
            "http://a:99999",
            "http:\\\\a.de",
            "http://[::1",
        ],
    ),
    "DOMAIN": (
        ["example.com", "xn--kln-sna.de", "köln.de", "a.b.c.co.uk"],
        [
            "localhost",
            "-a.de",
            "a..de",
            "1.2.3.4",
            "a_b.de",
            "example.com.",
            "http://a.de",
            "aaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaa.de",
        ],
    ),
    "KEY": (
        ["erp", "web_form-2"],
        ["Erp", "a b", "a.b", "$erp", "é"],
    ),
}


@pytest.mark.parametrize(("name", "text"), [(name, text) for name, (good, _) in GOOD_AND_BAD.items() for text in good])
def test_a_sound_text_has_the_format(name, text):
    holds, _ = FORMATS[options_pb2.Format.Value(f"FORMAT_{name}")]
    assert holds(text)


@pytest.mark.parametrize(("name", "text"), [(name, text) for name, (_, bad) in GOOD_AND_BAD.items() for text in bad])
def test_an_unsound_text_has_not(name, text):
    holds, _ = FORMATS[options_pb2.Format.Value(f"FORMAT_{name}")]
    assert not holds(text)


def test_every_format_of_the_contract_has_a_test():
    assert set(FORMATS) | {options_pb2.FORMAT_UNSPECIFIED} == set(options_pb2.Format.values())


@given(st.text(), st.sampled_from(sorted(FORMATS)))
def test_any_text_gets_an_answer(text, kind):
    holds, _ = FORMATS[kind]
    assert holds(text) in (True, False)


LOCALS = st.text("ab1.+'-_\"( é", max_size=66)
DOMAINS = st.one_of(
    st.text("ab1.-é", max_size=70), st.sampled_from(["example.com", "kente.test", "x.local", "bücher.de"])
)


@given(LOCALS, DOMAINS)
def test_the_short_way_of_an_address_says_what_the_library_says(local, domain):
    try:
        validate_email(f"{local}@{domain}", check_deliverability=False, test_environment=True)
        sound = len(local.encode()) <= 64
    except EmailNotValidError:
        sound = False
    assert is_email(f"{local}@{domain}") == sound
