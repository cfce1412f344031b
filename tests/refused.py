"""Calls that must be refused: `refused` gives the error, `refusal` its name, `violations` the fields at fault."""

from collections.abc import Callable
from typing import Any

import grpc
import pytest

from chassis.testing import details, reason


def refused(call: Callable[..., Any], *arguments: Any, **fields: Any) -> grpc.RpcError:
    """The error that a call ends with; it must end with one."""
    with pytest.raises(grpc.RpcError) as error:
        call(*arguments, **fields)
    return error.value


def refusal(call: Callable[..., Any], *arguments: Any, **fields: Any) -> str:
    """The name of the refusal: `OPPORTUNITY_ALREADY_CLOSED`."""
    return reason(refused(call, *arguments, **fields))


def violations(call: Callable[..., Any], *arguments: Any, **fields: Any) -> dict[str, str]:
    """The fields that are at fault, and what is wrong with each; the refusal must be INVALID."""
    told = details(refused(call, *arguments, **fields))
    assert told["reason"] == "INVALID"
    return dict(told["violations"])
