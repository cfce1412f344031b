"""Runs the sales service."""

from crm.sales.v1 import service_pb2

from chassis import run
from services.sales import reactions  # noqa: F401  importing registers them
from services.sales.account import Account
from services.sales.service import Sales
from services.sales.user import Team, User

if __name__ == "__main__":
    run(service_pb2, Sales(), projections=(Account, User, Team))
