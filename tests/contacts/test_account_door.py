"""Accounts at the door: their tree, their domains, what becomes of those below a deleted one."""

import threading
from typing import Any

import grpc
from crm.common.v1.listing_pb2 import Filter, ListRequest
from crm.common.v1.requests_pb2 import DeleteRequest, GetRequest, RestoreRequest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from chassis.testing import Caller, details, somebody
from services.contacts.account import DEEPEST
from tests.contacts.cases import ACCOUNT, CONTACT
from tests.refused import violations


def of(field: str, value: str) -> ListRequest:
    return ListRequest(filter=Filter(field=field, op="eq", value={"string_value": value}))


def test_an_account_is_kept_in_one_written_form(caller: Caller) -> None:
    made = ACCOUNT.create(
        caller, domain="WWW.Bücher.Example", tags=["vip", "vip"], phones=[{"number": "+4915123456789"}]
    )
    assert made.domain == "xn--bcher-kva.example"
    assert list(made.tags) == ["vip"]
    assert made.phones[0].primary


def test_an_account_is_found_by_the_words_of_its_names_and_its_telephone(caller: Caller) -> None:
    rose = ACCOUNT.create(caller, legal_name="Rósenthal GmbH", phones=[{"number": "+4915123456789"}])
    ACCOUNT.create(caller, name="Vale Gardens")
    for query in ("rose thorn", "NURS", "rosenthal", "015123456789", "+49 151 2345"):
        assert ACCOUNT.ids(caller, ListRequest(query=query)) == [rose.id], query


def test_two_primary_telephones_are_refused(caller: Caller) -> None:
    phones = [{"number": "+4915123456789", "primary": True}, {"number": "+4915123456780", "primary": True}]
    assert list(violations(ACCOUNT.create, caller, phones=phones)) == ["account.phones[1].primary"]


def test_an_account_never_lies_below_itself(caller: Caller) -> None:
    top = ACCOUNT.create(caller)
    middle = ACCOUNT.create(caller, parent_id=top.id)
    bottom = ACCOUNT.create(caller, parent_id=middle.id)
    for below in (top, middle, bottom):
        assert list(violations(ACCOUNT.update, caller, top.id, parent_id=below.id)) == ["account.parent_id"]
    assert ACCOUNT.update(caller, bottom.id, parent_id=top.id).parent_id == top.id
    assert ACCOUNT.update(caller, bottom.id, mask=("parent_id",)).parent_id == ""


def test_a_tree_of_accounts_has_a_depth_that_a_walk_can_bear(caller: Caller) -> None:
    lowest = ACCOUNT.create(caller)
    for _ in range(DEEPEST - 1):
        lowest = ACCOUNT.create(caller, parent_id=lowest.id)
    assert list(violations(ACCOUNT.create, caller, parent_id=lowest.id)) == ["account.parent_id"]


def test_a_deleted_account_keeps_its_place_for_its_return(caller: Caller) -> None:
    top = ACCOUNT.create(caller)
    middle = ACCOUNT.create(caller, parent_id=top.id)
    bottom = ACCOUNT.create(caller, parent_id=middle.id)
    person = CONTACT.create(caller, account_id=middle.id)
    ACCOUNT.call(caller, "Delete", DeleteRequest(id=middle.id))
    assert ACCOUNT.call(caller, "Get", GetRequest(id=bottom.id)) == bottom
    assert CONTACT.call(caller, "Get", GetRequest(id=person.id)) == person
    # Also while it is away, nothing closes a circle through it.
    assert list(violations(ACCOUNT.update, caller, top.id, parent_id=bottom.id)) == ["account.parent_id"]
    assert list(violations(CONTACT.create, caller, account_id=middle.id)) == ["contact.account_id"]
    ACCOUNT.call(caller, "Restore", RestoreRequest(id=middle.id))
    assert ACCOUNT.ids(caller, of("parent_id", middle.id)) == [bottom.id]
    assert CONTACT.ids(caller, of("account_id", middle.id)) == [person.id]


def test_two_moves_at_once_close_no_circle(caller: Caller) -> None:
    for _ in range(5):
        one, other = ACCOUNT.create(caller), ACCOUNT.create(caller)
        start, refused = threading.Barrier(2), []

        def move(below: Any, above: Any, start: Any = start, refused: Any = refused) -> None:
            start.wait()
            try:
                ACCOUNT.update(caller, below.id, parent_id=above.id)
            except grpc.RpcError as error:
                refused.append(list(details(error)["violations"]))

        moves = [threading.Thread(target=move, args=pair) for pair in ((one, other), (other, one))]
        for each in moves:
            each.start()
        for each in moves:
            each.join()
        assert refused == [["account.parent_id"]]


@settings(max_examples=15, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(st.lists(st.tuples(st.integers(0, 5), st.integers(0, 5)), max_size=12))
def test_whatever_is_moved_where_accounts_stay_a_tree(door: Any, moves: list[tuple[int, int]]) -> None:
    caller = door(somebody())
    accounts = [ACCOUNT.create(caller).id for _ in range(6)]
    parents: dict[str, str] = {}
    for below, above in moves:
        try:
            ACCOUNT.update(caller, accounts[below], parent_id=accounts[above])
        except grpc.RpcError:
            # The circle that was refused is the only reason.
            assert accounts[below] in _way_up(parents, accounts[above])
        else:
            parents[accounts[below]] = accounts[above]
    for account in accounts:
        assert len(_way_up(parents, account)) <= len(accounts)


def _way_up(parents: dict[str, str], account: str) -> list[str]:
    way = [account]
    while (above := parents.get(way[-1])) and above not in way:
        way.append(above)
    assert not parents.get(way[-1]), "a circle"
    return way
