"""Input that means harm or comes from broken programs: always a problem document, never a 5xx, and told where."""

import orjson
import pytest
from hypothesis import given
from hypothesis import strategies as st

from services.gateway import strict_json
from tests.openapi import conforms

BODIES = {
    "nesting": b"[" * 100_000,
    "closed nesting": b'{"a":' * 500 + b"1" + b"}" * 500,
    "nesting within the parser's limit": b'{"description":' + b"[" * 100 + b"]" * 100 + b"}",
    "NaN": b'{"description": NaN}',
    "Infinity": b'{"description": -Infinity}',
    "a number beyond binary64": b'{"description": 1e400}',
    "a key twice": b'{"given_name": "a", "given_name": "b"}',
    "a key twice, spelt in two ways": b'{"given_name": "a", "given\\u005fname": "b"}',
    "a lone surrogate": b'{"given_name": "\\ud800"}',
    "broken UTF-8": b'{"given_name": "\xff"}',
    "an encoded surrogate": b'{"given_name": "\xed\xa0\x80"}',
    "UTF-16": '{"given_name": "a"}'.encode("utf-16"),
    "a byte order mark": b"\xef\xbb\xbf{}",
    "NUL in text": b'{"given_name": "a\\u0000b"}',
    "NUL in a key": b'{"given\\u0000name": "a"}',
    "NUL itself": b"\x00",
    "a great number": b'{"given_name": 9223372036854775808}',
    "a number of many digits": b'{"given_name": ' + b"9" * 10_000 + b"}",
    "a list": b"[]",
    "text": b'"x"',
    "null": b"null",
    "two values": b"{} {}",
    "half a value": b'{"given_name": ',
    "a comment": b'{"given_name": "a" /* x */}',
    "an operator": b'{"given_name": {"$ne": ""}}',
    "an operator as key": b'{"$where": "1"}',
    "a proto key": b'{"__proto__": {}, "constructor": {}}',
    "many unknown keys": orjson.dumps({f"key{number}": 1 for number in range(100_000)}),
    "many keys twice": b"{" + b",".join(b'"a":1' for _ in range(100_000)) + b"}",
}


@pytest.mark.parametrize("body", BODIES.values(), ids=BODIES.keys())
@pytest.mark.parametrize("path", ["/v1/contacts", "/v1/contacts:search", "/v1/contacts:batchCreate", "/v1/sessions"])
def test_a_hostile_body_is_refused_as_bad(gateway, path, body):
    answer = conforms(gateway.post(path, data=body, content_type="application/json"))
    assert answer.status_code == 400
    assert answer.json["type"] in ("/problems/malformed-body", "/problems/invalid")


def test_a_body_above_the_limit_is_refused_before_it_is_kept(a_gateway):
    client = a_gateway(body_limit=1000)
    headers = {"Authorization": "Bearer kith_adas_key"}
    for extra in ({}, {"headers": headers | {"Transfer-Encoding": "chunked"}}):
        options = {"headers": headers, "content_type": "application/json"} | extra
        answer = client.post("/v1/contacts", data=b" " * 1001, **options)
        assert (conforms(answer).status_code, answer.json["type"]) == (413, "/problems/body-too-large")


@pytest.mark.parametrize(
    ("media", "coding"),
    [
        ("text/plain", None),
        ("application/x-www-form-urlencoded", None),
        ("multipart/form-data; boundary=x", None),
        ("application/json; charset=utf-16", None),
        ("", None),
        ("application/json", "gzip"),
        ("application/xml", None),
    ],
)
def test_a_body_that_is_not_json_by_its_own_word_is_refused(gateway, media, coding):
    headers = {"Content-Encoding": coding} if coding else {}
    answer = conforms(gateway.post("/v1/contacts", data=b"{}", content_type=media, headers=headers))
    assert (answer.status_code, answer.json["type"]) == (415, "/problems/unsupported-media-type")


def test_a_body_where_none_is_taken_is_refused(gateway):
    for verb in ("GET", "DELETE"):
        answer = conforms(gateway.open("/v1/contacts/con_1", method=verb, json={"a": 1}))
        assert (answer.status_code, answer.json["type"]) == (400, "/problems/unexpected-body")


@pytest.mark.parametrize(
    "query",
    [
        "%ff=1",
        "given_name=%00",
        "given_name=%ff",
        "filter=" + "%5B" * 5000,
        "filter={}&filter={}",
        "filter={%22field%22:5}",
        "page_size=99999999999999999999",
        "page_size=1&page_size=2",
        "employee_count=NaN",
        "__class__=x",
        "given_name__startswith=a",
        "$where=1",
        "emails.address.x=1",
        "&".join(f"x{number}=1" for number in range(500)),
    ],
)
def test_a_hostile_query_is_refused_as_bad(gateway, query):
    answer = conforms(gateway.get(f"/v1/contacts?{query}"))
    assert (answer.status_code, answer.json["type"]) == (400, "/problems/invalid")
    assert answer.json["errors"]


@pytest.mark.parametrize(
    "path",
    ["/", "/v1", "/v1/", "/v1//contacts", "/v1/contacts/", "/v1/contacts/../users", "/v1/%2e%2e",
     "/v1/contacts/%ff:win",
     "/v1/contacts/a/b/c", "/v2/contacts", "/v1/contacts/:search", "/v1/contacts/x:", "/%00", "/static/x"],
)  # fmt: skip
def test_a_path_that_is_none_is_not_found(gateway, path):
    answer = conforms(gateway.post(path, json={}))
    assert (answer.status_code, answer.json["type"]) == (404, "/problems/route-unknown")


@pytest.mark.parametrize("verb", ["PUT", "DELETE", "OPTIONS", "TRACE", "BREW"])
def test_a_method_that_a_path_does_not_know_is_refused_with_those_it_knows(gateway, verb):
    answer = conforms(gateway.open("/v1/contacts", method=verb))
    assert (answer.status_code, answer.headers["Allow"]) == (405, "GET, HEAD, POST")


def test_ids_of_every_kind_reach_the_service_as_they_are(gateway, stand_in):
    for spelt, meant in (("%24where", "$where"), ("a%20b", "a b"), ("%F0%9F%8C%8D", "🌍"), ("x" * 2000, "x" * 2000)):
        conforms(gateway.get(f"/v1/contacts/{spelt}"))
        assert stand_in.last("GetContact")[0].id == meant


@given(st.binary(max_size=60) | st.text(max_size=60).map(str.encode))
def test_no_text_breaks_the_reader(text):
    try:
        value = strict_json.loads(text)
    except ValueError:
        return
    assert orjson.loads(text) == value


JSON = st.recursive(
    st.none() | st.booleans() | st.integers(-(1 << 60), 1 << 60) | st.text(max_size=9),
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(st.text(max_size=5), inner, max_size=3),
)


@given(JSON)
def test_sound_json_is_read_as_it_is(value):
    assert strict_json.loads(orjson.dumps(value)) == value


def test_nesting_to_the_limit_is_taken():
    assert strict_json.loads(b"[" * 64 + b"]" * 64)
    with pytest.raises(ValueError, match="nests deeper than 64"):
        strict_json.loads(b"[" * 65 + b"]" * 65)
