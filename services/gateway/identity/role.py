"""Roles: what each may do, as permission pattern → scope. This table is the whole of it.

Permissions are `<service>.<noun>.<action>` with the actions read, write, delete and purge; a verb that moves a record is a write.
To purge is to delete for good, and stays with administrators.
Scopes are own (records of the caller), team (also those of the caller's teams and their sub-teams) and all. Grants only
ever add up: of several roles, and of several patterns, the widest scope wins. Nobody holds `identity.principal.resolve`;
the gateway signs itself a principal for it.
"""

from collections.abc import Iterable, Mapping
from dataclasses import dataclass

from crm.identity.v1 import role_pb2

from chassis import Scope

ADMINISTRATOR = "administrator"

Grants = Mapping[str, str]


@dataclass(frozen=True)
class Role:
    """A set of permissions that users can be given."""

    display_name: str
    description: str
    grants: Grants


# What whoever works with customers knows of them, keeps up, notes and shows.
_WITH_CUSTOMERS: Grants = {
    "contacts.account.read": "all", "contacts.contact.read": "all", "contacts.contact.write": "team",
    **{f"contacts.{noun}.read": "all" for noun in ("purchase", "need", "preference", "asset", "service_contract")},
    **{f"contacts.{noun}.write": "team" for noun in ("need", "preference", "asset", "service_contract")},
    "contacts.interaction.read": "all", "contacts.interaction.write": "team", "contacts.interaction.delete": "own",
    "contacts.association_label.read": "all", "contacts.association.read": "all", "contacts.association.write": "all",
    "contacts.view.*": "own", "contacts.list.*": "own",
    "contacts.record.read": "all", "contacts.record.write": "team",
    "contacts.merge.read": "all", "contacts.duplicate_rule.read": "all",
    "contacts.file.read": "team", "contacts.file.write": "own", "contacts.attachment.*": "all",
    "contacts.document.read": "team", "contacts.document.write": "own", "contacts.document.delete": "own",
    "contacts.document_revision.read": "all", "contacts.annotation.*": "own", "contacts.share_link.*": "own",
}  # fmt: skip

# What campaigns are made of, and who wants them. Topics are not among it: what is transactional needs nobody's yes, and that an
# administrator decides.
_MAILINGS = ("segment", "template", "campaign", "delivery", "consent", "suppression", "web_form")

ROLES: dict[str, Role] = {
    ADMINISTRATOR: Role("Administrator",
        "Everything inside the tenant.", {
        "contacts.*.*": "all", "sales.*.*": "all", "support.*.*": "all", "campaigns.*.*": "all",
        "identity.user.*": "all", "identity.team.*": "all", "identity.api_key.*": "all",
        "schema.*.*": "all",
    }),
    "manager": Role("Manager",
        "Leads people: sees the whole business, changes what the teams below own, and keeps the catalogue.", {
        "contacts.*.read": "all", "contacts.*.write": "team", "contacts.*.delete": "team", "contacts.territory.write": "all",
        "sales.*.read": "all", "sales.*.write": "team", "sales.*.delete": "team",
        "sales.product.*": "all", "sales.pipeline.*": "all",
        "support.*.read": "all", "support.*.write": "team", "support.*.delete": "team", "support.mailbox.*": "all",
        "campaigns.*.read": "all", **{f"campaigns.{noun}.write": "team" for noun in _MAILINGS},
        **{f"campaigns.{noun}.delete": "team" for noun in _MAILINGS},
    }),
    "sales_rep": Role("Sales representative",
        "Sells: knows every customer, works the team's customers and the own pipeline, sees how the team does.", {
        **_WITH_CUSTOMERS,
        "contacts.account.write": "team", "contacts.association.delete": "all", "contacts.record.delete": "own",
        "contacts.lead.read": "team", "contacts.lead.write": "own", "contacts.lead.delete": "own",
        "sales.product.read": "all", "sales.pipeline.read": "all",
        "sales.opportunity.read": "team", "sales.opportunity.write": "own", "sales.opportunity.delete": "own",
        "sales.order.read": "team", "sales.order.write": "own",
        "support.ticket.read": "all", "support.message.read": "all", "campaigns.*.read": "all",
    }),
    "support_agent": Role("Support agent",
        "Helps: knows every customer, and works the team's tickets.", {
        **_WITH_CUSTOMERS,
        "sales.product.read": "all", "sales.order.read": "all",
        "support.*.read": "all", "support.ticket.write": "team", "support.ticket.delete": "own",
        "support.mail.write": "team", "support.delivery.write": "team",
    }),
    "marketer": Role("Marketer",
        "Brings leads: knows every customer and lead, imports and works leads, and runs campaigns.", {
        "contacts.*.read": "all", "contacts.contact.write": "team", "contacts.interaction.write": "team",
        "contacts.need.write": "team", "contacts.preference.write": "team",
        "contacts.association.write": "all", "contacts.lead.write": "all", "contacts.lead.delete": "own",
        "contacts.view.*": "own", "contacts.list.*": "own",
        "contacts.attachment.write": "all", "contacts.attachment.delete": "all", "contacts.annotation.write": "own",
        "contacts.file.write": "own", "contacts.import.write": "own", "contacts.export.write": "own",
        "sales.product.read": "all", "sales.pipeline.read": "all", "sales.opportunity.read": "all",
        "campaigns.*.read": "all", **{f"campaigns.{noun}.write": "all" for noun in _MAILINGS},
        **{f"campaigns.{noun}.delete": "team" for noun in _MAILINGS},
    }),
    "read_only": Role("Reader",
        "Looks, and changes nothing.", {
        "contacts.*.read": "all", "sales.*.read": "all", "support.*.read": "all", "campaigns.*.read": "all",
    }),
}  # fmt: skip

# Names of users and teams are shown everywhere, and so is what records are made of; everyone keeps the own profile, password
# and API keys.
EVERYBODY: Grants = {
    "schema.*.read": "all", "contacts.view.read": "own", "contacts.list.read": "own",
    "identity.me.read": "all", "identity.user.read": "all", "identity.team.read": "all",
    "identity.user.write": "own", "identity.api_key.*": "own",
}  # fmt: skip

# What the administrators of the operator's tenant may do beside.
OPERATOR: Grants = {"identity.tenant.*": "all"}


def grants(roles: Iterable[str], *, of_operator: bool = False) -> dict[str, str]:
    """What a user with these roles may do. A role that is unknown, because a later version gave it, grants nothing."""
    held = set(roles)
    tables = [EVERYBODY, *(role.grants for id, role in ROLES.items() if id in held)]
    if of_operator and ADMINISTRATOR in held:
        tables.append(OPERATOR)
    widest: dict[str, str] = {}
    for table in tables:
        for pattern, scope in table.items():
            widest[pattern] = max(widest.get(pattern, scope), scope, key=lambda each: Scope[each.upper()])
    return widest


def told(id: str, *, of_operator: bool = False) -> role_pb2.Role:
    """A role as clients see it, with all that whoever has only this role may do."""
    role = ROLES[id]
    granted = grants([id], of_operator=of_operator)
    return role_pb2.Role(id=id, display_name=role.display_name, description=role.description, grants=granted)
