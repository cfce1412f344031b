"""Every list and search of every noun goes by an index, in every scope.

What is asked is read from the contracts and the indexes, so a new noun is audited by itself. Each page is asked for as the
door would, the commands that it sent are explained with the figures of their execution, and four things hold: no
collection is scanned; every index begins with the tenant; a list without a filter is read in its order, without a sort;
and one with a filter reads no more than twice as many rows as match or as the page shows.
"""

from collections.abc import Iterator
from typing import Any

import pytest
from pymongo import monitoring
from pymongo.database import Database

from chassis import indexes, transaction
from chassis.kinds import know
from chassis.principal import Principal, acting_as
from chassis.testing import somebody
from services.campaigns.service import Campaigns
from services.contacts.service import Contacts
from services.gateway.identity.service import Identity
from services.sales.service import Sales
from services.support.service import Support
from tests.audit.asked import distinct, lists, request, searches
from tests.audit.rows import TEAMS, USERS, a_kind, rows_of
from tests.plans import stages

SERVICES: dict[str, Any] = {
    "campaigns": Campaigns, "contacts": Contacts, "identity": Identity, "sales": Sales, "support": Support,
}  # fmt: skip
ROWS = 600  # of each noun; a user owns a twentieth
PAGE = 10


class Heard(monitoring.CommandListener):
    """The reads that were sent."""

    def __init__(self) -> None:
        self.commands: list[dict[str, Any]] = []

    def started(self, event: monitoring.CommandStartedEvent) -> None:
        if event.command_name in ("find", "aggregate"):
            wanted = set(event.command) - {"lsid", "$db", "$clusterTime", "readConcern", "maxTimeMS", "txnNumber"}
            self.commands.append({name: value for name, value in event.command.items() if name in wanted})

    def succeeded(self, event: monitoring.CommandSucceededEvent) -> None: ...

    def failed(self, event: monitoring.CommandFailedEvent) -> None: ...


@pytest.fixture(scope="module", params=SERVICES)
def served(request: Any, servers: Any) -> Iterator[tuple[Any, Database, Heard]]:
    """A service's nouns on a database of its own, and what is sent there."""
    service, heard = SERVICES[request.param], Heard()
    know(service.nouns)
    database = transaction.connect(servers.mongo_url(request.param), event_listeners=[heard])
    for noun in service.nouns:
        indexes.prepare(noun)
    yield service, database, heard
    transaction.disconnect()


def callers(noun: Any, tenant_id: str) -> dict[str, Principal]:
    """Who asks, by scope."""
    scopes = ("all", "team", "own") if noun.about().owned else ("all",)
    given = {"user_id": USERS[0], "team_ids": (TEAMS[0], TEAMS[1])}
    return {scope: somebody(tenant_id, grants={"*.*.*": scope}, **given) for scope in scopes}


def test_no_list_scans_a_collection(served: tuple[Any, Database, Heard]) -> None:
    service, database, heard = served
    faults: list[str] = []
    for noun in service.nouns:
        tenant_id = somebody().tenant_id
        for scope, caller in callers(noun, tenant_id).items():
            with acting_as(caller), noun.of_kind(a_kind(noun)):
                if scope == "all":
                    noun._get_collection().insert_many(rows_of(noun, tenant_id, ROWS))
                everything = scope == "all" and "$or" not in noun.visible()  # nobody sees all of what users share
                for name, asked in distinct([*lists(noun), *searches(noun)]):
                    exact = everything and "query" not in asked
                    for explained, found in pages(noun, asked, database, heard, exact):
                        told = fault(explained, found, "filter" in asked, exact)
                        faults += [f"{noun.__name__}, {scope}, {name}: {told}"] if told else []
        noun._get_collection().delete_many({"tenant_id": tenant_id})  # other tests make unique indexes there
    assert not faults, "\n".join(faults)


def pages(noun: Any, asked: Any, database: Database, heard: Heard, counted: bool) -> Iterator[tuple[Any, int]]:
    """What MongoDB says of the reads of the first two pages, each with the number of rows that match it, if `counted`."""
    response = noun.about().message(f"List{noun.about().plural_name}Response")
    heard.commands.clear()
    token = noun.page(request(asked, page_size=PAGE), response).next_page_token
    if token:
        noun.page(request(asked, page_size=PAGE, page_token=token), response)
    found = 0
    for command in list(heard.commands):
        command = {**command, "cursor": {}} if "aggregate" in command else command
        of = database[command.get("find") or command["aggregate"]]
        if counted:
            found = max(found, of.count_documents(command.get("filter", {})))  # the first page's, also for the second
        yield database.command("explain", command, verbosity="executionStats"), found


def fault(explained: Any, matching: int, filtered: bool, exact: bool) -> str:
    """What is wrong with the plan of a read that `matching` rows match; empty when nothing is."""
    explained = explained if "executionStats" in explained else explained["stages"][0]["$cursor"]
    found = list(stages(explained["queryPlanner"]["winningPlan"]))
    names, figures = {each["stage"] for each in found}, explained["executionStats"]
    by = {next(iter(each["keyPattern"])) for each in found if "keyPattern" in each}
    if names <= {"EOF", "LIMIT"} or "IDHACK" in names:  # there is no such collection yet; or it is one record by its id
        return ""
    if "COLLSCAN" in names or not by:
        return f"goes by no index: {sorted(names)}"
    if by - {"tenant_id", "_id"}:
        return f"goes by an index of all tenants: {sorted(by)}"
    if exact and not filtered and "SORT" in names:
        return "is sorted in memory"
    if exact and figures["totalDocsExamined"] > 2 * max(matching if filtered else 0, figures["nReturned"] + PAGE):
        return f"reads {figures['totalDocsExamined']} for {figures['nReturned']}"
    return ""
