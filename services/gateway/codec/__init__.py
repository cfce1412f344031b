"""JSON ⇄ protobuf, by readers and printers that are compiled once per message type.

The forms are those of ProtoJSON (https://protobuf.dev/programming-guides/json/) with the contract's own field names,
and stricter on the way in: unknown fields, fields given twice, enum numbers, NaN and Infinity are refused.
"""

from services.gateway.codec.printing import Projection, printer
from services.gateway.codec.reading import Fill, filler

__all__ = ["Fill", "Projection", "filler", "printer"]
