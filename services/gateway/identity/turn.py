"""Turns: transactions that check a rule over several records go one after the other.

Under snapshot isolation two transactions can each keep a rule and break it together: two administrators who disable each
other. Both take the same turn first; MongoDB then lets one of them win, and the other begins again and sees the winner's work.
"""

from chassis import transaction


def take(name: str) -> None:
    """Take the turn `name` (`<tenant>/<rule>`) for the rest of this thread's transaction."""
    transaction.database()["turns"].update_one({"_id": name}, {"$inc": {"taken": 1}}, upsert=True)
