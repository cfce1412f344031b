"""A collection on a real mongod."""

import pytest
from pymongo import MongoClient


@pytest.fixture(scope="session")
def database(servers):
    with MongoClient(servers.mongo_url("contacts"), tz_aware=False) as client:
        yield client.get_default_database()


@pytest.fixture
def collection(database):
    fresh = database["listed"]
    fresh.drop()
    yield fresh
    fresh.drop()
