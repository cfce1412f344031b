"""Jobs: work that goes on after its request was answered, step by step, and survives the process that does it.

A job is a noun like any other (an Import, an Erasure), so each kind has its own typed parameters, permission and REST
collection. It inherits from `Job` and says in `steps` what there is to do; `doing` makes the companion that does the work.
"""

from chassis.jobs.ahead import ahead
from chassis.jobs.job import DRAFT, REVERT, RUN, VALIDATE, Job
from chassis.jobs.runner import doing
from chassis.jobs.step import Step, later

__all__ = ["DRAFT", "REVERT", "RUN", "VALIDATE", "Job", "Step", "ahead", "doing", "later"]
