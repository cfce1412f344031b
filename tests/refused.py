"""Calls that must be refused: `refused` gives the error, `refusal` the name of the refusal."""

from collections.abc import Callable
from typing import Any

import grpc
import pytest

from chassis.testing import reason


def refused(call: Callable[..., Any], *arguments: Any, **fields: Any) -> grpc.RpcError:
    """The error that a call ends with; it must end with one."""
    with pytest.raises(grpc.RpcError) as error:
        call(*arguments, **fields)
    return error.value


def refusal(call: Callable[..., Any], *arguments: Any, **fields: Any) -> str:
    """The name of the refusal: `OPPORTUNITY_ALREADY_CLOSED`."""
    return reason(refused(call, *arguments, **fields))
