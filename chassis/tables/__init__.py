"""Files of records, read and written row by row: CSV, XLSX, vCard and newline-delimited JSON, each as columns and cells."""

from chassis.tables.broken import Broken
from chassis.tables.source import CSV, FORMATS, NDJSON, VCARD, XLSX, Shape, Unreadable, rows, shape_of

__all__ = ["CSV", "FORMATS", "NDJSON", "VCARD", "XLSX", "Broken", "Shape", "Unreadable", "rows", "shape_of"]
