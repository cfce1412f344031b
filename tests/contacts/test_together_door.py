"""Several reads in one call, at a real door: each is answered, or refused, as if it were asked alone."""

from typing import Any

import grpc
import pytest
from crm.common.v1.listing_pb2 import ListRequest
from crm.common.v1.requests_pb2 import DeleteRequest, GetRequest
from crm.contacts.v1 import account_pb2
from google.protobuf.message import Message
from google.rpc import error_details_pb2

from chassis.principal import sign
from chassis.testing import Caller, key_pair, somebody
from chassis.together import READ_TOGETHER
from tests.contacts.cases import ACCOUNT
from tests.refused import refusal

SERVICE = "/crm.contacts.v1.ContactsService/"


def together(caller: Caller, *reads: tuple[str, Message | bytes], token: str = "") -> Any:
    call = caller.channel.unary_unary(
        READ_TOGETHER.path, READ_TOGETHER.request.SerializeToString, READ_TOGETHER.response.FromString
    )
    asked = [
        {
            "path": path if "/" in path else SERVICE + path,
            "request": each if isinstance(each, bytes) else each.SerializeToString(),
        }
        for path, each in reads
    ]
    token = token or sign(caller.whom, key_pair()[0])
    return call(READ_TOGETHER.request(reads=asked), metadata=(("kith-principal", token),), timeout=20).answers


def code(answer: Any) -> grpc.StatusCode:
    assert answer.WhichOneof("outcome") == "refusal"
    return next(each for each in grpc.StatusCode if each.value[0] == answer.refusal.code)


def why(answer: Any) -> error_details_pb2.ErrorInfo:
    info = error_details_pb2.ErrorInfo()
    assert answer.refusal.details[0].Unpack(info)
    return info


def test_reads_are_answered_together_as_they_are_alone(caller: Caller) -> None:
    made = ACCOUNT.create(caller, name="Pier")
    one, all_of_them = together(
        caller, ("GetAccount", GetRequest(id=made.id)), ("ListAccounts", ListRequest(page_size=5))
    )
    assert account_pb2.Account.FromString(one.response) == made
    assert account_pb2.ListAccountsResponse.FromString(all_of_them.response).accounts[0] == made


def test_what_is_refused_of_one_is_no_matter_of_the_others(caller: Caller) -> None:
    made = ACCOUNT.create(caller, name="Pier")
    gone, bad, good = together(
        caller,
        ("GetAccount", GetRequest(id="acc_01jd9x2m8q4v6n0t3s5w7y9z1b")),
        ("ListAccounts", ListRequest(page_size=5, order_by=["nothing"])),
        ("GetAccount", GetRequest(id=made.id)),
    )
    assert (code(gone), why(gone).reason, why(gone).domain) == (grpc.StatusCode.NOT_FOUND, "NOT_FOUND", "contacts.crm")
    assert (code(bad), why(bad).reason) == (grpc.StatusCode.INVALID_ARGUMENT, "INVALID")
    assert account_pb2.Account.FromString(good.response).name == "Pier"


def test_each_read_needs_its_own_permission(colleague: Any) -> None:
    mine = colleague(grants={"contacts.account.read": "all"})
    accounts, contacts = together(mine, ("ListAccounts", ListRequest()), ("ListContacts", ListRequest()))
    assert accounts.WhichOneof("outcome") == "response"
    assert (code(contacts), dict(why(contacts).metadata)) == (
        grpc.StatusCode.PERMISSION_DENIED, {"permission": "contacts.contact.read"},
    )  # fmt: skip


def test_another_tenant_is_not_seen(caller: Caller, door: Any) -> None:
    made = ACCOUNT.create(caller, name="Pier")
    [answer] = together(door(somebody()), ("GetAccount", GetRequest(id=made.id)))
    assert code(answer) is grpc.StatusCode.NOT_FOUND


@pytest.mark.parametrize("path", ["DeleteAccount", "Nothing", "", "/crm.sales.v1.SalesService/GetOrder"])
def test_what_is_no_read_of_the_service_is_not_done(caller: Caller, path: str) -> None:
    made = ACCOUNT.create(caller, name="Pier")
    refused, read = together(caller, (path, DeleteRequest(id=made.id)), ("GetAccount", GetRequest(id=made.id)))
    assert code(refused) is grpc.StatusCode.UNIMPLEMENTED
    assert not account_pb2.Account.FromString(read.response).HasField("deleted_time")


def test_bytes_that_are_no_request_are_refused(caller: Caller) -> None:
    [answer] = together(caller, ("GetAccount", b"\xff\xff"))
    assert (code(answer), why(answer).reason) == (grpc.StatusCode.INVALID_ARGUMENT, "INVALID")


def test_nobody_reads_without_a_principal(caller: Caller) -> None:
    assert refusal(together, caller, ("ListAccounts", ListRequest()), token="forged") == "UNAUTHENTICATED"


def test_reads_without_end_are_refused(caller: Caller) -> None:
    assert refusal(together, caller, *[("ListAccounts", ListRequest(page_size=1))] * 21) == "INVALID"
