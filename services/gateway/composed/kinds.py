"""What the search across nouns finds: which rpc finds each noun, and what a hit says of itself. The table is the whole of it."""

from collections.abc import Iterator
from dataclasses import dataclass
from functools import cached_property
from typing import Any

from google.protobuf.descriptor import FieldDescriptor, MethodDescriptor

from chassis.contract import RpcContract, rpc_of
from services.gateway import contract


@dataclass(frozen=True)
class Kind:
    """A noun that is searched. `titles` are fields of which the first that is set names a hit, a `+` puts two together;
    `lines` are those of which one stands below it.
    """

    type: str  # as clients name it: `contacts`
    rpc_name: str
    titles: str
    lines: str

    @cached_property
    def method(self) -> MethodDescriptor:
        """The rpc that finds it, as the contract describes it."""
        return contract.methods()[self.rpc_name]

    @cached_property
    def rpc(self) -> RpcContract:
        """The rpc that finds it, as it is called."""
        return rpc_of(self.method)

    @property
    def noun(self) -> str:
        """Its name: `contact`."""
        return self.rpc.permission.split(".")[1]

    @cached_property
    def fields(self) -> list[str]:
        """What is read of each record."""
        return sorted({path.split(".")[0] for path in f"{self.titles} {self.lines}".replace("+", " ").split()})

    def title(self, record: Any) -> str:
        """What the record is called; its id where nothing else is set."""
        for alternative in self.titles.split():
            if title := " ".join(text for path in alternative.split("+") for text in texts(record, path)):
                return title
        return str(record.id)

    def below(self, record: Any) -> list[str]:
        """What could stand below the title, the most telling first."""
        return [text for path in self.lines.split() for text in texts(record, path)]


def texts(record: Any, path: str) -> Iterator[str]:
    """The texts at a dotted path, through lists; none where a field is empty."""
    name, _, rest = path.partition(".")
    field: FieldDescriptor = record.DESCRIPTOR.fields_by_name[name]
    value = getattr(record, name)
    for each in value if field.is_repeated else [value]:
        if rest:
            yield from texts(each, rest)
        elif each:
            yield each


# In the order in which groups stand that fit equally well.
KINDS = (
    Kind("contacts", "ListContacts", "display_name", "emails.address phones.number job_title"),
    Kind("accounts", "ListAccounts", "name", "domain legal_name phones.number industry"),
    Kind("leads", "ListLeads", "display_name", "company_name email phone"),
    Kind("opportunities", "ListOpportunities", "name", "account_name stage"),
    Kind("orders", "ListOrders", "number", "account_name order_date"),
    Kind("tickets", "ListTickets", "subject", "number requester_name requester_email"),
    Kind("products", "ListProducts", "name", "code family"),
    Kind("campaigns", "ListCampaigns", "name", "description topic"),
    Kind("segments", "ListSegments", "name", "description"),
)
