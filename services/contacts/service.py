"""The door of contacts: one of `doors/` for each gRPC service of the contract."""

from services.contacts.doors.associations import AssociationsDoor
from services.contacts.doors.contacts import ContactsDoor
from services.contacts.doors.customers import CustomersDoor
from services.contacts.doors.documents import DocumentsDoor
from services.contacts.doors.duplicates import DuplicatesDoor
from services.contacts.doors.files import FilesDoor
from services.contacts.doors.installed_base import InstalledBaseDoor
from services.contacts.doors.objects import ObjectsDoor
from services.contacts.doors.privacy import PrivacyDoor
from services.contacts.doors.territories import TerritoriesDoor
from services.contacts.doors.views import ViewsDoor

_DOORS = (
    ContactsDoor, AssociationsDoor, TerritoriesDoor, DuplicatesDoor, CustomersDoor, InstalledBaseDoor, DocumentsDoor,
    FilesDoor, ViewsDoor, ObjectsDoor, PrivacyDoor,
)  # fmt: skip


class Contacts(*_DOORS):  # type: ignore[misc]
    """Who our customers are, what happened between us, how users see it, and how it comes in and goes out."""

    nouns = tuple(noun for door in _DOORS for noun in door.nouns)
