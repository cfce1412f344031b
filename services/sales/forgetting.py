"""What sales forgets of a person: nothing of its own. It knows people by their contact's id, which leads nowhere once the contact
is gone; orders stay with their amounts and days, as the law demands, and what names the person in their texts is blanked.
"""

from chassis import Person


def forget(person: Person) -> dict[str, list[str]]:  # noqa: ARG001  every service is asked so
    """No record of sales is about a person."""
    return {}
