"""What a job will not do."""

from chassis.refusals import Refused


class JobNotUnderWay(Refused):
    """The {noun} {id} is {state}; only one that is queued or under way can be paused."""


class JobNotPaused(Refused):
    """The {noun} {id} is {state}; only a paused one can be resumed."""


class JobAlreadyOver(Refused):
    """The {noun} {id} is {state}; there is nothing left to call off."""


class JobNotRevertible(Refused):
    """The {noun} {id} is {state}; only one that has done something, and can undo it, can be reverted."""


class JobAlreadyStarted(Refused):
    """The {noun} {id} is {state}; it can be described and started only before that."""
