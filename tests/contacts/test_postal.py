"""Postal addresses as their countries write them: pure."""

import pycountry
import pytest
from hypothesis import given
from hypothesis import strategies as st

from services.contacts.postal import country_of, settled

TEXT = st.text(alphabet="abcäßé ,-1", max_size=8).map(str.strip)


def an_address(country_code: str, *lines: str, **parts: str) -> dict:
    return {"country_code": country_code, "lines": list(lines), **parts}


@pytest.mark.parametrize(
    ("address", "lines"),
    [
        (
            an_address("US", "2079 Rayburn HOB", locality="Washington", region="DC", postal_code="20515"),
            ["2079 Rayburn HOB", "WASHINGTON, DC 20515"],
        ),
        (an_address("DE", "Rosenweg 7", locality="Trier", postal_code="54290"), ["Rosenweg 7", "54290 Trier"]),
        (an_address("DE", "Rosenweg 7", locality="Trier"), ["Rosenweg 7", "Trier"]),
        (
            an_address("JP", "千代田1-1", region="東京都", postal_code="100-0001"),
            ["〒100-0001", "東京都", "千代田1-1"],
        ),
        (
            an_address("JP", "1-1 Chiyoda", region="Tokyo", postal_code="100-0001"),
            ["1-1 Chiyoda, TOKYO", "100-0001"],
        ),
        (
            an_address("BR", "Rua A 1", sublocality="Centro", locality="Olinda", region="PE", postal_code="53020-000"),
            ["Rua A 1", "Centro", "OLINDA-PE", "53020-000"],
        ),
        (an_address("GB", "1 High St", "Flat 2", locality="York", postal_code="Yo1"), ["1 High St", "Flat 2", "YORK", "YO1"]),
        ({"lines": ["Somewhere 1"], "locality": "Town", "postal_code": "99"}, ["Somewhere 1", "Town 99"]),
        (an_address("AQ", "Base 1", locality="Rothera"), ["Base 1", "Rothera"]),
    ],
)  # fmt: skip
def test_a_letter_has_the_address_as_its_country_writes_it(address: dict, lines: list[str]) -> None:
    assert settled(address)["formatted_lines"] == lines


@pytest.mark.parametrize(
    ("address", "missing", "doubtful"),
    [
        (an_address("US", "1 Main St", locality="Springfield"), ["postal_code", "region"], []),
        (an_address("US", "1 Main St", locality="X", region="IL", postal_code="1234"), [], ["postal_code"]),
        (an_address("DE", "Rosenweg 7", locality="Trier", postal_code="54290"), [], []),
        (an_address("IE", "1 Main St", locality="Cork"), [], []),
        (an_address("HK", "1 Queen's Road"), ["region"], []),
        ({"locality": "Town"}, ["country_code"], []),
        (an_address("GB", "1 High St", locality="York", postal_code="yo1 7hh"), [], []),
    ],
)
def test_what_an_address_lacks_is_told_and_never_refused(address: dict, missing: list, doubtful: list) -> None:
    told = settled(address)
    assert told.get("missing_parts", []) == missing
    assert told.get("doubtful_parts", []) == doubtful


@given(st.sampled_from([*sorted(each.alpha_2 for each in pycountry.countries), ""]), TEXT, TEXT, TEXT)
def test_every_country_has_a_way_to_write_an_address(country: str, line: str, locality: str, code: str) -> None:
    told = settled({"country_code": country, "lines": [line], "locality": locality, "postal_code": code})
    assert settled(told) == told
    written = "\n".join(told.get("formatted_lines", []))
    assert line in written or line.upper() in written


def test_what_a_client_says_of_an_address_that_only_we_can_is_not_believed() -> None:
    told = settled(an_address("DE", "Rosenweg 7") | {"missing_parts": ["lines"], "formatted_lines": ["anything"]})
    assert told["missing_parts"] == ["locality", "postal_code"]
    assert told["formatted_lines"] == ["Rosenweg 7"]


def test_the_country_is_that_of_the_first_address_that_names_one() -> None:
    assert country_of([{"locality": "Town"}, {"country_code": "CI"}, {"country_code": "DE"}]) == "CI"
    assert country_of([]) == ""
