"""What the suite is measured against: the same accounts in bare Flask and PyMongo, as a careful developer writes them.

No events, no authentication, no tenants, no contract; the same record, the same indexes for the same questions, and the
same promise of durability (`w: majority`).
"""

import os
import re
from datetime import UTC, datetime
from typing import Any

from bson import ObjectId
from bson.errors import InvalidId
from flask import Flask, Response, abort, jsonify, request
from pymongo import ASCENDING, DESCENDING, MongoClient
from pymongo.collection import Collection

PAGE = 50
_WORD = re.compile(r"\w+")


def accounts() -> Collection[dict[str, Any]]:
    """The collection, in the database that BASELINE_MONGO_URL names."""
    client: MongoClient[dict[str, Any]] = MongoClient(os.environ["BASELINE_MONGO_URL"], tz_aware=True, w="majority")
    return client.get_default_database()["accounts"]


def prepare(collection: Collection[dict[str, Any]]) -> None:
    """Make the index that the search reads by."""
    collection.create_index([("search_tokens", ASCENDING), ("_id", DESCENDING)])


def row(values: dict[str, Any]) -> dict[str, Any]:
    """A new account as it is stored."""
    now = datetime.now(UTC)
    words = _WORD.findall(f"{values['name']} {values.get('domain', '')}".lower())
    return {**values, "create_time": now, "update_time": now, "revision": 1, "search_tokens": sorted(set(words))}


def create() -> Flask:
    """The application."""
    app, collection = Flask("baseline"), accounts()

    @app.get("/accounts/<id>")
    def get_account(id: str) -> Response:
        try:
            found = collection.find_one({"_id": ObjectId(id)})
        except InvalidId:
            abort(404)
        if found is None:
            abort(404)
        return jsonify(_json(found))

    @app.get("/accounts")
    def list_accounts() -> Response:
        found = collection.find().sort("_id", DESCENDING).limit(PAGE)
        return jsonify(accounts=[_json(each) for each in found])

    @app.post("/accounts")
    def create_account() -> tuple[Response, int]:
        values = request.get_json()
        if not isinstance(values, dict) or not values.get("name"):
            abort(400)
        stored = row(values)
        stored["_id"] = collection.insert_one(stored).inserted_id
        return jsonify(_json(stored)), 201

    @app.post("/accounts/search")
    def search_accounts() -> Response:
        word = str(request.get_json()["query"]).lower()
        found = collection.find({"search_tokens": {"$regex": f"^{re.escape(word)}"}})
        return jsonify(accounts=[_json(each) for each in found.sort("_id", DESCENDING).limit(PAGE)])

    return app


def _json(account: dict[str, Any]) -> dict[str, Any]:
    shown = {name: value for name, value in account.items() if name not in ("_id", "revision", "search_tokens")}
    shown["id"], shown["etag"] = str(account["_id"]), str(account["revision"])
    for name in ("create_time", "update_time"):
        shown[name] = account[name].isoformat()
    return shown
