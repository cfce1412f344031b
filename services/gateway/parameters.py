"""Query parameters of one route: fields of the request message, and conditions where the request has a filter."""

from collections.abc import Callable
from typing import Any
from urllib.parse import parse_qsl

from services.gateway import conditions, strict_json
from services.gateway.codec import filler
from services.gateway.codec.scalars import read_text
from services.gateway.codec.wellknown import mask_paths, timestamp
from services.gateway.contract import listed_by, type_name
from services.gateway.faults import Faults
from services.gateway.transcoding import Route

FILTER = "crm.common.v1.Filter"
ALIASES = {"q": "query"}
CUSTOM = "custom_fields."  # what a tenant's own fields begin with
MOST = 200

Set = Callable[[Any, list[str]], None]


class Parameters:
    """What a route takes as query parameters."""

    def __init__(self, route: Route) -> None:
        self.fields = {} if route.body == "*" else _fields(route)
        self._sets = {name: _setter(field) for name, field in self.fields.items() if type_name(field) != FILTER}
        self.filter = next((name for name, field in self.fields.items() if type_name(field) == FILTER), "")
        nouns = listed_by(route.method) if self.filter else ()
        self.conditions = {name: field for noun in nouns for name, field in conditions.filterable(noun).items()}
        self.custom = any(CUSTOM[:-1] in noun.fields_by_name for noun in nouns)

    def read(self, message: Any, query: str, faults: Faults) -> list[str]:
        """Put the parameters into `message`; the names of those that became conditions of its filter, in order."""
        given = given_in(query, faults)
        named: list[str] = []
        for name, texts in given.items():
            known = ALIASES.get(name, name)
            try:
                if known in self._sets:
                    self._sets[known](message, texts)
                elif name == self.filter and self.filter:
                    continue
                elif name in self.conditions:
                    values = [conditions.read_value(self.conditions[name], text) for text in texts]
                    getattr(message, self.filter).all.append(conditions.condition(name, values))
                    named.append(name)
                elif self.custom and name.startswith(CUSTOM):
                    # Of which type it is, only the service knows; it reads numbers and booleans from texts, too.
                    getattr(message, self.filter).all.append(
                        conditions.condition(name, [read_text(text) for text in texts])
                    )
                    named.append(name)
                else:
                    faults.parameter(name, faults.unknown(name, [*self._sets, *self.conditions], "parameter"))
            except ValueError as fault:
                faults.parameter(name, str(fault))
        if self.filter and self.filter in given:
            self._read_filter(message, given[self.filter], faults)
        return named

    def _read_filter(self, message: Any, texts: list[str], faults: Faults) -> None:
        # The conditions of single parameters come first, so that faults in them can be named by parameter.
        own, inner = getattr(message, self.filter), Faults()
        target = own.all.add() if own.all else own
        try:
            if len(texts) > 1:
                raise ValueError("it is given twice")
            filler(own.DESCRIPTOR)(target, strict_json.loads(texts[0].encode()), "", inner)
        except ValueError as fault:
            faults.parameter(self.filter, str(fault))
        for each in inner.found:
            faults.parameter(self.filter, f"{each['pointer']}: {each['detail']}".removeprefix(": "))


def given_in(query: str, faults: Faults) -> dict[str, list[str]]:
    """The parameters of a query by name, each with its values in their order; notes what cannot be read."""
    given: dict[str, list[str]] = {}
    try:
        for name, text in parse_qsl(query, keep_blank_values=True, errors="strict", max_num_fields=MOST):
            given.setdefault(name, []).append(text)
    except UnicodeDecodeError:
        faults.parameter("?", "the query is not percent-encoded UTF-8")
    except ValueError:
        faults.parameter("?", f"there are more than {MOST} parameters")
    return given


def _fields(route: Route) -> dict[str, Any]:
    taken = {route.body} | {variable.path[0] for variable in route.variables}
    return {field.name: field for field in route.method.input_type.fields if field.name not in taken}


def _setter(field: Any) -> Set:
    name = field.name
    if type_name(field) == "google.protobuf.Timestamp":
        return _once(lambda message, text: _put_instant(getattr(message, name), text))
    if type_name(field) == "google.protobuf.FieldMask":
        return lambda message, texts: getattr(message, name).paths.extend(mask_paths(",".join(texts)))
    if field.is_repeated:
        return lambda message, texts: getattr(message, name).extend(
            conditions.read_single(field, part.strip()) for text in texts for part in text.split(",") if part.strip()
        )
    return _once(lambda message, text: setattr(message, name, conditions.read_single(field, text)))


def _once(put: Callable[[Any, str], None]) -> Set:
    def put_only(message: Any, texts: list[str]) -> None:
        if len(texts) > 1:
            raise ValueError("it is given twice")
        put(message, texts[0])

    return put_only


def _put_instant(instant: Any, text: str) -> None:
    instant.seconds, instant.nanos = timestamp(text)
