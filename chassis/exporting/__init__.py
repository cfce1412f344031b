"""Records into files, in the columns that imports take: what went out comes in again."""

from chassis.exporting.exporting import Exporting

__all__ = ["Exporting"]
