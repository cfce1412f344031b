"""Lists, searches and pages of records, all from the noun's contract.

`page` answers a `ListRequest`. Its parts serve whoever needs one alone: reports read a `condition` as a `query`,
workflows and streams as a `predicate`; a record keeps the `search_tokens` of its searched fields under `TOKENS`.
"""

from chassis.listing.catalogue import INDEX, Catalogue, Field, Kind, Step, catalogue
from chassis.listing.condition import Condition, condition
from chassis.listing.folding import fold
from chassis.listing.order import sortable
from chassis.listing.page import page
from chassis.listing.pairs import MARK as PAIR
from chassis.listing.predicate import predicate, values
from chassis.listing.projection import projection
from chassis.listing.query import query
from chassis.listing.words import TOKENS, names, search_tokens, tokens

__all__ = [
    "page", "sortable",
    "Catalogue", "Field", "Kind", "Step", "catalogue",
    "Condition", "condition", "query", "predicate", "values",
    "projection",
    "INDEX", "TOKENS", "PAIR", "tokens", "search_tokens", "names", "fold",
]  # fmt: skip
