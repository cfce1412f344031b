"""The public description of the API, derived from the contract: OpenAPI 3.1 and a page to read."""

from services.gateway.openapi.document import document
from services.gateway.openapi.page import page

__all__ = ["document", "page"]
