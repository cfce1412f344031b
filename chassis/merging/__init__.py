"""What refers to records follows them when they become one, and goes back when they are parted.

A merge is one fact; each service that hears of it points what it keeps from the merged records to the survivor, and notes in
`merge_moves` what stood there before and after. Parting goes by these notes: what is still as the merge left it gets back what
was there, in a list what was added since stays, and any other later change wins and is answered as a conflict. Notes and
changes commit together, and a merge is followed once, so a process may die at any point and a fact may come twice or late. A
record that is told of after a merge, and names who was merged, is pointed and noted as if it had been there.

Records that move get a new revision and no event of their own: that of the merge says it for all.
"""

from chassis.merging.joining import arrived, arrived_own, join, keep
from chassis.merging.moves import forget, moved, prepare
from chassis.merging.parting import Conflict, part, parted
from chassis.merging.reference import Reference, pointed
from chassis.merging.survivors import standing, survivor_of, survivors_of

__all__ = [
    # where ids of records stand
    "Reference", "pointed",
    # records that become one, and what is told of others too late
    "join", "arrived", "arrived_own", "keep",
    # and are parted again
    "part", "parted", "Conflict",
    # who stands for whom
    "survivor_of", "survivors_of", "standing",
    # what is noted of it
    "prepare", "moved", "forget",
]  # fmt: skip
