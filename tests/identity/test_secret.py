"""Keys and tokens: their shape, and what they prove."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from services.gateway.identity.secret import Key, csrf_token, digest, token


def test_a_new_key_reads_back_as_itself():
    key = Key.new()
    assert Key.read(key.text) == key
    assert key.text.startswith(key.hint + "_")


def test_a_key_proves_its_own_hash_and_no_other():
    key, other = Key.new(), Key.new()
    assert key.proves(digest(key.text))
    assert not key.proves(digest(other.text))


def test_no_two_keys_and_no_two_tokens_are_alike():
    assert len({Key.new().text for _ in range(200)} | {token() for _ in range(200)}) == 400


def test_the_hint_does_not_hold_the_secret():
    key = Key.new()
    assert len(key.text) - len(key.hint) == 44


@pytest.mark.parametrize(
    "text", ["", "kith_", "kith_short_" + "a" * 43, "kith_abcdefgh_" + "a" * 42, "kith_ABCDEFGH_" + "a" * 43,
             "kith_abcdefgh_" + "a" * 42 + "é", "kith_abcdefgh_" + "a" * 44, "other_abcdefgh" + "a" * 43]
)  # fmt: skip
def test_what_has_not_the_shape_of_a_key_is_none(text):
    with pytest.raises(ValueError, match="an API key is"):
        Key.read(text)


@given(st.text(min_size=50))
def test_the_fault_of_a_key_never_repeats_it(text):
    with pytest.raises(ValueError, match="an API key is") as caught:
        Key.read(text)
    assert text not in str(caught.value)


def test_the_csrf_token_follows_from_the_session_and_does_not_lead_back():
    one, other = token(), token()
    assert csrf_token(one) == csrf_token(one) != csrf_token(other)
    assert one not in csrf_token(one)
