"""What sales hears: names from contacts and identity, leads that were converted, and customers who became one."""

from crm.contacts.v1 import events_pb2 as contacts
from crm.identity.v1 import events_pb2 as identity

from chassis import Fact, merging, on, take_up
from services.sales.account import Account, following
from services.sales.opportunity import Opportunity
from services.sales.order import Order
from services.sales.pipeline import Pipeline
from services.sales.user import Team, User

OF_ACCOUNTS = tuple(following(collection) for collection in ("opportunities", "orders"))
OF_CONTACTS = (
    merging.Reference("opportunities", "contacts", "contact_id"), merging.Reference("orders", "contact_ids"),
)  # fmt: skip


@on(contacts.AccountCreated, contacts.AccountUpdated)
def name_the_account(event: contacts.AccountCreated | contacts.AccountUpdated, fact: Fact) -> None:
    """Show the account's name in lists of opportunities and orders; a name is no revision of theirs."""
    if "name" in Account.remember(event.account.id, fact.revision, name=event.account.name):
        for noun in (Opportunity, Order):
            noun.retell({"account_id": event.account.id}, account_name=event.account.name)


@on(identity.UserCreated, identity.UserUpdated)
def know_the_user(event: identity.UserCreated | identity.UserUpdated, fact: Fact) -> None:
    """Show owners by name in reports, and share new opportunities with the owner's team."""
    team_id = event.user.team_ids[0] if event.user.team_ids else None
    User.remember(event.user.id, fact.revision, name=event.user.display_name, team_id=team_id)


@on(identity.TeamCreated, identity.TeamUpdated)
def know_the_team(event: identity.TeamCreated | identity.TeamUpdated, fact: Fact) -> None:
    """Show teams by name in reports."""
    Team.remember(event.team.id, fact.revision, name=event.team.name)


@on(identity.TenantCreated)
def lay_the_standard_pipeline(event: identity.TenantCreated, fact: Fact) -> None:
    """Give a new tenant a pipeline to begin with."""
    Pipeline.standard()


@on(contacts.LeadConverted)
def open_the_opportunity_of_the_lead(event: contacts.LeadConverted, fact: Fact) -> None:
    """Open the opportunity that the conversion promised, once, with the id that it was promised under."""
    lead, became = event.lead, event.lead.conversion
    promised = became.opportunity_id
    if not promised or Opportunity.objects(id=promised).first():
        return
    if became.account_id:  # a private person has none
        Account.remember(became.account_id, 0, name=event.account_name)
    opportunity = Opportunity.fresh(
        promised,
        name=event.opportunity_name,
        account_id=became.account_id or None,
        contacts=[{"contact_id": became.contact_id}] if became.contact_id else [],
        owner_id=lead.owner_id,
        team_id=lead.team_id or None,
        source=lead.source or None,
        lead_id=lead.id,
    )
    if lead.HasField("estimated_value"):
        opportunity.revalue(lead.estimated_value)
    opportunity.enter()


@on(contacts.AccountsMerged)
def sell_to_the_surviving_account(event: contacts.AccountsMerged, fact: Fact) -> None:
    """What the merged accounts were sold is the survivor's."""
    survivor = event.account
    merging.join(
        event.merge_id, OF_ACCOUNTS, survivor.id, [each.id for each in event.merged], account_name=survivor.name
    )


@on(contacts.ContactsMerged)
def deal_with_the_surviving_contact(event: contacts.ContactsMerged, fact: Fact) -> None:
    """Where the merged contacts had a part, the survivor has it."""
    merging.join(event.merge_id, OF_CONTACTS, event.contact.id, [each.id for each in event.merged])


@on(contacts.AccountsUnmerged, contacts.ContactsUnmerged)
def give_the_sales_back(event: contacts.AccountsUnmerged | contacts.ContactsUnmerged, fact: Fact) -> None:
    """Everybody has again what was theirs."""
    merging.part(event.merge_id)
    if isinstance(event, contacts.AccountsUnmerged):
        for account in event.restored:
            Account.remember(account.id, int(account.etag), name=account.name)


@on(contacts.ErasureRequested)
def forget_who_bought(event: contacts.ErasureRequested, fact: Fact) -> None:
    """Who asked to be forgotten is: orders stay, without the words that name the person."""
    take_up(event)
