"""What tests of reassignments need: one described, begun, and its end awaited."""

from typing import Any

from crm.common.v1 import requests_pb2
from crm.contacts.v1 import reassignment_pb2 as pb

from chassis.testing import Caller
from tests.contacts.importing import END, state
from tests.eventually import eventually


def a_reassignment(caller: Caller, **fields: Any) -> pb.Reassignment:
    """A draft."""
    told = {"noun": "account"} | fields
    return caller.CreateReassignment(pb.CreateReassignmentRequest(reassignment=pb.Reassignment(**told)))


def asked(caller: Caller, verb: str, id: str) -> pb.Reassignment:
    """The reassignment as a verb answers it."""
    return getattr(caller, f"{verb}Reassignment")(getattr(pb, f"{verb}ReassignmentRequest")(id=id))


def after(caller: Caller, verb: str, id: str) -> pb.Reassignment:
    """The reassignment after a verb, when what it asks for has ended."""
    asked(caller, verb, id)
    return ended(caller, id)


def done(caller: Caller, verb: str = "Start", **fields: Any) -> pb.Reassignment:
    """A reassignment, ended."""
    return after(caller, verb, a_reassignment(caller, **fields).id)


def ended(caller: Caller, id: str, seconds: float = 60.0) -> pb.Reassignment:
    """The reassignment when nothing is left to do."""
    asked = requests_pb2.GetRequest(id=id)
    return eventually(lambda: state(found := caller.GetReassignment(asked)) in END and found, seconds)
