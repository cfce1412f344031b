"""Fields that a tenant gives to nouns: what records hold in `custom_fields`, by definitions that the service itself keeps.

A noun whose contract has `custom_fields` takes part; nothing else is to be written for it. `schema_of` gives a tenant's fields of
a noun, remembered. Beside it stand the definitions themselves, a noun of the chassis (`definition`), and their door (`door`).
"""

from chassis.fields.custom import FIELDS, CustomField
from chassis.fields.memory import hidden_fields, schema_of
from chassis.fields.schema import NOTHING, UNIQUE, Schema

__all__ = ["FIELDS", "NOTHING", "UNIQUE", "CustomField", "Schema", "hidden_fields", "schema_of"]
