"""Opportunities as a client makes, wins and reads them."""

from typing import Any

from crm.common.v1 import requests_pb2
from crm.sales.v1 import opportunity_pb2

from chassis.testing import Caller
from tests.builders.sales import an_opportunity_message


def opened(sales: Caller, **fields: Any) -> opportunity_pb2.Opportunity:
    asked = opportunity_pb2.CreateOpportunityRequest(opportunity=an_opportunity_message(**fields))
    return sales.CreateOpportunity(asked)


def won(sales: Caller, **fields: Any) -> opportunity_pb2.Opportunity:
    return sales.WinOpportunity(opportunity_pb2.WinOpportunityRequest(id=opened(sales, **fields).id))


def got(sales: Caller, id: str) -> opportunity_pb2.Opportunity:
    return sales.GetOpportunity(requests_pb2.GetRequest(id=id))
