"""Records out of files: columns to fields, cells to values, rows to records that are made, changed or left alone.

`Importing` is the job, whatever the nouns; a service says in its own noun which of its nouns come in, and what they belong to.
"""

from chassis.importing.importing import Importing
from chassis.importing.journal import forget
from chassis.importing.links import Link
from chassis.importing.reading import cells_of
from chassis.importing.rows import Kind

__all__ = ["Importing", "Kind", "Link", "cells_of", "forget"]
