"""Runs the sales service."""

from crm.sales.v1 import events_pb2, service_pb2

from chassis import erasing, run
from services.sales import reactions  # noqa: F401  importing registers them
from services.sales.account import Account
from services.sales.forgetting import forget
from services.sales.service import Sales
from services.sales.user import Team, User

if __name__ == "__main__":
    forgetting = erasing(forget, events_pb2.ErasureCompleted)
    run(service_pb2, Sales(), projections=(Account, User, Team), companions=(forgetting,))
