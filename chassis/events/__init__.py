"""Facts: how a service announces its own and hears those of others.

A verb's events go to the outbox in the transaction that keeps its record, the relay takes them to the bus, and `@on`
functions of other services react to them, each once.
"""

from chassis.events import outbox
from chassis.events.consumers import Consumers
from chassis.events.fact import Fact
from chassis.events.lease import Lease
from chassis.events.outbox import announce
from chassis.events.reactions import Reaction, on, registered
from chassis.events.relay import Relay

__all__ = ["Consumers", "Fact", "Lease", "Reaction", "Relay", "announce", "on", "outbox", "registered"]
