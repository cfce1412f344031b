"""What must be there before the door opens: secrets in place, and indexes of what is no noun."""

from chassis import transaction
from services.campaigns import joined, keyring, ledger, standing, submission, visits
from services.campaigns.settings import CampaignsSettings


def prepare(settings: CampaignsSettings) -> None:
    """Take the secrets, and make the indexes; those that are there already stay as they are."""
    keyring.prepare(settings)
    for room in (ledger, standing, joined, visits, submission):
        room.prepare(transaction.database())
