"""Everything that is not domain, behind one flat façade.

A service imports from here and from the generated messages, nothing else of the project. What is not named below is
private to the chassis.
"""

from mongoengine import BooleanField, DateTimeField, DictField, FloatField, IntField, StringField

from chassis import config, importing, listing, merging, mirror, transaction
from chassis.call import hint
from chassis.clock import now, today
from chassis.disclosure import disclosure_rpc
from chassis.document import Noun
from chassis.erasure import ERASED, Person, erasing, take_up
from chassis.events import Fact, Lease, announce, on
from chassis.exporting import Exporting
from chassis.fields import hidden_fields
from chassis.files import File, FileSettings, bytes_of, file_rpcs, purging
from chassis.ids import new_id
from chassis.importing import Importing, Kind, Link, cells_of
from chassis.jobs import REVERT, RUN, VALIDATE, Job, Step, doing, later
from chassis.kinds import noun_called
from chassis.listing import fold
from chassis.lookup import lookup
from chassis.mirror import CustomFields, Part, Parts, stored
from chassis.network import network
from chassis.numbers import next_number
from chassis.owned import Owned
from chassis.plain import ListField
from chassis.principal import Principal, Scope, acting_as, of_service, principal
from chassis.projection import Projection
from chassis.reference import refer
from chassis.refusals import (
    AlreadyExists,
    Forbidden,
    Invalid,
    NotFound,
    Refusal,
    Refused,
    TooMany,
    Unauthenticated,
    Violation,
)
from chassis.run import run
from chassis.standard import batch, page_of, standard, verbs
from chassis.sweeper import Sweeper
from chassis.transaction import remembered
from chassis.turns import take_a_lane, take_all_lanes, take_turns
from chassis.validation.formats import telephone

__all__ = [
    # nouns
    "Noun", "Owned", "Projection", "lookup", "refer", "remembered", "take_turns", "take_a_lane", "take_all_lanes",
    "Part", "Parts", "CustomFields", "stored",
    "noun_called", "hidden_fields",
    "BooleanField", "DateTimeField", "DictField", "FloatField", "IntField", "ListField", "StringField",
    # doors
    "run", "standard", "verbs", "batch", "page_of",
    # what an answer says beside itself
    "hint",
    # refusals
    "Refusal", "Invalid", "Violation", "Unauthenticated", "Forbidden", "NotFound", "Refused", "AlreadyExists", "TooMany",
    # events, and the duties of one process at a time
    "Fact", "on", "announce", "Lease",
    # work that goes on after its request was answered
    "Job", "Step", "later", "doing", "VALIDATE", "RUN", "REVERT",
    # files, kept once by their content
    "File", "FileSettings", "bytes_of", "file_rpcs", "purging",
    # records out of files, and into them
    "Importing", "Exporting", "Kind", "Link", "importing", "cells_of",
    # a person who is to be forgotten, or asks what is known
    "Person", "take_up", "erasing", "ERASED", "disclosure_rpc",
    # text, telephone numbers, and addresses without what is private about them
    "fold", "network", "telephone",
    # identity and time
    "Principal", "Scope", "principal", "acting_as", "of_service", "new_id", "next_number", "now", "today",
    # for a service that needs more than nouns: settings of its own, the database beside its collections, conditions and pages
    # over what it keeps there, and work in threads
    "config", "transaction", "listing", "mirror", "Sweeper",
    # what follows records that are merged
    "merging",
]  # fmt: skip
