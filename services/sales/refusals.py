"""What sales will not do."""

from chassis import Refused


class OpportunityAlreadyClosed(Refused):
    """The opportunity {opportunity} is already closed, in stage {stage}."""


class OpportunityNotClosed(Refused):
    """The opportunity {opportunity} is still open, in stage {stage}."""


class OpportunityNotWon(Refused):
    """The opportunity {opportunity} is not won, so nothing can be ordered from it."""


class OpportunityAlreadyOrdered(Refused):
    """The opportunity {opportunity} has the order {order} already."""


class StageUnknown(Refused):
    """The pipeline {pipeline} has no stage {stage}."""


class StageNotOpen(Refused):
    """The stage {stage} closes an opportunity; win or lose it instead."""


class StageInUse(Refused):
    """The stage {stage} holds {count} opportunities."""


class PipelineIsDefault(Refused):
    """The pipeline {pipeline} is the default; make another one the default first."""


class OrderAgreed(Refused):
    """The order {number} stands as it was agreed in the opportunity {opportunity}."""


class OrderAlreadyCancelled(Refused):
    """The order {number} is already cancelled."""
